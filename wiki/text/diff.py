"""What changed between two texts, made to be read: rows of lines, with changed words marked.

Lines are aligned by a longest common subsequence; inside a stretch that changed, lines that are
still alike are put side by side and their words compared. The result depends on the two texts
alone, never on time or load.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rapidfuzz.distance import Indel

from wiki.text.lines import heading, line_changes, split, verbatim
from wiki.text.words import Span, is_word, mark, tokens

ALIKE = 0.5
"""Share of words that two lines must have in common, in order, to be shown as one changed line."""

TABLE = 1_600
"""Pairs of lines of one stretch that are all compared; beyond that each line sees `WINDOW`."""

WINDOW = 12

PAIRS = 400_000
"""Pairs of lines that are compared in all: what exceeds it is shown as deleted and added."""

LONGEST = 2_000
"""Words of a line that are looked at to tell whether it is like another."""

WORTH = 3
"""Unchanged lines that are worth a fold."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one of the texts: its number from 1, its text without the "\\n"."""

    number: int
    text: str
    spans: tuple[Span, ...] = ()
    """The text in pieces, the changed ones marked; empty where nothing is marked."""
    ended: bool = True
    """False for a last line without a "\\n"."""
    code: bool = False
    """Whether its layout has meaning: code, display math, a row of a table."""

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
    """Consecutive rows: a change, its surroundings, or a fold of unchanged lines not to show."""

    kind: Literal["change", "same", "fold"]
    rows: tuple[Row, ...]
    number: int = 0
    """Which change it is, from 1; of anything else, the change above it, or 0."""
    heading: str = ""
    """For a fold: the last heading in it, so that readers know where they are."""


@dataclass(frozen=True)
class Diff:
    """Sections which, put together, are both texts."""

    sections: tuple[Section, ...]

    @property
    def rows(self) -> Iterator[Row]:
        return (row for section in self.sections for row in section.rows)

    @cached_property
    def changes(self) -> tuple[Section, ...]:
        return tuple(section for section in self.sections if section.kind == "change")

    @cached_property
    def added(self) -> int:
        """Lines added; a changed line counts as one added and one removed."""
        return sum(row.new is not None for section in self.changes for row in section.rows)

    @cached_property
    def removed(self) -> int:
        """Lines removed; a changed line counts as one added and one removed."""
        return sum(row.old is not None for section in self.changes for row in section.rows)

    @property
    def old(self) -> str:
        """The old text."""
        return "".join(row.old.source for row in self.rows if row.old)

    @property
    def new(self) -> str:
        """The new text."""
        return "".join(row.new.source for row in self.rows if row.new)


def diff(old: str, new: str, context: int | None = 3) -> Diff:
    """Compare two texts.

    `context` is how many unchanged lines to leave around a change before folding; None folds
    nothing. Two equal texts have no change, and are one fold or one section of the same.
    """
    left, right = _Text(old), _Text(new)
    pairing = _Pairing()
    sections: list[Section] = []
    at = to = 0
    found = line_changes(left.lines, right.lines)
    for number, (a, b, c, d) in enumerate(found, start=1):
        rows = [Row("same", left.line(at + k), right.line(to + k)) for k in range(a - at)]
        sections += _unchanged(rows, context, number - 1, below=True)
        changed = tuple(pairing.rows(left, right, (a, b), (c, d)))
        sections.append(Section("change", changed, number))
        at, to = b, d
    rest = range(len(left.lines) - at)
    rows = [Row("same", left.line(at + k), right.line(to + k)) for k in rest]
    sections += _unchanged(rows, context, len(found), below=False)
    return Diff(tuple(sections))


def _unchanged(
    rows: list[Row], context: int | None, above: int, *, below: bool
) -> Iterator[Section]:
    """`rows` that are the same in both texts, folded away from the changes above and below."""
    start = context if above and context is not None else 0
    end = max(start, len(rows) - (context if below and context is not None else 0))
    if context is None or end - start < WORTH:
        start = end = len(rows)
    if rows[:start]:
        yield Section("same", tuple(rows[:start]), above)
    if rows[start:end]:
        yield Section("fold", tuple(rows[start:end]), above, _last_heading(rows[start:end]))
    if rows[end:]:
        yield Section("same", tuple(rows[end:]), above)


