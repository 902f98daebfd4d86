"""Three-way merge of one stretch by words."""

from __future__ import annotations

import re
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from wiki.text.compare.lines import Change, changes, verbatim

APART = 2
"""Minimum number of unchanged words between two users' edits of one line for them to merge."""
ALIKE = 0.5
"""Share of words that an edited line must keep for its words to be merged."""
LONGEST = 4000
"""Number of words of a stretch above which it is not merged by words."""
EFFORT = 200_000
"""Maximum number of words in all stretches that are merged by words; further stretches are not."""
# The units that are replaced as a whole: inline code, a wiki link, a tag, or else a run without
# spaces, so that two edits of one address, path or number are never combined into a third.
_ATOM = re.compile(r"`[^`\n]*`\S*|\[\[[^\[\]\n]*\]\]\S*|<[^<>\n]*>|[^\s`<]+|\s+|.", re.DOTALL)


class WordMerge:
    """Merge of stretches by words, where that is safe.

    It is safe if both sides kept the stretch line by line (as many lines, each still similar), if
    no line of it is code, math or a table row (there half of one edit and half of another make a
    line that nobody wrote), and if there are at least `APART` words that both kept between any two
    users' edits. All other stretches are conflicts.
    """

    def __init__(self, base: list[str], ours: list[str], theirs: list[str]) -> None:
        self.base, self.ours, self.theirs = base, ours, theirs
        self._left = EFFORT

    @cached_property
    def _verbatim(self) -> tuple[list[bool], list[bool], list[bool]]:
        return verbatim(self.base), verbatim(self.ours), verbatim(self.theirs)

    def merge(
        self, of: tuple[int, int], ours: tuple[int, int], theirs: tuple[int, int]
    ) -> str | None:
        texts, spans = (self.base, self.ours, self.theirs), (of, ours, theirs)
        if len({high - low for low, high in spans}) > 1 or of[0] == of[1]:
            return None
        if any(any(v[slice(*s)]) for v, s in zip(self._verbatim, spans, strict=True)):
            return None
        base: list[str] = []
        edits: tuple[set[_Edit], set[_Edit]] = set(), set()
        for lines in zip(*(x[slice(*s)] for x, s in zip(texts, spans, strict=True)), strict=True):
            old, *sides = (_ATOM.findall(line) for line in lines)
            words = len(old) + sum(map(len, sides))
            self._left -= words
            if words > LONGEST or self._left < 0:
                return None
            for new, made in zip(sides, edits, strict=True):
                found = changes(old, new)
                if found and not _alike(old, new, found):
                    return None
                at = len(base)
                made.update(_Edit(at + c.a, at + c.b, "".join(new[c.c : c.d])) for c in found)
            base += old
        return _apply(base, *edits)


class _Edit(NamedTuple):
    """A replacement of the atoms from `a` to `b` by `text`."""

    a: int
    b: int
    text: str


def _word(atom: str) -> bool:
    return any(map(str.isalnum, atom))


def _alike(old: list[str], new: list[str], found: list[Change]) -> bool:
    """Return whether `new` is still the line `old`: most words of the longer one are kept."""
    words = sum(map(_word, old))
    gone = sum(_word(atom) for c in found for atom in old[c.a : c.b])
    return words - gone >= ALIKE * max(words, sum(map(_word, new)), 1)


def _apply(base: list[str], ours: set[_Edit], theirs: set[_Edit]) -> str | None:
    """Return `base` with both sides' edits, or None if edits of different sides are too close."""
    kept = [_word(atom) for atom in base]
    for edit in ours & theirs:
        kept[edit.a : edit.b] = [False] * (edit.b - edit.a)
    words = list(accumulate(kept, initial=0))
    last: dict[bool, int] = {}
    for edit in sorted(ours ^ theirs):
        side = edit in ours
        before = last.get(not side)
        if before is not None and words[edit.a] - words[min(before, edit.a)] < APART:
            return None
        last[side] = edit.b
    parts: list[str] = []
    at = 0
    for edit in sorted(ours | theirs):
        parts += base[at : edit.a]
        parts.append(edit.text)
        at = edit.b
    return "".join(parts + base[at:])
