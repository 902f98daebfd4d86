"""Splitting text into words: the same cuts and the same folding for pages and for queries.

No language is assumed. Letters lose case, width and accents; scripts written without spaces between
words are cut into overlapping pairs of characters, so that any stretch of them is found. Inflection
is not removed from the index: `forms` proposes the other forms for a query.

One stretch of text can be cut in several ways: `RequestParser`, `set-up`, `1,250,000`, `v1.2.3`.
Positions count the smallest words (request, parser). A larger word (requestparser) covers the
positions of its parts, and is indexed at each of these positions. A query is cut in the same
ways (`asking.py`), and matches a page in any cut that they share.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import regex

from wiki.search.language.tokens import LETTER, TOKEN, Match, tokens

LONGEST = 64
"""Maximum number of characters of a word; longer runs are keys and checksums, found by their
beginning."""

_WORD = regex.compile(rf"(?V1){LETTER}+")
# The start of a smaller word inside another: fooBar, HTTPServer (but not URLs), utf8, 5GB.
_INNER = regex.compile(
    r"(?<=[\p{Ll}\p{M}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll}{2})"
    r"|(?<=[\p{L}\p{M}])(?=\p{N})|(?<=\p{N})(?=\p{L})"
)
_MOST_INNER = 8
"""Maximum number of smaller words in one; keys and checksums, which have more, are not split."""
_MOST_JOINED = 4
"""Maximum number of words joined by signs into a larger one, except for single letters as in
U.S.A."""
_LONGEST_JOINED = 40
# Letters that Unicode does not decompose, although readers take them for an accented one.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ŧ": "t"}
)
# Accents of Latin, Greek and Cyrillic; points of Hebrew; vowel signs and the filler of Arabic.
_MARKS = dict.fromkeys(
    [*range(0x300, 0x370), *range(0x591, 0x5C8), *range(0x64B, 0x660), 0x640, 0x670]
)


class Word(NamedTuple):
    """One indexed word: its folded text, its position among the words, and its span of
    characters."""

    text: str
    position: int
    start: int
    end: int


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """Return `text` without differences that readers ignore: case, width, ligatures, accents."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    bare = unicodedata.normalize("NFD", folded).translate(_MARKS)
    return unicodedata.normalize("NFC", bare)


class Stretch(NamedTuple):
    """A stretch of text that can be cut in several ways.

    `words` are its smallest words, with positions from 0. `joined` are the larger words, each as
    the numbers of its first word and of the one behind its last. `option` is the stretch with the
    minus signs before it, as in `-d` and `--help`.
    """

    words: tuple[Word, ...]
    joined: tuple[tuple[int, int], ...] = ()
    option: str = ""
    unspaced: bool = False

    def text(self, first: int, last: int) -> str:
        """Return the joined word of the words from `first` to before `last`."""
        return "".join(word.text for word in self.words[first:last])


class Cut(NamedTuple):
    """A word as it is indexed; it covers `length` positions."""

    text: str
    position: int
    length: int
    start: int
    end: int


def stretches(text: str) -> Iterator[Stretch]:
    """Yield the stretches of `text` in order."""
    for match in tokens(text):
        if (found := _stretch(text, match)) is not None:
            yield found


def _stretch(text: str, match: Match) -> Stretch | None:
    kind, raw, start = match.lastgroup, match.group(), match.start()
    if kind == "run":
        return Stretch(tuple(_pairs(raw, start, 0)), unspaced=True)
    found: tuple[Word, ...]
    joined: tuple[tuple[int, int], ...] = ()
    if kind == "sign" or _is_plain(raw):
        folded = _folded(raw)
        found = (Word(folded, 0, start, match.end()),) if folded else ()
    else:
        found, joined = _cut(raw, start, grouped=match["number"] is not None)
    return Stretch(found, joined, _option(text, start, raw)) if found else None


def _is_plain(raw: str) -> bool:
    """Return whether a stretch is one word that has no other words in it."""
    return raw.isalpha() and (raw.islower() or raw.istitle())


@lru_cache(maxsize=16_384)
def _plain(raw: str) -> str:
    """Return a stretch that is one word as it is indexed; an empty text for any other one."""
    return _folded(raw) if _is_plain(raw) else ""


def _folded(raw: str) -> str:
    return fold(raw[: LONGEST * 2])[:LONGEST]


def words(text: str) -> Iterator[Word]:
    """Yield the smallest words of `text` in order; positions count from 0 and have no gaps."""
    position = 0
    for stretch in stretches(text):
        for word in stretch.words:
            yield word._replace(position=position + word.position)
        position += len(stretch.words)


def cuts(text: str) -> Iterator[Cut]:
    """Yield every word of `text`, small or large, as it is indexed."""
    position = 0
    for match in tokens(text):
        if match.lastgroup == "word" and (folded := _plain(match.group())):  # most of them are
            start, end = match.span()
            if not start or text[start - 1] != "-":
                yield Cut(folded, position, 1, start, end)
                position += 1
                continue
        stretch = _stretch(text, match)
        if stretch is None:
            continue
        found = stretch.words
        for one in found:
            yield Cut(one.text, position + one.position, 1, one.start, one.end)
        for first, last in stretch.joined:
            start, end = found[first].start, found[last - 1].end
            yield Cut(stretch.text(first, last), position + first, last - first, start, end)
        if stretch.option:
            yield Cut(stretch.option, position, len(found), found[0].start, found[-1].end)
        position += len(found)


