"""A benchmark of texts for which a careless parser takes quadratic time.

`python -m bench.patterns` renders every pattern of `tests/text/patterns.py` and some random
combinations of them, and scans them for addresses, in this process, at a length and at twice that
length.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable, Iterator

from tests.text.patterns import MARKS, Pattern, patterns
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import clean_source, render
from wiki.text.rewrite.addresses import survey

LENGTH = 10_000  # characters
REACH = 2.5
COMBINATIONS = 200
LEAST = 0.02  # seconds; shorter times are too inexact


def main() -> int:
    """Print each pattern whose time grows too fast; return 1 if there is one."""
    worst, missed, count = 0.0, 0, 0
    for pattern in [*patterns(), *combinations()]:
        for work in (laid_out, read):
            growth = grown(work, pattern)
            worst = max(worst, growth)
            count += 1
            if growth > REACH:
                missed += 1
                print(f" ✗  {growth:.2f} ×  {work.__name__}  {pattern}")
    print(f"{count} cases at {LENGTH} and {2 * LENGTH} characters: {worst:.2f} ×, reach {REACH} ×")
    return int(missed > 0)


def laid_out(text: str) -> None:
    """Render the text as a page."""
    render(text, RenderContext("space", "page"))


def read(text: str) -> None:
    """Find the addresses of the text."""
    survey(clean_source(text))


def grown(work: Callable[[str], None], pattern: Pattern) -> float:
    """Return the CPU time at twice the length as a multiple; if it is too high, the best of three
    runs."""
    once, twice = pattern.text(LENGTH), pattern.text(2 * LENGTH)
    growth = seconds(work, twice) / max(seconds(work, once), LEAST)
    if growth <= REACH:
        return growth
    first = min(seconds(work, once) for _ in range(3))
    return min(seconds(work, twice) for _ in range(3)) / max(first, LEAST)


def seconds(work: Callable[[str], None], text: str) -> float:
    """Return the CPU seconds of one run."""
    gc.collect()
    begun = time.process_time()
    work(text)
    return time.process_time() - begun


def combinations() -> Iterator[Pattern]:
    """Yield random patterns, the same in every run."""
    choices = random.Random(1)
    for _ in range(COMBINATIONS):
        unit = "".join(choices.choices(MARKS, k=choices.randint(2, 3)))
        yield Pattern(choices.choice(["", *MARKS]), unit, choices.choice(["", *MARKS]))


sys.exit(main())
