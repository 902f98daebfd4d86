"""A benchmark of the search engine with 10,000 pages: 1 to 6 words, a phrase, a prefix.

The pages are made of paragraphs of the wiki of the environment's settings. Measured are whole
searches of the engine, with the gate, ten hits, excerpts and facets. `python -m bench.many` prints
the lines.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select

from bench.search import Timed
from wiki.app import create_app
from wiki.db import Database
from wiki.pages.rendering.models import RenderingRow
from wiki.search.engine import Document, Filters
from wiki.search.query import parse
from wiki.search.whoosh.adapter import WhooshEngine

PAGES = 10_000
SPACES = 8
QUESTIONS = 200
REACH_MS = 60.0
"""Maximum of the 95th percentile of each kind of search, in milliseconds."""

_WORD = re.compile(r"[^\W\d_]{3,}")


def paragraphs(database: Database) -> list[str]:
    """Return the paragraphs of all pages that have some words."""
    with database.read() as session:
        texts = session.scalars(select(RenderingRow.text)).all()
    return [
        each for text in texts for each in (text or "").split("\n") if len(_WORD.findall(each)) > 7
    ]


def documents(some: Sequence[str], chance: random.Random) -> Iterator[Document]:
    """Yield pages of random paragraphs of about 400 words."""
    began = datetime(2024, 1, 1, tzinfo=UTC)
    for number in range(1, PAGES + 1):
        body: list[str] = []
        while sum(map(len, body)) < 2500:
            body.append(chance.choice(some))
        title = " ".join(_WORD.findall(body[0])[:4])
        yield Document(
            number,
            1,
            number % SPACES,
            f"part-{number % 50}/{number}",
            title,
            "\n".join(body),
            tags=(f"tag {number % 40}",),
            author_ids=(number % 30, number % 7),
            updated=began + timedelta(hours=number),
        )


def measure(database: Database, seed: int = 7) -> list[Timed]:
    """Build an index and measure each kind of search."""
    chance = random.Random(seed)
    some = paragraphs(database)
    with tempfile.TemporaryDirectory() as folder:
        engine = WhooshEngine(Path(folder) / "index")
        pages = list(documents(some, chance))
        engine.rebuild(lambda _ids: pages, lambda: {one.page_id: 1 for one in pages})
        filters = Filters(
            frozenset(range(SPACES - 1)),
            hidden=frozenset(range(0, PAGES, 20)),
            moments=(datetime(2025, 1, 1, tzinfo=UTC),),
        )

        def words(number: int) -> str:
            found = _WORD.findall(chance.choice(some))
            at = chance.randrange(max(1, len(found) - number))
            return " ".join(found[at : at + number])

        def timed(name: str, question: Callable[[], str]) -> Timed:
            engine.search(parse(question()), filters)
            times = []
            for _ in range(QUESTIONS):
                query = parse(question())
                start = time.perf_counter()
                engine.search(query, filters)
                times.append((time.perf_counter() - start) * 1000)
            return Timed(name, times)

        kinds: dict[str, Callable[[], str]] = {
            f"{number} words": partial(words, number) for number in range(1, 7)
        }
        kinds["phrase"] = lambda: f'"{words(3)}"'
        kinds["prefix"] = lambda: f"{words(1)[:3]}*"
        return [timed(name, question) for name, question in kinds.items()]


def lines(found: Sequence[Timed]) -> list[str]:
    """Return a line for each kind of search, marked if it misses the target."""
    return [
        f"{'✓' if one.p95 <= REACH_MS else '✗'} search of {PAGES} pages, {one.name:<10}"
        f" p50 {one.p50:6.1f} ms  p95 {one.p95:6.1f} ms  (reach: p95 ≤ {REACH_MS:.0f} ms)"
        for one in found
    ]


def main() -> None:
    """Measure with paragraphs of the wiki of the environment's settings."""
    print("\n".join(lines(measure(create_app().extensions["wiki"].database))))


if __name__ == "__main__":
    main()
