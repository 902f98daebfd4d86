"""Readable differences between two texts: rows of lines, with changed words marked.

Lines are aligned by a longest common subsequence; inside a changed stretch, similar lines are
placed side by side and their words compared. A comparison is delivered in parts: the alignment
alone decides where each part begins, and rows are computed for one part only. The cost of an answer
is therefore bounded by `ROWS`, `CHARACTERS` and `EFFORT`, however long the texts are. The result
depends on the two texts alone, never on time or load.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from typing import Literal, NamedTuple

from wiki.text.compare.lines import heading, line_changes, split, verbatim
from wiki.text.compare.pairing import pairs
from wiki.text.compare.words import Effort, Span, mark

ROWS = 4_000
"""Maximum number of lines of both texts in one part."""

CHARACTERS = 400_000
"""Maximum number of characters of these lines."""

PIECE = ROWS // 2
"""Number of lines above which a stretch is cut in the middle."""

LINE = 20_000
"""Maximum number of characters shown of a line; in a changed line, equal text is left out first."""

EDGE = 200
"""Characters of equal text that are kept on both sides of an omission."""

EFFORT = 2_000_000
"""Maximum number of steps spent on tidying up word differences in one part."""

WORTH = 3
"""Minimum number of unchanged lines in a fold."""

Kind = Literal["change", "same", "fold"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one of the texts: its number from 1, its text without the "\\n"."""

    number: int
    text: str
    spans: tuple[Span, ...] = ()
    """The text in pieces, with the changed ones marked; empty if nothing is marked."""
    ended: bool = True
    """False for a last line without a "\\n"."""
    code: bool = False
    """True if the layout has meaning: code, display math, a row of a table."""
    left_out: int = 0
    """Number of characters of the line that its pieces omit because it is longer than `LINE`."""

    @property
    def pieces(self) -> tuple[Span, ...]:
        return self.spans or (Span(self.text, False),)

    @property
    def source(self) -> str:
        """The line as it is in its text."""
        return self.text + "\n" if self.ended else self.text


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


class _Stretch(NamedTuple):
    """The lines `old[a:b]` and `new[c:d]`, with the kind and number of their section."""

    kind: Kind
    a: int
    b: int
    c: int
    d: int
    number: int

    @property
    def lines(self) -> int:
        """Number of lines that the stretch adds to a part."""
        if self.kind == "change":
            return self.b - self.a + self.d - self.c
        return self.b - self.a if self.kind == "same" else 1


def diff(
    old: str, new: str, context: int | None = 3, part: int = 1, effort: Effort | None = None
) -> Diff:
    """Compare two texts.

    `context` is the number of unchanged lines to leave around a change before folding; None folds
    nothing. Two equal texts have no change and are one fold, or one section of kind `same`. `part`
    is the number of the part to return, from 1; if it does not exist, the nearest one is returned.
    `effort` limits the cost of comparing words across several comparisons of one answer.
    """
    left, right = _Text(old), _Text(new)
    found = line_changes(left.lines, right.lines)
    chosen, kept, parts = max(part, 1), [], 1
    begun: list[_Stretch] = []
    lines = characters = 0
    for stretch in _stretches(left, right, found, context):
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


class _Text:
    """One of the two texts, by lines."""

    def __init__(self, text: str) -> None:
        self.lines = split(text)
        self._code = verbatim(self.lines)
        shown = (min(len(line), LINE) for line in self.lines)
        self._ends = array("Q", accumulate(shown, initial=0))

    def size(self, start: int, end: int) -> int:
        """Return the number of characters shown of these lines."""
        return self._ends[end] - self._ends[start]

    def line(self, at: int, spans: tuple[Span, ...] = ()) -> Line:
        """Return the line at an index from 0."""
        source = self.lines[at]
        ended = source.endswith("\n")
        text = source[:-1] if ended else source
        left_out = 0
        if len(text) > LINE:
            spans, left_out = _shortened(spans or (Span(text, False),))
        return Line(at + 1, text, spans, ended, self._code[at], left_out)

    def is_code(self, at: int) -> bool:
        """Return whether the layout of the line at an index has meaning."""
        return self._code[at]


def _shortened(spans: tuple[Span, ...]) -> tuple[tuple[Span, ...], int]:
    """Return the shown part of a long line, and the number of characters left out."""
    marked = any(span.changed for span in spans)
    room, left_out = LINE, 0
    kept: list[Span] = []
    for text, changed in spans:
        shown = text
        if marked and not changed and len(text) > 2 * EDGE:
            shown = f"{text[:EDGE]} […] {text[-EDGE:]}"
            left_out += len(text) - 2 * EDGE
        left_out += max(len(shown) - room, 0)
        if room > 0:
            kept.append(Span(shown[:room], changed))
        room -= len(shown[: max(room, 0)])
    return tuple(kept), left_out


def _stretches(
    left: _Text, right: _Text, found: Sequence[tuple[int, int, int, int]], context: int | None
) -> Iterator[_Stretch]:
    """Yield all lines of both texts in order, in stretches no longer than half a part."""
    at = to = 0
    for number, (a, b, c, d) in enumerate(found, start=1):
        for whole in _unchanged((at, a), to, context, number - 1, last=False):
            yield from _cut(left, right, whole)
        yield from _cut(left, right, _Stretch("change", a, b, c, d, number))
        at, to = b, d
    for whole in _unchanged((at, len(left.lines)), to, context, len(found), last=True):
        yield from _cut(left, right, whole)


def _unchanged(
    lines: tuple[int, int], to: int, context: int | None, above: int, *, last: bool
) -> Iterator[_Stretch]:
    """Yield old lines that are equal to the new ones from `to` on; those away from a change are
    folded."""
    start, end = lines
    fold, unfold = start, end
    if context is not None:
        fold = min(start + (context if above else 0), end)
        unfold = max(fold, end - (0 if last else context))
    if context is None or unfold - fold < WORTH:
        fold = unfold = end
    kinds: tuple[tuple[Kind, int, int], ...] = (
        ("same", start, fold),
        ("fold", fold, unfold),
        ("same", unfold, end),
    )
    for kind, a, b in kinds:
        if a < b:
            yield _Stretch(kind, a, b, to + a - start, to + b - start, above)


def _cut(left: _Text, right: _Text, whole: _Stretch) -> Iterator[_Stretch]:
    """Yield a stretch halved until each piece is short enough or a single line."""
    todo = [whole]
    while todo:
        piece = todo.pop()
        kind, a, b, c, d, number = piece
        size = left.size(a, b) + (right.size(c, d) if kind == "change" else 0)
        fits = piece.lines <= PIECE and size <= CHARACTERS // 2
        if kind == "fold" or fits or (b - a <= 1 and d - c <= 1):
            yield piece
            continue
        middle, center = (a + b) // 2, (c + d) // 2
        todo.append(_Stretch(kind, middle, b, center, d, number))
        todo.append(_Stretch(kind, a, middle, c, center, number))


def _sections(
    left: _Text, right: _Text, stretches: Sequence[_Stretch], effort: Effort
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


def _changed(left: _Text, right: _Text, stretch: _Stretch, effort: Effort) -> Iterator[Row]:
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


def _last_heading(text: _Text, start: int, end: int) -> str:
    for at in range(end - 1, start - 1, -1):
        line = text.lines[at]
        if line.startswith(("#", " ")) and not text.is_code(at):
            found = heading(line.removesuffix("\n"))
            if found:
                return found
    return ""
