"""The passage of a page that answers a question, with the words asked for marked."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from wiki.search.words import fold, is_unspaced

WIDTH = 240
"""Characters of an excerpt."""
MOST_MATCHES = 400
"""Matches of one page that are looked at."""

Pieces = tuple[tuple[str, bool], ...]


class _Folding(dict[int, int]):
    """Character to folded character, one for one, so that places stay the same."""

    def __missing__(self, code: int) -> int:
        folded = fold(chr(code))
        self[code] = ord(folded) if len(folded) == 1 else code
        return self[code]


_FOLDING = _Folding()


def excerpt(text: str, terms: Sequence[str], width: int = WIDTH) -> Pieces:
    """About `width` characters of `text` around most of `terms` (folded), as marked pieces.

    Without a match it is the beginning of the text. Line breaks become spaces.
    """
    spans = _matches(text, terms)
    start, end = _window(spans, width)
    start, end = _whole_words(text, start, min(len(text), max(end, start + width)))
    inside = [(s, e) for s, e, _ in spans if s >= start and e <= end]
    pieces = _pieces(text, inside, start, end)
    if start > 0:
        pieces.insert(0, ("… ", False))
    if end < len(text.rstrip()):
        pieces.append((" …", False))
    return tuple(pieces)


def marked(text: str, terms: Sequence[str]) -> Pieces:
    """All of `text` as pieces, each with whether it is one of `terms` (folded)."""
    spans = [(start, end) for start, end, _ in _matches(text, terms)]
    return tuple(_pieces(text, spans, 0, len(text)))


def _matches(text: str, terms: Sequence[str]) -> list[tuple[int, int, str]]:
    """Where the terms stand: start, end, term; in order and without overlaps."""
    pattern = _pattern(tuple(sorted(set(terms), key=lambda t: (-len(t), t))))
    if pattern is None:
        return []
    found: list[tuple[int, int, str]] = []
    for match in pattern.finditer(text.translate(_FOLDING)):
        if found and match.start() < found[-1][1]:
            continue
        found.append((match.start(), match.end(), match.group()))
        if len(found) == MOST_MATCHES:
            break
    return found


@lru_cache(maxsize=256)
def _pattern(terms: tuple[str, ...]) -> re.Pattern[str] | None:
    spaced = "|".join(re.escape(t) for t in terms if not is_unspaced(t))
    runs = "|".join(re.escape(t) for t in terms if is_unspaced(t))
    kinds = [rf"(?<![^\W_])(?:{spaced})(?![^\W_])" if spaced else "", runs]
    both = "|".join(kind for kind in kinds if kind)
    return re.compile(both) if both else None


def _window(spans: Sequence[tuple[int, int, str]], width: int) -> tuple[int, int]:
    """The stretch with the most different terms, then the most terms, then the first."""
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


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without the halves of words at its ends, where they are short."""
    if start > 0:
        space = text.find(" ", start, start + 25)
        start = space + 1 if space >= 0 else start
    if end < len(text):
        space = text.rfind(" ", max(start, end - 25), end)
        end = space if space > start else end
    return start, end


def _pieces(
    text: str, spans: Iterable[tuple[int, int]], start: int, end: int
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
    return [(re.sub(r"\s+", " ", piece), hit) for piece, hit in pieces]
