"""Three-way merge of two edits of one text: diff3 by lines, then by words where that is safe.

The algorithm is diff3 as formalised by Khanna, Kunal and Pierce ("A Formal Investigation of Diff3",
FSTTCS 2007): align the merge base with each side, keep what is aligned on both, and decide on every
stretch between separately. Nothing is placed by similarity: a change stays exactly where its author
made it, or the stretch is a conflict that users resolve.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from wiki.text.compare.lines import line_changes, split
from wiki.text.compare.word_merge import WordMerge

Kind = Literal["same", "ours", "theirs", "both", "conflict"]


LINES = 200_000
"""Maximum number of lines between the first and the last change of both sides for a merge."""

CONFLICTS = 200
"""Number of conflicts above which everything from the first to the last is one conflict, because
nobody would resolve so many."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of lines and its outcome; each text consists of whole lines ending in "\\n".

    `same`: unchanged. `ours`, `theirs`: changed by one side. `both`: changed by both sides in the
    same way, or so that the changes fit together. `conflict`: changed by both; `text` is None.
    """

    kind: Kind
    base: str
    ours: str
    theirs: str
    text: str | None


@dataclass(frozen=True)
class Merge:
    """The outcome of `merge`: chunks that, joined in order, give each of the three texts."""

    chunks: tuple[Chunk, ...]
    ends: bool
    """True if the last line of the merged text has a line end."""

    @property
    def clean(self) -> bool:
        return not self.conflicts

    @cached_property
    def conflicts(self) -> tuple[Chunk, ...]:
        return tuple(chunk for chunk in self.chunks if chunk.kind == "conflict")

    @cached_property
    def text(self) -> str | None:
        """The merged text, or None while there are conflicts."""
        return self.resolve(()) if self.clean else None

    def resolve(self, answers: Sequence[str]) -> str:
        """Return the whole text with the conflicts, in order, replaced by `answers`.

        :raises ValueError: when the number of answers differs from that of the conflicts.
        """
        if len(answers) != len(self.conflicts):
            raise ValueError(f"{len(self.conflicts)} conflicts, but {len(answers)} answers")
        answer = iter(answers)
        parts = [_ended(next(answer)) if c.text is None else c.text for c in self.chunks]
        text = "".join(parts)
        if self.ends or text == "\n" or text.endswith("\n\n"):
            return text
        return text.removesuffix("\n")


def merge(base: str, ours: str, theirs: str) -> Merge:
    """Merge the changes from `base` to `ours` and from `base` to `theirs`.

    Swapping `ours` and `theirs` gives the same text. Line ends must already be "\\n". A missing
    line end at the end of the text is merged on its own and is never a conflict. The time is
    proportional to the texts and their changes: well under a second for a megabyte with a thousand
    changes on each side. Texts that would take longer (:data:`LINES`) are one conflict with both
    sides in full.
    """
    texts = _ended(base), _ended(ours), _ended(theirs)
    if sum(_changed_lines(texts[0], side) for side in texts[1:]) > LINES:
        found = _undecided(*texts)
    else:
        found = _chunks(*map(split, texts))
    chunks = tuple(_countable(list(_whole(found))))
    ends = [text.endswith("\n") or not text for text in (base, ours, theirs)]
    return Merge(chunks, ends[2] if ends[0] == ends[1] else ends[1])


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _undecided(base: str, ours: str, theirs: str) -> Iterator[Chunk]:
    """Yield the chunks of texts that are not merged: one conflict, or one side if the other is
    unchanged, between the lines that all three share at the start and at the end."""
    head, tail = _common(base, ours, theirs)
    same = base[:head], base[len(base) - tail :]
    yield Chunk("same", same[0], same[0], same[0], same[0])
    base, ours, theirs = (text[head : len(text) - tail] for text in (base, ours, theirs))
    if ours in (base, theirs):
        yield Chunk("theirs" if ours == base else "both", base, ours, theirs, theirs)
    elif base == theirs:
        yield Chunk("ours", base, ours, theirs, ours)
    else:
        yield Chunk("conflict", base, ours, theirs, None)
    yield Chunk("same", same[1], same[1], same[1], same[1])


def _changed_lines(base: str, side: str) -> int:
    head, tail = _common(base, side)
    return sum(text.count("\n", head, len(text) - tail) for text in (base, side))


def _common(*texts: str) -> tuple[int, int]:
    """Return the number of characters in the whole lines that texts share at the start and at the
    end."""
    first, shortest = texts[0], min(map(len, texts))
    start = _most(shortest, lambda n: all(text.startswith(first[:n]) for text in texts))
    head = first.rfind("\n", 0, start) + 1
    end = _most(
        shortest - head, lambda n: all(text.endswith(first[len(first) - n :]) for text in texts)
    )
    return head, len(first) - first.index("\n", len(first) - end) - 1 if end else 0


def _most(limit: int, holds: Callable[[int], bool]) -> int:
    """Return the largest number up to a limit that satisfies a condition which, if it holds for a
    number, holds for all smaller ones."""
    least = 0
    while least < limit:
        middle = (least + limit + 1) // 2
        if holds(middle):
            least = middle
        else:
            limit = middle - 1
    return least


def _countable(chunks: list[Chunk]) -> Iterator[Chunk]:
    """Yield the chunks; if there are too many conflicts, everything from the first to the last is
    one."""
    places = [at for at, chunk in enumerate(chunks) if chunk.kind == "conflict"]
    if len(places) <= CONFLICTS:
        yield from chunks
        return
    disputed = chunks[places[0] : places[-1] + 1]
    yield from chunks[: places[0]]
    base, ours, theirs = (
        "".join(getattr(chunk, side) for chunk in disputed) for side in ("base", "ours", "theirs")
    )
    yield Chunk("conflict", base, ours, theirs, None)
    yield from chunks[places[-1] + 1 :]


def _chunks(base: list[str], ours: list[str], theirs: list[str]) -> Iterator[Chunk]:
    left, right = line_changes(base, ours), line_changes(base, theirs)
    words = WordMerge(base, ours, theirs)
    at = o = t = 0
    i = j = 0
    while i < len(left) or j < len(right):
        # The next stretch without a line that both sides kept: it starts with the earlier change
        # and includes all that overlap or touch it.
        low = min(side[k].a for side, k in ((left, i), (right, j)) if k < len(side))
        high, i0, j0 = low, i, j
        while True:
            if i < len(left) and left[i].a <= high:
                high, i = max(high, left[i].b), i + 1
            elif j < len(right) and right[j].a <= high:
                high, j = max(high, right[j].b), j + 1
            else:
                break
        kept = low - at
        if kept:
            same = "".join(base[at:low])
            yield Chunk("same", same, same, same, same)
        o, t = o + kept, t + kept
        o2 = o + high - low + sum(c.d - c.c - (c.b - c.a) for c in left[i0:i])
        t2 = t + high - low + sum(c.d - c.c - (c.b - c.a) for c in right[j0:j])
        yield from _decide(words, (low, high), (o, o2), (t, t2))
        at, o, t = high, o2, t2
    if at < len(base):
        same = "".join(base[at:])
        yield Chunk("same", same, same, same, same)


def _decide(
    words: "WordMerge", of: tuple[int, int], ours: tuple[int, int], theirs: tuple[int, int]
) -> Iterator[Chunk]:
    b, o, t = words.base[slice(*of)], words.ours[slice(*ours)], words.theirs[slice(*theirs)]
    base, mine, other = "".join(b), "".join(o), "".join(t)
    if o == t:
        yield Chunk("both", base, mine, other, mine)
    elif t == b:
        yield Chunk("ours", base, mine, other, mine)
    elif o == b:
        yield Chunk("theirs", base, mine, other, other)
    elif (text := words.merge(of, ours, theirs)) is not None:
        yield Chunk("both", base, mine, other, text)
    else:
        # Text that both sides wrote alike at either end is not part of the conflict.
        head = 0
        while head < min(len(o), len(t)) and o[head] == t[head]:
            head += 1
        tail = 0
        while tail < min(len(o), len(t)) - head and o[-1 - tail] == t[-1 - tail]:
            tail += 1
        if head:
            agreed = "".join(o[:head])
            yield Chunk("both", "", agreed, agreed, agreed)
        mine, other = "".join(o[head : len(o) - tail]), "".join(t[head : len(t) - tail])
        yield Chunk("conflict", base, mine, other, None)
        if tail:
            agreed = "".join(o[len(o) - tail :])
            yield Chunk("both", "", agreed, agreed, agreed)


def _whole(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Yield the chunks without empty ones, with neighbours of one kind that are not conflicts
    joined."""
    last: Chunk | None = None
    for chunk in chunks:
        if not (chunk.base or chunk.ours or chunk.theirs):
            continue
        if last and last.kind == chunk.kind and last.text is not None and chunk.text is not None:
            last = Chunk(
                last.kind,
                last.base + chunk.base,
                last.ours + chunk.ours,
                last.theirs + chunk.theirs,
                last.text + chunk.text,
            )
            continue
        if last:
            yield last
        last = chunk
    if last:
        yield last
