"""How text becomes words: the same cut and the same folding for pages and for queries.

No language is assumed. Letters lose case, width and accents; scripts written without spaces
between words are cut into overlapping pairs of characters, so that any stretch of them is found.
Inflection is not removed from the index: `forms` proposes the other forms when somebody asks.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import regex

LONGEST = 64
"""Characters kept of one word; longer runs are keys and checksums, found by their beginning."""

_UNSPACED = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    r"\u30fc\u3005\u3006\uff70\uff9e\uff9f"
)
_TOKEN = regex.compile(
    rf"(?V1)(?P<run>[{_UNSPACED}]+)"
    r"|(?P<sign>(?<![\p{L}\p{N}])\p{L}(?:\+\+|\#)(?![\p{L}\p{N}]))"
    rf"|(?P<word>[[\p{{L}}\p{{N}}\p{{M}}]--[{_UNSPACED}]]+)"
)
# Letters that Unicode does not decompose, although readers take them for an accented one.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ŧ": "t"}
)
# Accents of Latin, Greek and Cyrillic; points of Hebrew; vowel signs and the filler of Arabic.
_MARKS = dict.fromkeys(
    [*range(0x300, 0x370), *range(0x591, 0x5C8), *range(0x64B, 0x660), 0x640, 0x670]
)


class Word(NamedTuple):
    """One indexed word: its folded text, its place among the words, and its span of characters."""

    text: str
    position: int
    start: int
    end: int


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """`text` without what readers ignore: case, width, ligatures, accents."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    bare = unicodedata.normalize("NFD", folded).translate(_MARKS)
    return unicodedata.normalize("NFC", bare)


def words(text: str) -> Iterator[Word]:
    """The words of `text` in order; positions count from 0 and have no gaps."""
    position = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if match.lastgroup == "run":
            for word in _pairs(match.group(), start, position):
                yield word
                position += 1
        else:
            folded = fold(match.group()[: LONGEST * 2])[:LONGEST]
            if folded:
                yield Word(folded, position, start, end)
                position += 1


def asked(text: str) -> list[Word]:
    """The words of a text that somebody asks for.

    Of an unspaced run the last single character, which the index holds for questions of one
    character, is left out: in the page its neighbour may follow. Positions keep that gap.
    """
    found: list[Word] = []
    for word in words(text):
        last = found[-1] if found else None
        alone = len(word.text) == 1 and last and len(last.text) == 2 and last.end == word.end
        if not (alone and is_unspaced(word.text)):
            found.append(word)
    return found


def begins(text: str, name: str) -> bool:
    """Whether each word of `text` begins a word of `name`; false for a text without words."""
    typed = [word.text for word in asked(text)]
    there = {word.text for word in words(name)}
    return bool(typed) and all(any(one.startswith(word) for one in there) for word in typed)


def is_unspaced(term: str) -> bool:
    """Whether `term` is of a script that puts no spaces between words."""
    match = _TOKEN.fullmatch(term)
    return match is not None and match.lastgroup == "run"


def forms(word: str) -> tuple[str, ...]:
    """Other forms under which an English (and mostly a French or Spanish) reader expects `word`.

    Candidates only: most are no words at all and are dropped when the index does not know them.
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
    """Overlapping pairs of an unspaced run, then its last character alone."""
    folded = fold(run)
    spans = len(folded) == len(run)
    for index in range(len(folded)):
        first, last = (
            (start + index, start + min(index + 2, len(run)))
            if spans
            else (start, start + len(run))
        )
        yield Word(folded[index : index + 2], position + index, first, last)
