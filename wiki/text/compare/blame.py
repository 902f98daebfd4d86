"""Authorship of lines: their origins, carried from one text of a page to the next.

An origin is the number of the revision that introduced a line in its present form. An unchanged
line keeps its origin; a line that was changed, added or moved gets the revision that did so. Lines
are compared by :func:`wiki.text.compare.lines.line_changes`, so that blame and comparisons agree.
"""

from collections.abc import Container, Iterable, Iterator, Sequence

from wiki.text.compare.lines import line_changes


def blame_lines(text: str) -> list[str]:
    """Return the lines of a text without their ends. A line end at the end of the text adds no
    line."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def step(origins: Sequence[int], old: Sequence[str], new: Sequence[str], number: int) -> list[int]:
    """Return the origins of the lines `new`, which revision `number` made of the lines `old`."""
    found: list[int] = []
    at = 0
    for a, b, c, d in line_changes(old, new):
        found += origins[at:a]
        found += [number] * (d - c)
        at = b
    found += origins[at:]
    return found


def walk(
    runs: Sequence[int], text: str, steps: Iterable[tuple[int, str]], keep: Container[int] = ()
) -> tuple[list[int], dict[int, list[int]]]:
    """Return the packed origins of the lines of the last of several successive texts.

    `runs` are the packed origins of `text`; `steps` are the numbers of the later revisions with
    their texts. The second result has the packed origins at the revisions in `keep`.
    """
    origins, lines = unpack(runs), blame_lines(text)
    kept: dict[int, list[int]] = {}
    for number, next_text in steps:
        new = blame_lines(next_text)
        origins, lines = step(origins, lines, new, number), new
        if number in keep:
            kept[number] = pack(origins)
    return pack(origins), kept


def pack(origins: Iterable[int]) -> list[int]:
    """Pack origins as runs: a number, how many consecutive lines have it, the next number, and so
    on."""
    runs: list[int] = []
    for origin in origins:
        if runs and runs[-2] == origin:
            runs[-1] += 1
        else:
            runs += (origin, 1)
    return runs


def unpack(runs: Sequence[int]) -> list[int]:
    """Return the origins that were packed as `runs`."""
    return [origin for origin, count in pairs(runs) for _ in range(count)]


def pairs(runs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Return the runs as pairs: a number, and how many consecutive lines have it."""
    return zip(runs[::2], runs[1::2], strict=True)
