"""Judged searches: how high the pages that answer a query stand, beside SQLite FTS5 as yardstick.

`python -m bench.judging` scores the wiki of the environment's settings, which has the handbook in
the space `handbook` and the pages of `judged/world` in the space `world`, both public.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.measure import Result
from wiki.app import create_app
from wiki.db import Database
from wiki.pages.models import Page
from wiki.rules.access import ANONYMOUS
from wiki.search.engine import Engine
from wiki.search.index import documents_of, whoosh_of
from wiki.search.postgresql.adapter import PostgresEngine
from wiki.search.queries import search
from wiki.spaces.models import Space

JUDGED = Path(__file__).parent / "judged"
WORLD = JUDGED / "world"
TARGETS = {"all": 0.85, "questions": 0.75}
"""Least MRR@10 on the half kept aside."""
TIMES = 1.2
"""Least ratio of the MRR@10 of all queries to that of FTS5."""
BETWEEN = 0.03
"""Largest difference of the MRR@10 of the engines."""
SHOWN = 10
"""Number of hits that count."""

_FILLERS = frozenset(
    """a about am an and any are as at be been but by can could did do does for from get had
    has have he her his how i i'm if in into is it its may me my no not of on or our
    ours she should so than that the their them then there these they this those to up
    us was we were what when where which while who whom whose why will with would you
    your""".split()  # noqa: SIM905
)

Ranking = Callable[[str], Sequence[str]]
"""Returns the first pages for a query, as `space/path` in lower case."""


@dataclass(frozen=True)
class Judged:
    """A query and the pages that answer it, as `space/path` in lower case."""

    kind: str
    text: str
    pages: frozenset[str]

    @property
    def aside(self) -> bool:
        """True if the query is kept aside: it is scored, but never used for tuning."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 2 == 1


@dataclass(frozen=True)
class Score:
    """The means over some queries."""

    count: int
    mrr: float
    ndcg: float
    recall: float
    empty: int
    """Number of queries without any result."""


def judged() -> list[Judged]:
    """Return the whole judged set."""
    found = []
    for space in ("handbook", "world"):
        for line in (JUDGED / f"{space}.tsv").read_text().splitlines():
            kind, text, *paths = line.split("\t")
            found.append(Judged(kind, text, frozenset(f"{space}/{path}" for path in paths)))
    return found


def score(queries: Sequence[Judged], ranking: Ranking) -> Score:
    """Score a ranking: MRR@10, nDCG@10, recall@10, and queries without a result."""
    mrr = ndcg = recall = 0.0
    empty = 0
    for one in queries:
        found = ranking(one.text)[:SHOWN]
        places = [place for place, page in enumerate(found, 1) if page in one.pages]
        best = sum(1 / math.log2(n + 1) for n in range(1, min(len(one.pages), SHOWN) + 1))
        mrr += 1 / places[0] if places else 0.0
        ndcg += sum(1 / math.log2(place + 1) for place in places) / best
        recall += len(places) / min(len(one.pages), SHOWN)
        empty += not found
    count = len(queries)
    return Score(count, mrr / count, ndcg / count, recall / count, empty)


def own(session: Session, engine: Engine) -> Ranking:
    """Return the ranking of the wiki's own search, as an anonymous reader sees it."""

    def ranking(text: str) -> list[str]:
        hits = search(session, ANONYMOUS, engine, text).hits
        return [f"{one.page.space.slug}/{one.page.path}".lower() for one in hits]

    return ranking


def fts5(wiki: Database, database: sqlite3.Connection) -> Ranking:
    """Return the ranking of SQLite FTS5 with Porter stemming over title and text. It searches for
    any of the words that are not fillers."""
    database.execute(
        "CREATE VIRTUAL TABLE f USING fts5(p UNINDEXED, title, body, tokenize='porter')"
    )
    with wiki.read() as session:
        slugs = {one.id: one.slug for one in session.scalars(select(Space))}
        pages = list(session.scalars(select(Page.id).where(Page.deleted_at.is_(None))))
    database.executemany(
        "INSERT INTO f VALUES (?, ?, ?)",
        (
            (f"{slugs[one.space_id]}/{one.path}".lower(), one.title, one.body)
            for one in documents_of(wiki, pages)
        ),
    )

    def ranking(text: str) -> list[str]:
        words = re.findall(r"[\w']+", text.lower())
        wanted = [word for word in words if word not in _FILLERS] or words
        match = " OR ".join('"' + word.replace("'", " ") + '"' for word in wanted)
        found = database.execute(
            "SELECT p FROM f WHERE f MATCH ? ORDER BY bm25(f) LIMIT ?", (match, SHOWN)
        )
        return [page for (page,) in found]

    return ranking


