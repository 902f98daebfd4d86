"""Search engine in the wiki's PostgreSQL database: rows for the pages, with vectors of words.

A search is one transaction. PostgreSQL chooses candidates by their words, within what the actor may
read, and counts all pages that match; the candidates are then ranked as in every engine.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from wiki.db import Database
from wiki.search.engine import Document, Filters, IndexUnavailable, Results, TitleHit
from wiki.search.language.synonyms import Synonyms, standard
from wiki.search.postgresql import schema
from wiki.search.postgresql.finding import (
    BLOCK,
    MOST,
    DatabaseFinder,
    counts_of,
    title_pools,
)
from wiki.search.postgresql.rows import FIELDS, Row
from wiki.search.postgresql.schema import DOCUMENTS, TERMS, TEXTS
from wiki.search.postgresql.snapshot import Statistics
from wiki.search.query import Query
from wiki.search.ranking.finding import Limits
from wiki.search.ranking.hits import hit
from wiki.search.ranking.titles import titles

log = logging.getLogger(__name__)

PATIENCE = 2.0
"""Time limit of the statements of a search, in seconds."""
WAIT = 30.0
"""Seconds that a writer waits for another one."""
TOGETHER = 100
"""Number of pages of a new index that are written in one transaction."""
_WRITING, _BUILDING = 7_310_941, 7_310_942
"""Numbers of the advisory locks for writing, and for building an index."""

_OF_DOCUMENTS = (
    "page_id", "revision", "space_id", "updated", "links", "kind", "language", "whole_title",
    "tags", "marks", "authors", "link_sources", "is_clipped", *FIELDS.values(),
)  # fmt: skip
_OF_TEXTS = ("page_id", "title", "path", "body", "sections", "weights", "positions")


class PostgresEngine:
    """The index in the wiki's database."""

    keeps_words = False

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading ---------------------------------------------------------------------------

    def search(
        self,
        query: Query,
        filters: Filters,
        *,
        synonyms: Synonyms | None = None,
        offset: int = 0,
        limit: int = 10,
    ) -> Results:
        """Return the best hits among the pages of `filters.spaces`.

        :param synonyms: the synonyms to search for too; the built-in ones if None.
        :raises IndexUnavailable: when there is no usable index.
        """
        if query.empty:
            return Results()
        most = -(-(offset + limit) // BLOCK) * BLOCK
        limits = Limits(PATIENCE, standard() if synonyms is None else synonyms, most)
        with self._reading() as session:
            finder = DatabaseFinder(Statistics(session), query, filters, limits, most)
            found = finder.find()
            shown = found[offset : offset + limit]
            finder.load_bodies(shown)
            terms = finder.terms(shown)
            summary = finder.summary
            return Results(
                hits=tuple(hit(one, finder, terms) for one in shown),
                total=max(summary.total - (len(summary.ids) - len(found)), 0),
                cut=summary.compared >= MOST or finder.deadline.passed,
                **counts_of(summary, filters.moments),
                corrected=finder.corrected,
                terms=terms,
                groups=finder.groups(terms),
                loosened=finder.loosened,
            )

    def titles(
        self, text: str, filters: Filters, *, limit: int = 10, near: bool = False
    ) -> list[TitleHit]:
        """Return pages whose title begins with `text`; with `near`, similar ones too.

        :raises IndexUnavailable: when there is no usable index.
        """
        with self._reading() as session:
            statistics = Statistics(session)
            return titles(
                statistics,
                text,
                lambda groups: title_pools(statistics, Query(text), filters, groups),
                limit,
                near,
            )

    def revisions(self, page_ids: Collection[int] | None = None) -> dict[int, int]:
        """Return the indexed revision number of every page, or of the given ones, by page id.

        :raises IndexUnavailable: when there is no usable index.
        """
        with self._reading() as session:
            return _revisions(session, page_ids)

    def linked_from(self, page_ids: Collection[int]) -> set[int]:
        """Return the pages that are indexed with the texts of links from the given ones.

        :raises IndexUnavailable: when there is no usable index.
        """
        with self._reading() as session:
            rows = session.scalars(
                text(
                    f"SELECT page_id FROM {DOCUMENTS} WHERE link_sources && CAST(:ids AS bigint[])"
                ),
                {"ids": list(page_ids)},
            )
            return set(rows)

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        try:
            with self._database.read() as session:
                if not schema.is_ready(session):
                    raise IndexUnavailable("There is no search index.")
                # Compiling a statement takes longer than running it.
                session.execute(text("SET LOCAL jit = off"))
                session.execute(text(f"SET LOCAL statement_timeout = {int(PATIENCE * 1000)}"))
                yield session
        except DBAPIError as error:
            log.exception("the search index could not be read")
            raise IndexUnavailable("The search index cannot be read.") from error

    # -- writing ---------------------------------------------------------------------------

    def update(self, documents: Iterable[Document], removed: Collection[int] = ()) -> None:
        """Add or replace pages and remove others, in one step.

        :raises IndexUnavailable: when there is no usable index.
        :raises TimeoutError: when another process keeps the index locked.
        """
        rows = [Row(document) for document in documents]
        if not rows and not removed:
            return
        with self._writing() as session:
            if not schema.is_ready(session):
                raise IndexUnavailable("There is no search index.")
            _replace(session, rows, removed)

    def rebuild(
        self,
        documents: Callable[[Collection[int] | None], Iterable[Document]],
        current: Callable[[], Mapping[int, int]],
    ) -> int:
        """Index every page anew, in place: a page is found as before until its turn. Return the
        number of pages in the index.

        :raises TimeoutError: when another process is already building one.
        :raises IndexUnavailable: when PostgreSQL does not allow the tables to be created.
        """
        with self._database.writer.connect() as connection:
            lock = text("SELECT pg_try_advisory_lock(:number)")
            if not connection.scalar(lock, {"number": _BUILDING}):
                raise TimeoutError("Another process is building the search index.")
            connection.commit()
            try:
                return self._build(documents, current)
            finally:
                connection.execute(
                    text("SELECT pg_advisory_unlock(:number)"), {"number": _BUILDING}
                )
                connection.commit()

    def _build(
        self,
        documents: Callable[[Collection[int] | None], Iterable[Document]],
        current: Callable[[], Mapping[int, int]],
    ) -> int:
        try:
            with self._writing() as session:
                schema.create_tables(session)
        except DBAPIError as error:
            raise IndexUnavailable(
                "PostgreSQL refuses to create the search index, which needs a schema of its own "
                f"and the extension pg_trgm: {error.orig}"
            ) from error
        left = iter(documents(None))
        while self._write_some(left):
            pass
        with self._writing() as session:
            have, want = _revisions(session), current()
            stale = [page for page, revision in want.items() if have.get(page) != revision]
            gone = [page for page in have if page not in want]
            rows = [Row(document) for document in (documents(stale) if stale else ())]
            _replace(session, rows, {*gone, *stale} - {row.columns["page_id"] for row in rows})
            schema.create_indexes(session)
        return len(want)

    def _write_some(self, left: Iterator[Document]) -> bool:
        """Write the next pages of a new index. They are read while the lock is held, so that an
        older state of a page never replaces a newer one. Return whether there were any."""
        with self._writing() as session:
            rows = [Row(document) for document in islice(left, TOGETHER)]
            _replace(session, rows)
        return bool(rows)

    def wanted(self) -> str:
        """Return why the index has to be rebuilt; empty if it does not."""
        with self._database.read() as session:
            return "" if schema.is_ready(session) else "There is no search index yet."

    def exists(self) -> bool:
        """Return whether there is an index, usable or not."""
        return not self.wanted()

    def merge_at_rest(self) -> bool:
        """Do nothing, because PostgreSQL tidies its indexes itself."""
        return False

    def drop(self) -> None:
        """Remove the index, because another engine is used."""
        with self._writing() as session:
            schema.drop_tables(session)

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """Open a transaction that no other one writes beside."""
        try:
            with self._database.write(durable=False) as session:
                session.execute(text(f"SET LOCAL lock_timeout = {int(WAIT * 1000)}"))
                session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _WRITING})
                yield session
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") == "55P03":
                raise TimeoutError(
                    f"Another process has been writing the search index for {WAIT:.0f} seconds."
                ) from None
            raise


