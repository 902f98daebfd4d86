"""Readable differences between two texts: rows of lines, with changed words marked.

Lines are aligned by a longest common subsequence; inside a changed stretch, similar lines are
placed side by side and their words compared. A comparison is delivered in parts: the alignment
alone decides where each part begins, and rows are computed for one part only. The cost of an answer
is therefore bounded by `ROWS`, `CHARACTERS` and `EFFORT`, however long the texts are. The result
depends on the two texts alone, never on time or load.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Literal

from wiki.text.compare.lines import heading, line_changes
from wiki.text.compare.pairing import pairs
from wiki.text.compare.stretches import CHARACTERS, ROWS, Kind, Line, Stretch, Text, stretches_of
from wiki.text.compare.words import Effort, mark

EFFORT = 2_000_000
"""Maximum number of steps spent on tidying up word differences in one part."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the old text, of the new one, or of both."""

    kind: Literal["same", "changed", "removed", "added"]
    old: Line | None
    new: Line | None


@dataclass(frozen=True, slots=True)
class Section:
    """Consecutive rows: a change, its surroundings, or a fold of unchanged lines that are not
    shown."""

    kind: Kind
    rows: tuple[Row, ...]
    """Rows of the section; empty for a fold."""
    number: int = 0
    """Number of the change, from 1; for other sections, that of the change above it, or 0."""
    heading: str = ""
    """The last heading in a fold, as orientation for readers; empty for other sections."""
    count: int = 0
    """Number of unchanged lines that a fold hides."""


@dataclass(frozen=True)
class Diff:
    """A part of a comparison, with figures for the whole of it."""

    sections: tuple[Section, ...]
    places: int
    """Number of changed stretches."""
    added: int
    """Number of lines added; a changed line counts as one added and one removed."""
    removed: int
    """Number of lines removed; a changed line counts as one added and one removed."""
    part: int = 1
    parts: int = 1
    coarse: bool = False
    """True if too many words differ to compare all of them: some lines are marked from the first
    different word to the last."""

    @property
    def rows(self) -> Iterator[Row]:
        """Rows of this part."""
        return (row for section in self.sections for row in section.rows)

    @cached_property
    def changes(self) -> tuple[Section, ...]:
        """Changed sections of this part."""
        return tuple(section for section in self.sections if section.kind == "change")


def diff(
    old: str, new: str, context: int | None = 3, part: int = 1, effort: Effort | None = None
) -> Diff:
    """Compare two texts.

    `context` is the number of unchanged lines to leave around a change before folding; None folds
    nothing. Two equal texts have no change and are one fold, or one section of kind `same`. `part`
    is the number of the part to return, from 1; if it does not exist, the nearest one is returned.
    `effort` limits the cost of comparing words across several comparisons of one answer.
    """
    left, right = Text(old), Text(new)
    found = line_changes(left.lines, right.lines)
    chosen, kept, parts = max(part, 1), [], 1
    begun: list[Stretch] = []
    lines = characters = 0
    for stretch in stretches_of(left, right, found, context):
        size = 0 if stretch.kind == "fold" else left.size(stretch.a, stretch.b)
        if stretch.kind == "change":
            size += right.size(stretch.c, stretch.d)
        if begun and (lines + stretch.lines > ROWS or characters + size > CHARACTERS):
            if parts <= chosen:
                kept = begun
            begun, lines, characters = [], 0, 0
            parts += 1
        begun.append(stretch)
        lines += stretch.lines
        characters += size
    if parts <= chosen:
        kept = begun
    effort = effort or Effort(EFFORT)
    return Diff(
        tuple(_sections(left, right, kept, effort)),
        places=len(found),
        added=sum(change.d - change.c for change in found),
        removed=sum(change.b - change.a for change in found),
        part=min(chosen, parts),
        parts=parts,
        coarse=effort.refused,
    )


def _sections(
    left: Text, right: Text, stretches: Sequence[Stretch], effort: Effort
) -> Iterator[Section]:
    """Yield the sections of a part; pieces of one stretch in the same part are joined again."""
    for (kind, number), pieces in groupby(stretches, key=lambda one: (one.kind, one.number)):
        rows: list[Row] = []
        for piece in pieces:
            _, a, b, c, d, _ = piece
            if kind == "fold":
                yield Section(kind, (), number, _last_heading(right, c, d), b - a)
            elif kind == "change":
                rows += _changed(left, right, piece, effort)
            else:
                both = zip(range(a, b), range(c, d), strict=True)
                rows += (Row("same", left.line(i), right.line(j)) for i, j in both)
        if rows:
            yield Section(kind, tuple(rows), number)


def _changed(left: Text, right: Text, stretch: Stretch, effort: Effort) -> Iterator[Row]:
    """Yield the rows of a changed stretch."""
    _, a, b, c, d, _ = stretch
    i, j = a, c
    for x, y in [*pairs(left.lines[a:b], right.lines[c:d]), (b - a, d - c)]:
        for k in range(i, a + x):
            yield Row("removed", left.line(k), None)
        for k in range(j, c + y):
            yield Row("added", None, right.line(k))
        i, j = a + x, c + y
        if i < b:
            was, became = left.lines[i].removesuffix("\n"), right.lines[j].removesuffix("\n")
            before, after = mark(was, became, effort)
            yield Row("changed", left.line(i, before), right.line(j, after))
            i, j = i + 1, j + 1


def _last_heading(text: Text, start: int, end: int) -> str:
    for at in range(end - 1, start - 1, -1):
        line = text.lines[at]
        if line.startswith(("#", " ")) and not text.is_code(at):
            found = heading(line.removesuffix("\n"))
            if found:
                return found
    return ""
