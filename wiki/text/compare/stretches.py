"""Stretches of an alignment of lines, cut into parts, and the lines of the texts in them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, NamedTuple

from wiki.text.compare.lines import split, verbatim
from wiki.text.compare.words import Span

Kind = Literal["change", "same", "fold"]

ROWS = 4_000
"""Maximum number of lines of both texts in one part."""
LINE = 20_000
"""Maximum number of characters shown of a line; in a changed line, equal text is left out first."""
EDGE = 200
"""Characters of equal text that are kept on both sides of an omission."""
CHARACTERS = 400_000
"""Maximum number of characters of these lines."""
PIECE = ROWS // 2
"""Number of lines above which a stretch is cut in the middle."""
WORTH = 3
"""Minimum number of unchanged lines in a fold."""


class Stretch(NamedTuple):
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


def stretches_of(
    left: Text, right: Text, found: Sequence[tuple[int, int, int, int]], context: int | None
) -> Iterator[Stretch]:
    """Yield all lines of both texts in order, in stretches no longer than half a part."""
    at = to = 0
    for number, (a, b, c, d) in enumerate(found, start=1):
        for whole in _unchanged((at, a), to, context, number - 1, last=False):
            yield from _cut(left, right, whole)
        yield from _cut(left, right, Stretch("change", a, b, c, d, number))
        at, to = b, d
    for whole in _unchanged((at, len(left.lines)), to, context, len(found), last=True):
        yield from _cut(left, right, whole)


def _unchanged(
    lines: tuple[int, int], to: int, context: int | None, above: int, *, last: bool
) -> Iterator[Stretch]:
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
            yield Stretch(kind, a, b, to + a - start, to + b - start, above)


def _cut(left: Text, right: Text, whole: Stretch) -> Iterator[Stretch]:
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
        todo.append(Stretch(kind, middle, b, center, d, number))
        todo.append(Stretch(kind, a, middle, c, center, number))


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


class Text:
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
