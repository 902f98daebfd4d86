"""Excerpts: the passage of a page that best answers a query, with its words highlighted."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from wiki.search.language.function_words import DEFAULT, function_words
from wiki.search.language.tokens import JOINERS
from wiki.search.words import cuts, fold, is_unspaced

WIDTH = 240
"""Length of an excerpt, in characters."""
MOST_MATCHES = 400
"""Maximum number of matches of one page that are considered."""
REACH = 80
"""Characters on both sides of a word that are searched for its stretch."""

NEAR_START, NEAR_END = 80, 60
"""Maximum number of characters that an excerpt is made longer before its first match, or shorter at
its end, to have whole sentences."""
_ENDS = (".", "!", "?", "…", ":", "。", "！", "？", "؟")
_BETWEEN = re.compile(r"(?<=[.!?…:؟])\s+(?=[^\W_a-z])|(?<=[。！？])|\n+")

TIED = "\u00a0"
"""Separates words of a term that are highlighted together or not at all: one word of *annual leave*
is not what a search for *vacation* means."""

Pieces = tuple[tuple[str, bool], ...]


class _Folding(dict[int, int]):
    """Map of characters to folded characters, one to one, so that positions stay the same."""

    def __missing__(self, code: int) -> int:
        folded = fold(chr(code))
        self[code] = ord(folded) if len(folded) == 1 else code
        return self[code]


_FOLDING = _Folding()
# Characters of several code points: combining accents and voicing marks.
_MARKS = r"[\u0300-\u036f\u0591-\u05c7\u064b-\u0670\u3099\u309a\uff9e\uff9f]"
_MARK = re.compile(_MARKS)
_SIGN = rf"[{re.escape(JOINERS)}]|(?<=[0-9])[ ,\u00a0\u2009\u202f](?=[0-9])"


def excerpt(text: str, terms: Sequence[str], width: int = WIDTH) -> Pieces:
    """Return about `width` characters of `text` around most of `terms` (folded), as highlighted
    pieces: whole sentences where they are short enough.

    Without a match this is the beginning of the text. Line breaks become spaces.
    """
    return passage(text, terms, width)[0]


def passage(text: str, terms: Sequence[str], width: int = WIDTH) -> tuple[Pieces, int]:
    """Return an excerpt, and the place of its first match in `text`; -1 if there is none."""
    spans = _matches(text, terms)
    start, end = _window(spans, width)
    start, end = _sentences(text, start, min(len(text), max(end, start + width)), len(spans) > 0)
    inside = [(s, e) for s, e, _ in spans if s >= start and e <= end]
    pieces = _pieces(text, inside, start, end)
    if start > 0 and not _begins_sentence(text, start):
        pieces.insert(0, ("… ", False))
    if end < len(text.rstrip()) and text[end - 1] not in _ENDS:
        pieces.append((" …", False))
    return tuple(pieces), inside[0][0] if inside else -1


def marked(text: str, terms: Sequence[str], *, as_is: bool = False) -> Pieces:
    """Return all of `text` as pieces, each with a flag that is True for one of `terms` (folded).

    :param as_is: keep line breaks and repeated spaces.
    """
    spans = [(start, end) for start, end, _ in _matches(text, terms)]
    return tuple(_pieces(text, spans, 0, len(text), as_is=as_is))


def _matches(text: str, terms: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return the occurrences of the terms as start, end and term, in order and without overlaps."""
    found: list[tuple[int, int, str]] = []
    for start, end, term in sorted(_places(text, terms), key=lambda one: (one[0], -one[1])):
        if end <= start or (found and start < found[-1][1]):
            continue  # a part of one character, such as the 4 in ¼, or an overlap
        found.append((start, end, term))
    return found[:MOST_MATCHES]