def _revisions(session: Session, page_ids: Collection[int] | None = None) -> dict[int, int]:
    where = "" if page_ids is None else "WHERE page_id = ANY(:ids)"
    values = {} if page_ids is None else {"ids": list(page_ids)}
    rows = session.execute(
        text(f"SELECT page_id, revision FROM {DOCUMENTS} {where}"),
        values,
    )
    return {row.page_id: row.revision for row in rows}


def _replace(session: Session, rows: Collection[Row], removed: Collection[int] = ()) -> None:
    """Write rows of pages and remove others, and count their terms."""
    ids = {*removed, *(row.columns["page_id"] for row in rows)}
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        counts.update(row.terms)
    counts.subtract(_terms(session, ids))
    session.execute(
        text(f"DELETE FROM {DOCUMENTS} WHERE page_id = ANY(:ids)"),
        {"ids": sorted(ids)},
    )
    for table, columns in ((DOCUMENTS, _OF_DOCUMENTS), (TEXTS, _OF_TEXTS)):
        if rows:
            session.execute(
                text(
                    f"INSERT INTO {table} ({', '.join(columns)})"
                    f" VALUES ({', '.join(map(_value, columns))})"
                ),
                [{name: row.columns[name] for name in columns} for row in rows],
            )
    _count(session, {term: by for term, by in counts.items() if by})