def _last_heading(rows: list[Row]) -> str:
    for row in reversed(rows):
        if row.new and row.new.text.startswith(("#", " ")) and not row.new.code:
            found = heading(row.new.text)
            if found:
                return found
    return ""


class _Text:
    """One of the two texts, by lines."""

    def __init__(self, text: str) -> None:
        self.lines = split(text)
        self._code = verbatim(self.lines)

    def line(self, at: int, spans: tuple[Span, ...] = ()) -> Line:
        """The line at an index from 0."""
        source = self.lines[at]
        ended = source.endswith("\n")
        return Line(at + 1, source[:-1] if ended else source, spans, ended, self._code[at])


class _Pairing:
    """Finds, stretch by stretch, which deleted line became which added one."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._left = PAIRS

    def rows(
        self, old: _Text, new: _Text, gone: tuple[int, int], come: tuple[int, int]
    ) -> Iterator[Row]:
        """The rows of a stretch that was the lines `gone` of `old` and is `come` of `new`."""
        i, j = gone[0], come[0]
        pairs = self._pairs(old.lines[slice(*gone)], new.lines[slice(*come)])
        for x, y in pairs:
            for k in range(i, gone[0] + x):
                yield Row("removed", old.line(k), None)
            for k in range(j, come[0] + y):
                yield Row("added", None, new.line(k))
            i, j = gone[0] + x, come[0] + y
            before, after = mark(*(s.removesuffix("\n") for s in (old.lines[i], new.lines[j])))
            yield Row("changed", old.line(i, before), new.line(j, after))
            i, j = i + 1, j + 1
        for k in range(i, gone[1]):
            yield Row("removed", old.line(k), None)
        for k in range(j, come[1]):
            yield Row("added", None, new.line(k))

    def _pairs(self, old: list[str], new: list[str]) -> list[tuple[int, int]]:
        """Places of lines that are alike, both rising."""
        full = len(old) * len(new) <= TABLE
        cost = len(old) * len(new) if full else len(old) * WINDOW
        if not old or not new or cost > self._left:
            return []
        self._left -= cost
        left, right = [self._coded(line) for line in old], [self._coded(line) for line in new]
        return _best(left, right) if full else _nearest(left, right)

    def _coded(self, line: str) -> str:
        """The words of a line, a character for each, so that lines compare fast."""
        found = tokens(line)
        words = [t for t in found if is_word(t)] or [t for t in found if not t.isspace()]
        codes = self._codes
        return "".join(codes.setdefault(w, _character(len(codes))) for w in words[:LONGEST])


def _character(number: int) -> str:
    """A character for each number; the surrogates are none. Beyond a million all are one."""
    code = number + 1 if number < 0xD7FF else number + 0x801
    return chr(min(code, 0x10FFFF))


def _likeness(a: str, b: str) -> float:
    return Indel.normalized_similarity(a, b, score_cutoff=ALIKE) if a and b else 0.0


def _best(left: list[str], right: list[str]) -> list[tuple[int, int]]:
    """The rising pairs that are most alike in sum, by dynamic programming."""
    n, m = len(left), len(right)
    likeness = [[_likeness(a, b) for b in right] for a in left]
    score = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            together = likeness[i][j] + score[i + 1][j + 1] if likeness[i][j] else 0.0
            score[i][j] = max(score[i + 1][j], score[i][j + 1], together)
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < n and j < m:
        if likeness[i][j] and score[i][j] == likeness[i][j] + score[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif score[i][j] == score[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _nearest(left: list[str], right: list[str]) -> list[tuple[int, int]]:
    """Rising pairs: each line with the one most like it among the next few."""
    pairs: list[tuple[int, int]] = []
    start = 0
    for i, line in enumerate(left):
        near = range(start, min(start + WINDOW, len(right)))
        best = max(near, key=lambda j: (_likeness(line, right[j]), -j), default=-1)
        if best >= 0 and _likeness(line, right[best]):
            pairs.append((i, best))
            start = best + 1
    return pairs
