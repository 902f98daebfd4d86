"""Following passages of a text to its next version.

A passage is mapped through the changes of lines that the diff shows, and through the changes of
words inside them. A passage that has moved is found by its words, one that has moved and changed by
similarity, which is looked for only in lines that the new version did not keep. The result depends
on the two texts alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, get_args

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from wiki.text.compare.lines import changes, line_changes, split
from wiki.text.compare.words import tokens

Certainty = Literal["exact", "moved", "changed", "lost"]
CERTAINTIES: tuple[Certainty, ...] = get_args(Certainty)

CONTEXT = 32
"""Number of characters before and after a passage by which it is told apart from its copies."""

ALIKE = 50
"""Similarity, in percent, of a passage mapped through the changes with its former text."""

SIMILAR = 80
"""Similarity, in percent, of a passage that is found by similarity alone."""

SHORTEST = 24
"""Number of characters below which similarity is no evidence."""

EFFORT = 60_000_000
"""Maximum product of the sizes of passages and new lines in which similar ones are looked for."""


class Passage(NamedTuple):
    """A passage as it was quoted: its text with what was before and after it."""

    quote: str
    prefix: str = ""
    suffix: str = ""


class Spot(NamedTuple):
    """The place of a passage in a text. A lost passage has none: it starts and ends at 0."""

    start: int
    end: int
    certainty: Certainty


_WORD = re.compile(r"\S+")
LOST = Spot(0, 0, "lost")


class _Kept(NamedTuple):
    """``size`` characters from ``old`` of the former text are those from ``new`` of the next."""

    old: int
    new: int
    size: int


@dataclass(frozen=True)
class _Hunk:
    """Changed words: ``old[a:b]`` has become ``new[c:d]``."""

    a: int
    b: int
    c: int
    d: int


class Step:
    """The step from one version of a text to the next.

    :param old: the former text.
    :param new: the next text.
    """

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new
        self._effort = EFFORT

    def follow(self, passage: Passage, spot: Spot) -> Spot:
        """Return the place of a passage in the next text.

        :param spot: its place in the former one.
        """
        if spot.certainty != "lost":
            mapped = self._mapped(passage, spot)
            if mapped is not None:
                return mapped
        found = self._searched.find(passage)
        if found and (len(found) == 1 or found[0].score > found[1].score):
            best = found[0]
            if _is_telling(passage, best.score):
                return Spot(best.start, best.end, "moved")
        return self._similar(passage, spot)

    def _mapped(self, passage: Passage, spot: Spot) -> Spot | None:
        was = self.old[spot.start : spot.end]
        place = self._place(spot.start, spot.end)
        if place is None:
            return None
        start, end = place
        text = self.new[start:end]
        if squeeze(text) == squeeze(passage.quote):
            known = spot.certainty != "moved" and self._is_sure(spot, start, end)
            return Spot(start, end, "exact" if known else "moved")
        found = self._searched.find(passage, 2)
        if len(found) == 1 and _is_telling(passage, found[0].score):
            low, high, _ = found[0]
            stays = spot.certainty != "moved" and low <= end and start <= high
            return Spot(low, high, "exact" if stays else "moved")
        if not text.strip():
            return None
        if text == was or fuzz.ratio(was, text) >= ALIKE or len(was) < SHORTEST:
            return Spot(start, end, "changed")
        return None

    def _is_sure(self, spot: Spot, start: int, end: int) -> bool:
        """Return whether the words of a passage are nowhere else, or it has the same text before
        and after it as formerly and no copies of all that have come or gone."""
        old, new = quote_at(self.old, spot.start, spot.end), quote_at(self.new, start, end)
        if len(self._searched.find(new, 2)) == 1:
            return True
        if spot.certainty != "exact":  # it may have been found at a copy
            return False
        whole = "".join((old.prefix, old.quote, old.suffix))
        return old == new and self.old.count(whole) == self.new.count(whole)

    def _place(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where the characters of a span are now, from the first one that was kept to the
        last; None if none was kept and nothing has replaced just these."""
        kept = self._kept
        at = max(bisect_right(kept, start, key=lambda one: one.old) - 1, 0)
        first = last = None
        for one in kept[at:]:
            if one.old >= end:
                break
            low, high = max(one.old, start), min(one.old + one.size, end)
            if low < high and not self.old[low:high].isspace():
                if first is None:
                    first = (low, one.new + low - one.old)
                last = (high, one.new + high - one.old)
        inside = [hunk for hunk in self._hunks_between(start, end) if hunk.c < hunk.d]
        if first is None or last is None:
            if not inside:
                return None
            low, high = inside[0].c, inside[-1].d
        else:
            low, high = first[1], last[1]
            if inside and inside[0].b <= first[0] and start < first[0]:
                low = min(low, inside[0].c)
            if inside and inside[-1].a >= last[0] and end > last[0]:
                high = max(high, inside[-1].d)
        text = self.new[low:high]
        low += len(text) - len(text.lstrip())
        high -= len(text) - len(text.rstrip())
        return (low, high) if low < high else None

    def _hunks_between(self, start: int, end: int) -> list[_Hunk]:
        """Return the changes that replace words of a span and none around it."""
        at = bisect_right(self._hunks, start, key=lambda one: one.b)
        found = []
        for hunk in self._hunks[max(at - 1, 0) :]:
            if hunk.a >= end:
                break
            if hunk.a < hunk.b and hunk.a >= start and hunk.b <= end:
                found.append(hunk)
        return found

    @cached_property
    def _searched(self) -> _Searched:
        return _Searched(self.new)

    @cached_property
    def _changed(self) -> list[tuple[int, int, int, int]]:
        """The changed lines as offsets: `old[a:b]` has become `new[c:d]`."""
        left, right = split(self.old), split(self.new)
        starts = _offsets(left), _offsets(right)
        return [
            (starts[0][a], starts[0][b], starts[1][c], starts[1][d])
            for a, b, c, d in line_changes(left, right)
        ]

    @cached_property
    def _hunks(self) -> list[_Hunk]:
        return [hunk for one in self._changed for hunk in _words(self.old, self.new, *one)]

    @cached_property
    def _kept(self) -> list[_Kept]:
        found: list[_Kept] = []
        old = new = 0
        for hunk in [*self._hunks, _Hunk(len(self.old), len(self.old), len(self.new), 0)]:
            if hunk.a > old:
                found.append(_Kept(old, new, hunk.a - old))
            old, new = hunk.b, hunk.d
        return found

    def _similar(self, passage: Passage, spot: Spot) -> Spot:
        """Return the place in the new lines that resembles a passage most, if any does."""
        was = self.old[spot.start : spot.end] if spot.certainty == "changed" else ""
        best: tuple[float, Spot] = (SIMILAR, LOST)
        for words in filter(None, dict.fromkeys([was, passage.quote])):
            if len(words.strip()) < SHORTEST:
                continue
            for _, _, start, end in self._changed:
                if end - start < len(words) // 2:
                    continue
                self._effort -= (end - start) * len(words)
                if self._effort < 0:
                    return best[1]
                found = fuzz.partial_ratio_alignment(
                    words, self.new[start:end], score_cutoff=best[0]
                )
                if found is not None and found.score > best[0] - (best[1] is LOST):
                    low, high = start + found.dest_start, start + found.dest_end
                    low, high = _whole_words(self.new, low, high)
                    same = squeeze(self.new[low:high]) == squeeze(passage.quote)
                    best = found.score, Spot(low, high, "moved" if same else "changed")
        return best[1]