@contextmanager
def rankings_of_wiki() -> Iterator[dict[str, Ranking]]:
    """Open the wiki of the environment's settings, and give the rankings by name.

    That of PostgreSQL is left out unless WIKI_TEST_POSTGRES_URL names a database; an index is built
    in it, and dropped at the end.
    """
    app = create_app()
    wiki, settings = app.extensions["wiki"].database, app.extensions["wiki"].settings
    with (
        closing(sqlite3.connect(":memory:")) as memory,
        wiki.read() as session,
        app.app_context(),
        in_postgresql(wiki) as engine,
    ):
        found = {"Whoosh": own(session, whoosh_of(settings))}
        if engine is not None:
            found["PostgreSQL"] = own(session, engine)
        yield found | {"FTS5": fts5(wiki, memory)}


@contextmanager
def in_postgresql(wiki: Database) -> Iterator[Engine | None]:
    """Index the pages of a wiki in the database of WIKI_TEST_POSTGRES_URL, and give the engine, or
    None without that variable."""
    if not (url := os.environ.get("WIKI_TEST_POSTGRES_URL")):
        yield None
        return
    database = Database(url, {})
    engine = PostgresEngine(database)
    with wiki.read() as session:
        live = select(Page.id, Page.head).where(Page.deleted_at.is_(None))
        heads = {row.id: row.head for row in session.execute(live)}
    try:
        engine.rebuild(lambda ids: documents_of(wiki, heads if ids is None else ids), lambda: heads)
        yield engine
    finally:
        engine.drop()
        database.dispose()


def table(queries: Sequence[Judged], rankings: dict[str, Ranking]) -> list[str]:
    """Return lines with the scores of each ranking, of all queries and by kind."""
    kinds = list(dict.fromkeys(one.kind for one in queries))
    lines = [
        f"{'queries':<16} {'engine':<11}{'MRR@10':>8}{'nDCG@10':>9}{'recall@10':>11}{'empty':>7}"
    ]
    for kind in ["all", *kinds]:
        some = [one for one in queries if kind in ("all", one.kind)]
        for name, ranking in rankings.items():
            one = score(some, ranking)
            lines.append(
                f"{kind:<12}{one.count:>4} {name:<11}{one.mrr:>8.3f}{one.ndcg:>9.3f}"
                f"{one.recall:>11.3f}{one.empty:>7}"
            )
    return lines


def results() -> Iterator[Result]:
    """Print the scores on the half kept aside, and yield them beside their targets."""
    queries = [one for one in judged() if one.aside]
    with rankings_of_wiki() as rankings:
        print("\n".join(table(queries, rankings)))
        for kind, target in TARGETS.items():
            some = [one for one in queries if kind in ("all", one.kind)]
            *ours, theirs = (score(some, ranking).mrr for ranking in rankings.values())
            least = max(target, TIMES * theirs) if kind == "all" else target
            for name, mrr in zip(rankings, ours, strict=False):
                yield Result(
                    f"judged search, {name}, {kind}, MRR@10",
                    f"{mrr:.3f}",
                    f"≥ {least:.3f}",
                    mrr >= least,
                    f"{len(some)} queries; FTS5 {theirs:.3f}",
                )
            if len(ours) > 1:
                yield Result(
                    f"judged search, {kind}, between engines",
                    f"{abs(ours[0] - ours[1]):.3f}",
                    f"≤ {BETWEEN}",
                    abs(ours[0] - ours[1]) <= BETWEEN,
                    "difference of MRR@10",
                )


def main() -> None:
    """Print the scores of the wiki of the environment's settings."""
    parser = argparse.ArgumentParser(prog="python -m bench.judging", description=__doc__)
    parser.add_argument("--half", choices=("first", "aside"), default="first")
    parser.add_argument("--misses", action="store_true", help="list misses of the first half")
    chosen = parser.parse_args()
    queries = [one for one in judged() if one.aside == (chosen.half == "aside")]
    with rankings_of_wiki() as rankings:
        print("\n".join(table(queries, rankings)))
        for one in queries if chosen.misses and chosen.half == "first" else ():
            found = list(rankings["Whoosh"](one.text))
            if not found or found[0] not in one.pages:
                place = next((n for n, page in enumerate(found, 1) if page in one.pages), 0)
                print(f"\n{place:>3} {one.kind}: {one.text}", *sorted(one.pages), sep="\n      ")
                print("    found", *found[:3], sep="\n      ")


if __name__ == "__main__":
    main()
