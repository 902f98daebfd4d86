"""Lines of a text: splitting, alignment with another text's lines, and their Markdown blocks.

Only "\\n" ends a line here: a form feed or U+2028 inside a paragraph is a character like any other.
"""

import re
from bisect import bisect_left
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from rapidfuzz.distance import LCSseq

MATRIX = 100_000_000
"""Maximum number of cells of an alignment matrix, which takes a bit for each (12 MB)."""

ROUNDS = 8
"""Average number of times that each item may be examined to find places to cut; only texts made for
the purpose reach some tens of levels of cuts."""

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,}|\$\$)")
_ITEM = re.compile(r"[ \t]*([-+*]|\d{1,9}[.)])\s")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(?=\S)")


class Change(NamedTuple):
    """`old[a:b]` has become `new[c:d]`; at least one of the two is not empty."""

    a: int
    b: int
    c: int
    d: int


def normalise_line_ends(text: str) -> str:
    """Return `text` with `\\n` for every line end, whatever its form."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split(text: str) -> list[str]:
    """Split `text` into lines, each with its "\\n" except perhaps the last. Joined they are
    `text`."""
    lines = text.split("\n")
    last = lines.pop()
    kept = [line + "\n" for line in lines]
    if last:
        kept.append(last)
    return kept


def changes(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Change]:
    """Return the changes from `old` to `new`, in order; no two of them touch.

    Items outside of the changes form a longest common subsequence, found bit-parallel (Hyyrö, "A
    Note on Bit-Parallel Alignment Computation", 2004). Sequences too long for that are first cut
    where an item occurs exactly once in both (Cohen's patience diff); a stretch without such a
    place, or left over after :data:`ROUNDS`, is returned as one change. The result depends on the
    two sequences alone, never on time or load.
    """
    # Skip the common start and end, which are most of two texts.
    lead, most = 0, min(len(old), len(new))
    while lead < most and old[lead] == new[lead]:
        lead += 1
    tail, most = 0, most - lead
    while tail < most and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    codes: dict[Hashable, int] = {}
    left = [codes.setdefault(item, len(codes)) for item in old[lead : len(old) - tail]]
    right = [codes.setdefault(item, len(codes)) for item in new[lead : len(new) - tail]]
    found: list[Change] = []
    looks = ROUNDS * (len(left) + len(right))
    todo = [(0, len(left), 0, len(right))]
    while todo:
        a, b, c, d = todo.pop()
        while a < b and c < d and left[a] == right[c]:
            a, c = a + 1, c + 1
        while a < b and c < d and left[b - 1] == right[d - 1]:
            b, d = b - 1, d - 1
        if a == b or c == d:
            if a < b or c < d:
                found.append(Change(a, b, c, d))
        elif (b - a) * (d - c) <= MATRIX:
            found.extend(
                Change(a + op.src_start, a + op.src_end, c + op.dest_start, c + op.dest_end)
                for op in LCSseq.opcodes(left[a:b], right[c:d])
                if op.tag != "equal"
            )
        elif (looks := looks - (b - a) - (d - c)) >= 0 and (
            anchors := _anchors(left[a:b], right[c:d])
        ):
            ends = [(a + i, c + j) for i, j in anchors]
            starts = [(a, c)] + [(i + 1, j + 1) for i, j in ends]
            ends.append((b, d))
            cuts = zip(starts, ends, strict=True)
            todo.extend((i, i2, j, j2) for (i, j), (i2, j2) in reversed(list(cuts)))
        else:
            found.append(Change(a, b, c, d))
    return [Change(*(place + lead for place in change)) for change in _joined(found)]


def _joined(found: list[Change]) -> list[Change]:
    """Return the same changes, with adjacent ones joined."""
    whole: list[Change] = []
    for change in found:
        if whole and whole[-1].b == change.a and whole[-1].d == change.c:
            whole[-1] = Change(whole[-1].a, change.b, whole[-1].c, change.d)
        else:
            whole.append(change)
    return whole


def line_changes(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """Return the `changes` of lines, each placed where readers expect it.

    A block that was only added or only deleted can often be placed higher or lower with the same
    result. Here it is joined with another change if it can reach one; else it starts with text
    rather than with the blank line above it, as low as possible.
    """
    found = changes(old, new)
    settled: list[Change] = []
    for at, change in enumerate(found):
        a, b, c, d = change
        if a < b and c < d:
            settled.append(change)
            continue
        floor = settled[-1].b if settled else 0
        ceiling = found[at + 1].a if at + 1 < len(found) else len(old)
        lines, low, high = (new, c, d) if a == b else (old, a, b)
        up = 0
        while a - up > floor and lines[low - up - 1] == lines[high - up - 1]:
            up += 1
        if settled and a - up == floor:
            last = settled.pop()
            settled.append(Change(last.a, b - up, last.c, d - up))
            continue
        move, best = -up, None
        while True:
            if lines[low + move].strip() and not lines[high + move - 1].strip():
                best = move
            if b + move >= ceiling or lines[low + move] != lines[high + move]:
                break
            move += 1
        if at + 1 < len(found) and b + move == ceiling:
            found[at + 1] = Change(a + move, found[at + 1].b, c + move, found[at + 1].d)
            continue
        move = move if best is None else best
        settled.append(Change(a + move, b + move, c + move, d + move))
    return settled


def _anchors(left: list[int], right: list[int]) -> list[tuple[int, int]]:
    """Return the longest ascending series of index pairs of items that occur once on each side."""
    once = {item: j for j, item in enumerate(right)}
    seen: dict[int, int] = {}
    for item in right:
        seen[item] = seen.get(item, 0) + 1
    count: dict[int, int] = {}
    for item in left:
        count[item] = count.get(item, 0) + 1
    pairs = [
        (i, once[item])
        for i, item in enumerate(left)
        if count[item] == 1 and seen.get(item, 0) == 1
    ]
    # The longest increasing subsequence of the indices on the right, by patience sorting.
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for at, (_, j) in enumerate(pairs):
        pile = bisect_left(tops, j)
        before.append(piles[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(j)
            piles.append(at)
        else:
            tops[pile] = j
            piles[pile] = at
    run: list[tuple[int, int]] = []
    at = piles[-1] if piles else -1
    while at >= 0:
        run.append(pairs[at])
        at = before[at]
    return run[::-1]


def verbatim(lines: Sequence[str]) -> list[bool]:
    """Return for each line whether it is code, display math or a table: text whose layout has
    meaning.

    A cheap approximation of the block structure that errs towards True: fences (closed or not),
    lines indented like code that do not start a list item, and rows around a table's delimiter row.
    """
    marks = [False] * len(lines)
    fence = ""
    table = False
    for at, line in enumerate(lines):
        found = _FENCE.match(line.rstrip("\n"))
        if fence:
            marks[at] = True
            bare = line.strip()
            if bare.startswith(fence) and not bare.strip(fence[0]):
                fence = ""
        elif found:
            fence = found[1]
            bare = line.strip()
            marks[at] = True
            if fence == "$$" and len(bare) > 3 and bare.endswith("$$"):
                fence = ""
            table = False
        elif not line.strip():
            table = False
        elif "|" in line and "-" in line and not line.strip("|:- \t\n"):
            table = marks[at] = True
            if at:
                marks[at - 1] = True
        elif table or line.lstrip().startswith("|"):
            marks[at] = True
        elif line.startswith(("    ", "\t")):
            marks[at] = not _ITEM.match(line)
    return marks


def heading(line: str) -> str:
    """Return the text of an ATX heading; "" if `line` is not one."""
    found = _HEADING.match(line)
    if not found:
        return ""
    text = line[found.end() :].rstrip()
    bare = text.rstrip("#")
    return bare.rstrip() if bare.endswith((" ", "\t")) else text