def quote_at(text: str, start: int, end: int) -> Passage:
    """Return a span of a text with its surroundings."""
    return Passage(
        text[start:end], text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    )


class Occurrence(NamedTuple):
    """A place where the words of a passage occur; a higher score means more of its surroundings."""

    start: int
    end: int
    score: float


def find(passage: Passage, text: str, most: int = 1000) -> list[Occurrence]:
    """Return the places where the words of a passage occur in a text, whatever the white space
    between them; those with the most of its surroundings first."""
    return _Searched(text).find(passage, most)


class _Searched:
    """A text in which the words of passages are searched, whatever the white space between them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts: list[int] = []
        self.places: list[int] = []
        words: list[str] = []
        at = 0
        for match in _WORD.finditer(text):
            words.append(match[0])
            self.starts.append(match.start())
            self.places.append(at)
            at += len(match[0]) + 1
        self.squeezed = " ".join(words)

    def find(self, passage: Passage, most: int = 1000) -> list[Occurrence]:
        """Return the places of a passage, as :func:`find` does."""
        words = squeeze(passage.quote)
        found: list[Occurrence] = []
        at = self.squeezed.find(words) if words else -1
        while at >= 0 and len(found) < most:
            start, end = self._place(at), self._place(at + len(words) - 1) + 1
            found.append(Occurrence(start, end, _score(passage, self.text, start, end)))
            at = self.squeezed.find(words, at + len(words))
        return sorted(found, key=lambda one: (-one.score, one.start))

    def _place(self, at: int) -> int:
        word = bisect_right(self.places, at) - 1
        return self.starts[word] + at - self.places[word]


def _score(passage: Passage, text: str, start: int, end: int) -> float:
    """Return how much of a passage's surroundings is around a place, from 0 to 2."""
    score = 0.0
    if passage.prefix.strip():
        size = len(passage.prefix)
        before = text[max(0, start - size) : start]
        score += Indel.normalized_similarity(squeeze(passage.prefix), squeeze(before))
    if passage.suffix.strip():
        after = text[end : end + len(passage.suffix)]
        score += Indel.normalized_similarity(squeeze(passage.suffix), squeeze(after))
    return score


def _is_telling(passage: Passage, score: float) -> bool:
    """Return whether the words of a passage, or its surroundings, show that a place is its own."""
    return len(passage.quote.strip()) >= SHORTEST // 4 or score >= 1.5


def squeeze(text: str) -> str:
    """Return a text with single spaces between its words."""
    return " ".join(text.split())


def _words(old: str, new: str, a: int, b: int, c: int, d: int) -> Iterator[_Hunk]:
    """Yield the changes of words inside changed lines."""
    left, right = tokens(old[a:b]), tokens(new[c:d])
    starts = _offsets(left, a), _offsets(right, c)
    for one in changes(left, right):
        yield _Hunk(starts[0][one.a], starts[0][one.b], starts[1][one.c], starts[1][one.d])


def _offsets(parts: list[str], start: int = 0) -> list[int]:
    """Return where each part begins in the joined text, and where the last one ends."""
    found = [start]
    for part in parts:
        start += len(part)
        found.append(start)
    return found


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span without half words and white space at its ends."""
    while start > 0 and start < end and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and end > start and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