def _cut(
    raw: str, start: int, *, grouped: bool
) -> tuple[tuple[Word, ...], tuple[tuple[int, int], ...]]:
    """Return the smallest words of a stretch, and the larger words that they form."""
    found: list[Word] = []
    whole: list[tuple[int, int]] = []  # for each word between signs, its smallest words
    for match in _WORD.finditer(raw):
        first, token = len(found), match.group()
        borders = [0, *(at.start() for at in _INNER.finditer(token)), len(token)]
        if len(borders) - 1 > _MOST_INNER or len(token) > LONGEST:
            borders = [0, len(token)]
        for begin, end in pairwise(borders):
            folded = _folded(token[begin:end])
            if folded:
                at = start + match.start()
                found.append(Word(folded, len(found), at + begin, at + end))
        if len(found) > first:
            whole.append((first, len(found)))
    joined = [each for each in whole if each[1] - each[0] > 1]
    joined += _names(found, whole)
    joined += _joined(raw, start, found, whole, grouped=grouped)
    return tuple(found), tuple(joined)


def _names(found: list[Word], whole: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the larger words formed by letters beside a number: iphone in iPhone15."""
    for first, last in whole:
        begin = first
        for at in range(first, last + 1):
            if at == last or found[at].text[0].isdigit():
                if 1 < at - begin < last - first:
                    yield begin, at
                begin = at + 1


def _joined(
    raw: str, start: int, found: list[Word], whole: list[tuple[int, int]], *, grouped: bool
) -> Iterator[tuple[int, int]]:
    """Yield the larger words formed by words between signs: all together, and each two
    neighbours."""
    count = len(whole)
    if count < 2:
        return
    spelt = all(found[first].end - found[first].start == 1 for first, _ in whole)
    if grouped or (spelt and count == len(found) <= _LONGEST_JOINED):
        pairs = [(0, count)]
    elif count <= _MOST_JOINED:
        pairs = [(at, at + 2) for at in range(count - 1)] + [(0, count)] * (count > 2)
    else:
        return
    for first, last in pairs:
        begin, end = whole[first][0], whole[last - 1][1]
        if sum(len(word.text) for word in found[begin:end]) > _LONGEST_JOINED:
            continue
        borders = [(found[whole[at][0] - 1], found[whole[at][0]]) for at in range(first + 1, last)]
        if grouped or all(_meet(raw, start, *border) for border in borders):
            yield begin, end


def _meet(raw: str, start: int, left: Word, right: Word) -> bool:
    """Return whether the sign between two words may be left out; it may not in 1.2 or
    long/paths."""
    if left.text[-1].isdigit() and right.text[0].isdigit():
        return False
    sign = raw[left.end - start]
    return sign not in "/&" or (len(left.text) <= 3 and len(right.text) <= 3)


def _option(text: str, start: int, raw: str) -> str:
    """Return the stretch at `start` with the one or two minus signs before it; empty if there are
    none."""
    if not start or text[start - 1] != "-":
        return ""
    dashes = 2 if text[max(0, start - 2) : start] == "--" else 1
    before = text[start - dashes - 1 : start - dashes]
    if before == "-" or before.isalnum() or len(raw) > LONGEST:
        return ""
    return "-" * dashes + fold(raw)


def is_unspaced(term: str) -> bool:
    """Return whether `term` is in a script without spaces between words."""
    match = TOKEN.fullmatch(term)
    return match is not None and match.lastgroup == "run"


def forms(word: str) -> tuple[str, ...]:
    """Return other forms of `word` that an English (and mostly a French or Spanish) reader expects.

    These are candidates: most are not words, and are dropped if the index does not contain them.
    """
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return ()
    stems = {word}
    for ending, put in (
        ("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"),
        ("ing", ""), ("ing", "e"),
    ):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            stems.add(word[: -len(ending)] + put)
    found = set(stems)
    for stem in stems:
        bare = stem[:-1] if stem.endswith("e") else stem
        found |= {stem + "s", stem + "es", bare + "ed", bare + "ing"}
        if stem.endswith("y"):
            found |= {stem[:-1] + "ies", stem[:-1] + "ied"}
    found.discard(word)
    return tuple(sorted(found))


def _pairs(run: str, start: int, position: int) -> Iterator[Word]:
    """Yield overlapping pairs of characters of an unspaced run, then its last character alone."""
    folded = fold(run)
    spans = len(folded) == len(run)
    for index in range(len(folded)):
        first, last = (
            (start + index, start + min(index + 2, len(run)))
            if spans
            else (start, start + len(run))
        )
        yield Word(folded[index : index + 2], position + index, first, last)
