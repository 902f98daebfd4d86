"""A benchmark of the search engines with many pages: 1 to 6 words, a phrase, a prefix, titles.

The pages are made of paragraphs of the wiki of the environment's settings. Measured is the CPU time
of whole searches, with the gate, ten hits, excerpts and facets, and of what the switcher asks for
first letters. `python -m bench.many` prints the lines. `--keep FOLDER` keeps Whoosh's index for
the next run; `--postgresql URL` measures the engine in a PostgreSQL database of this machine, whose
index stays there.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select, text

from bench.search import Timed
from wiki.app import create_app
from wiki.db import Database
from wiki.pages.rendering.models import RenderingRow
from wiki.search.engine import Document, Engine, Filters
from wiki.search.postgresql.adapter import PostgresEngine
from wiki.search.query import parse
from wiki.search.whoosh.adapter import WhooshEngine

PAGES = 10_000
SPACES = 8
QUESTIONS = 100
REACH_MS, REACH_TITLES_MS = 60.0, 50.0
"""Maximum of the 95th percentile of each kind of search, and of titles, in milliseconds."""

_WORD = re.compile(r"[^\W\d_]{3,}")


def paragraphs(database: Database) -> list[str]:
    """Return the paragraphs of all pages that have some words."""
    with database.read() as session:
        texts = session.scalars(select(RenderingRow.text)).all()
    return [
        each for text in texts for each in (text or "").split("\n") if len(_WORD.findall(each)) > 7
    ]


def documents(some: Sequence[str], pages: int, chance: random.Random) -> Iterator[Document]:
    """Yield pages of random paragraphs of about 400 words."""
    began = datetime(2024, 1, 1, tzinfo=UTC)
    for number in range(1, pages + 1):
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


def measure(
    engine: Engine, cpu: Callable[[], float], some: Sequence[str], pages: int, seed: int = 7
) -> list[Timed]:
    """Measure each kind of search in an index of such pages, which is built unless it is there.

    :param cpu: returns the CPU time that the engine has used so far, in seconds.
    """
    chance = random.Random(seed)
    if engine.wanted() or len(engine.revisions()) != pages:
        engine.rebuild(
            lambda ids: () if ids else documents(some, pages, random.Random(seed)),
            lambda: dict.fromkeys(range(1, pages + 1), 1),
        )
    filters = Filters(
        frozenset(range(SPACES - 1)),
        hidden=frozenset(range(0, pages, max(20, pages // 500))),
        moments=(datetime(2025, 1, 1, tzinfo=UTC),),
    )

    def words(number: int) -> str:
        found = _WORD.findall(chance.choice(some))
        at = chance.randrange(max(1, len(found) - number))
        return " ".join(found[at : at + number])

    def timed(name: str, question: Callable[[], str]) -> Timed:
        def ask(text: str) -> None:
            if name.startswith("titles"):
                engine.titles(text, filters, near=True)
            else:
                engine.search(parse(text), filters)

        ask(question())
        times = []
        for _ in range(QUESTIONS):
            text = question()
            start = cpu()
            ask(text)
            times.append((cpu() - start) * 1000)
        return Timed(name, times)

    kinds: dict[str, Callable[[], str]] = {
        f"{number} words": partial(words, number) for number in range(1, 7)
    }
    kinds["phrase"] = lambda: f'"{words(3)}"'
    kinds["prefix"] = lambda: f"{words(1)[:3]}*"
    kinds["titles"] = lambda: words(1)[: chance.randrange(1, 4)]
    return [timed(name, question) for name, question in kinds.items()]


def lines(found: Sequence[Timed], pages: int) -> list[str]:
    """Return a line for each kind of search, marked if it misses the target."""
    return [
        f"{'✓' if one.p95 <= reach else '✗'} search of {pages} pages, {one.name:<10}"
        f" p50 {one.p50:6.1f} ms  p95 {one.p95:6.1f} ms  (reach: p95 ≤ {reach:.0f} ms)"
        for one in found
        for reach in [REACH_TITLES_MS if one.name == "titles" else REACH_MS]
    ]


def main() -> None:
    """Measure with paragraphs of the wiki of the environment's settings."""
    parser = argparse.ArgumentParser(prog="python -m bench.many", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--keep", type=Path, help="folder that keeps Whoosh's index")
    parser.add_argument("--postgresql", help="URL of a database for an index")
    chosen = parser.parse_args()
    some = paragraphs(create_app().extensions["wiki"].database)
    if chosen.postgresql:
        database = Database(chosen.postgresql, {})
        measured = measure(PostgresEngine(database), _cpu_with(database), some, chosen.pages)
    else:
        with tempfile.TemporaryDirectory() as folder:
            engine = WhooshEngine((chosen.keep or Path(folder)) / "index")
            measured = measure(engine, time.process_time, some, chosen.pages)
    print("\n".join(lines(measured, chosen.pages)))


def _cpu_with(database: Database) -> Callable[[], float]:
    """Return a function for the CPU time of this process and of the one that answers it in a
    PostgreSQL of this machine. It relies on the pool giving the same connection each time."""
    with database.read() as session:
        server = session.scalar(text("SELECT pg_backend_pid()"))
    spent = Path(f"/proc/{server}/schedstat")
    return lambda: time.process_time() + int(spent.read_text().split()[0]) / 1e9


if __name__ == "__main__":
    main()