def _places(text: str, terms: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the occurrences of the terms, literally or in another cut of a stretch of text."""
    wanted = tuple(sorted(set(filter(None, terms)), key=lambda t: (-len(t), t)))
    if not wanted:
        return
    folded, place = as_folded(text)
    seen = set()
    for match in islice(pattern_of(wanted).finditer(folded), MOST_MATCHES):
        seen.add(match.group())
        yield place(match.start()), place(match.end()), match.group()
    rest = tuple(term for term in _singly(wanted, folded) if _is_cut(term) and term not in seen)
    if rest:
        bare = _bare(folded)
        rest = tuple(term for term in rest if term in bare or term.isdigit())
    if not rest:
        return
    behind = 0
    spans = sorted(
        match.span()
        for term in rest
        for match in islice(_loose(term).finditer(folded), MOST_MATCHES)
    )
    for start, end in spans[:MOST_MATCHES]:
        at = place(start)
        if at < behind:
            continue
        begin = max(text.rfind(" ", max(0, at - REACH), at) + 1, behind, at - REACH)
        behind = text.find(" ", place(end), at + REACH)
        behind = behind if behind >= 0 else min(len(text), at + REACH)
        for cut in cuts(text[begin:behind]):
            if cut.text in rest:
                yield begin + cut.start, begin + cut.end, cut.text


@lru_cache(maxsize=32)
def as_folded(text: str) -> tuple[str, Callable[[int], int]]:
    """Return `text` folded, and a function from a position in it to the position in `text`."""
    if text.isascii():
        return text.lower(), lambda place: place
    longer = "".join(sorted(c for c in set(text) if len(fold(c)) > 1))  # ß, æ, ﬁ
    if not longer and not _MARK.search(text):
        return text.translate(_FOLDING), lambda place: place
    pieces: list[str] = []
    ours, theirs = [0], [0]  # starts of pieces whose length has changed
    length = at = 0
    for match in _lengthy(longer).finditer(text):
        for piece in (text[at : match.start()].translate(_FOLDING), fold(match.group())):
            pieces.append(piece)
            length += len(piece)
            ours.append(length)
        theirs += [match.start(), match.end()]
        at = match.end()
    pieces.append(text[at:].translate(_FOLDING))

    def place(there: int) -> int:
        index = bisect_right(ours, there) - 1
        end = theirs[index + 1] if index + 1 < len(theirs) else len(text)
        return min(theirs[index] + there - ours[index], end)

    return "".join(pieces), place


@lru_cache(maxsize=256)
def _lengthy(longer: str) -> re.Pattern[str]:
    """Return a pattern for letters whose length changes when they are folded: those with combining
    marks, and those in `longer`."""
    marked = rf"[^\W_]{_MARKS}+"
    return re.compile(f"{marked}|[{re.escape(longer)}]{_MARKS}*" if longer else marked)


def _singly(wanted: Sequence[str], folded: str) -> Iterator[str]:
    """Yield single-word terms. Terms of several words are split if the text has them only inside
    larger words; numbers are not highlighted on their own."""
    for term in wanted:
        if " " not in term:
            yield term
        elif not pattern_of((term,)).search(folded):
            empty = function_words()[DEFAULT]
            yield from (w for w in term.split() if not w.isdigit() and w not in empty)


@lru_cache(maxsize=256)
def pattern_of(terms: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern for any of the terms as a whole word, or anywhere in an unspaced script. The
    words of a term may be separated by other signs."""
    groups: dict[tuple[str, str], list[str]] = {}
    for term in terms:
        words = re.sub(r"(\d) (?=\d)", r"\1" + "\0", term)  # two numbers are never joined
        pattern = re.escape(words).replace("\0", r"[\W_]{1,8}").replace(r"\ ", r"[\W_]{0,8}")
        pattern = pattern.replace(TIED, r"[\W_]{1,8}")
        groups.setdefault((_kind(term[0]), _kind(term[-1])), []).append(pattern)
    return re.compile(
        "|".join(
            (f"(?<!{before})" if before else "")
            + f"(?:{'|'.join(some)})"
            + (f"(?!{after})" if after else "")
            for (before, after), some in groups.items()
        )
    )


def _kind(character: str) -> str:
    """Return a pattern of the characters that may not be adjacent to a word with this first or last
    character. Letters and digits form separate words; in an unspaced script a word may end
    anywhere."""
    return "" if is_unspaced(character) else r"\d" if character.isdigit() else r"[^\W\d_]"


def _is_cut(term: str) -> bool:
    """Return whether a term may be part of a word, or several words joined by signs."""
    return len(term) > 1 and not is_unspaced(term) and term[0] != "-"


def _bare(text: str) -> str:
    """Return `text` without joining signs, for a quick check that a term is not in it."""
    for sign in JOINERS:
        text = text.replace(sign, "")
    return text


@lru_cache(maxsize=1024)
def _loose(term: str) -> re.Pattern[str]:
    """Return a pattern for a term inside a word or with signs in it, where a cut is possible."""
    return re.compile(f"(?:{_SIGN})?".join(map(re.escape, term)))


def _window(spans: Sequence[tuple[int, int, str]], width: int) -> tuple[int, int]:
    """Return the span with the most different terms, then the most terms, then the first one."""
    best = (0, 0)
    best_value = (0, 0)
    last = 0
    for first, (start, _, _) in enumerate(spans):
        last = max(last, first)
        while last + 1 < len(spans) and spans[last + 1][1] - start <= width:
            last += 1
        value = (len({term for _, _, term in spans[first : last + 1]}), last - first + 1)
        if value > best_value:
            best, best_value = (start, spans[last][1]), value
    if not best_value[0]:
        return 0, 0
    lead = min(best[0], 60, max(0, width - (best[1] - best[0])) // 2)
    return best[0] - lead, best[1]


def _begins_sentence(text: str, at: int) -> bool:
    """Return whether a sentence or a line begins at this place."""
    return text[at - 1] == "\n" or text[:at].rstrip()[-1:] in _ENDS


def _sentences(text: str, start: int, end: int, found: bool) -> tuple[int, int]:
    """Move both ends of a span to those of sentences or lines, if there are any nearby, or else to
    those of words."""
    if start > 0 and found:
        before = list(_BETWEEN.finditer(text, max(0, start - NEAR_START), start))
        start = before[-1].end() if before else start
    whole_start, whole_end = _whole_words(text, start, end)
    if end < len(text):
        stops = [one.start() for one in _BETWEEN.finditer(text, max(start, end - NEAR_END), end)]
        whole_end = stops[-1] if stops and found else whole_end
    begins = not start or _begins_sentence(text, start)
    return start if begins else whole_start, whole_end


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Trim short partial words at both ends of a span."""
    if start > 0:
        space = text.find(" ", start, start + 25)
        start = space + 1 if space >= 0 else start
    if end < len(text):
        space = text.rfind(" ", max(start, end - 25), end)
        end = space if space > start else end
    return start, end


def _pieces(
    text: str, spans: Iterable[tuple[int, int]], start: int, end: int, *, as_is: bool = False
) -> list[tuple[str, bool]]:
    pieces: list[tuple[str, bool]] = []
    at = start
    for first, last in spans:
        if first > at:
            pieces.append((text[at:first], False))
        if pieces and pieces[-1][1] and first == at:
            pieces[-1] = (pieces[-1][0] + text[first:last], True)
        else:
            pieces.append((text[first:last], True))
        at = last
    if end > at:
        pieces.append((text[at:end], False))
    return pieces if as_is else [(re.sub(r"\s+", " ", piece), hit) for piece, hit in pieces]