def _value(column: str) -> str:
    kind = {"tags": "text[]", "marks": "text[]", "authors": "bigint[]", "link_sources": "bigint[]"}
    kind |= dict.fromkeys(FIELDS.values(), "tsvector")
    return f"CAST(:{column} AS {kind[column]})" if column in kind else f":{column}"


def _terms(session: Session, page_ids: Iterable[int]) -> Counter[tuple[str, str]]:
    """Return the terms of pages as they are stored, each with the number of these pages."""
    found: Counter[tuple[str, str]] = Counter()
    columns = ", ".join(f"tsvector_to_array({name})" for name in FIELDS.values())
    rows = session.execute(
        text(f"SELECT language, {columns} FROM {DOCUMENTS} WHERE page_id = ANY(:ids)"),
        {"ids": sorted(page_ids)},
    )
    for language, *vectors in rows:
        found["language", language] += 1
        for name, terms in zip(FIELDS, vectors, strict=True):
            found.update((name, term) for term in terms)
    return found


def _count(session: Session, changes: Mapping[tuple[str, str], int]) -> None:
    """Add to the numbers of pages of terms, and remove those that no page has any more."""
    if not changes:
        return
    ordered = sorted(changes)
    values: dict[str, Any] = {
        "fields": [field for field, _ in ordered],
        "terms": [term for _, term in ordered],
        "pages": [changes[one] for one in ordered],
    }
    session.execute(
        text(
            f"INSERT INTO {TERMS} AS t (field, term, pages)"
            " SELECT * FROM unnest(CAST(:fields AS text[]), CAST(:terms AS text[]),"
            " CAST(:pages AS integer[]))"
            " ON CONFLICT (field, term) DO UPDATE SET pages = t.pages + excluded.pages"
        ),
        values,
    )
    less = [one for one in ordered if changes[one] < 0]
    if less:
        session.execute(
            text(
                f"DELETE FROM {TERMS} t USING unnest(CAST(:fields AS text[]),"
                " CAST(:terms AS text[])) AS l (field, term)"
                " WHERE t.field = l.field AND t.term = l.term AND t.pages <= 0"
            ),
            {"fields": [field for field, _ in less], "terms": [term for _, term in less]},
        )
