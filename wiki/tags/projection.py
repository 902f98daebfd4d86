"""Maintenance of the derived tags: one row for each tag on the head of each live page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Delete, bindparam, delete, insert, select, text
from sqlalchemy.orm import Session

from wiki.db import batches
from wiki.pages.models import Page, Revision
from wiki.tags.models import PageTag
from wiki.text.tags import tag_key

BATCH = 500
"""Number of pages processed at once, limited by the number of parameters of a statement."""

# Key of the advisory lock that serialises :func:`recompute` until commit; any fixed number.
_SETTLING = 0x7A65

_COLUMNS = (PageTag.page_id, PageTag.tag_key, PageTag.tag, PageTag.space_id, PageTag.updated_at)
_Rows = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Difference:
    """A page whose derived tags differ from those of its head."""

    page_id: int
    expected: tuple[str, ...]
    found: tuple[str, ...]

    def __str__(self) -> str:
        should, are = (", ".join(tags) or "none" for tags in (self.expected, self.found))
        return f"Page {self.page_id} has the tags {should}, but is listed under: {are}."


def take_turn(session: Session) -> None:
    """Wait for other transactions that recompute tags, and lock them out until this one ends
    (PostgreSQL). This prevents writes based on outdated reads.

    Rows of tags lock their pages, so a transaction that locks pages must call this first.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SETTLING})


def recompute(session: Session, page_ids: Iterable[int]) -> int:
    """Update the derived tags of these pages from their heads; return how many pages differed.

    Idempotent. A deleted or missing page has no tags.
    """
    session.flush()
    take_turn(session)
    changed = 0
    for some in batches(sorted(set(page_ids)), BATCH):
        wrong = _differing(session, {"ids": some}, *_of_ids())
        if wrong:
            session.execute(_forget(), {"ids": list(wrong)})
            rows = [row for _, wanted, _ in wrong.values() for row in _as_rows(wanted)]
            if rows:
                session.execute(_ADD, rows)
        changed += len(wrong)
    return changed


def differing(session: Session, page_ids: Iterable[int]) -> list[int]:
    """Return those of the pages whose derived tags differ from those of their heads."""
    found: list[int] = []
    for some in batches(sorted(set(page_ids)), BATCH):
        found += _differing(session, {"ids": some}, *_of_ids())
    return found


def check(session: Session) -> Iterator[Difference]:
    """Yield every page whose derived tags differ from those of its head, in batches."""
    last = 0
    while True:
        ids = session.scalars(
            select(Page.id).where(Page.id > last).order_by(Page.id).limit(BATCH)
        ).all()
        if not ids:
            return
        span = {"first": ids[0], "last": ids[-1]}
        wrong = _differing(session, span, *_of_span())
        for page_id, wanted, there in wrong.values():
            yield Difference(page_id, _words(wanted), _words(there))
        last = ids[-1]


def repair(session: Session, differences: Iterable[Difference]) -> int:
    """Repair what :func:`check` found; return how many pages still differed."""
    return recompute(session, (one.page_id for one in differences))


def _differing(
    session: Session,
    which: Mapping[str, Any],
    tagged: Any,
    heads: Any,
) -> dict[int, tuple[int, _Rows, _Rows]]:
    """Return the pages whose expected and present rows differ, with both, in two queries."""
    there: dict[int, dict[str, tuple[Any, ...]]] = {}
    for row in session.connection().execute(tagged, which):
        there.setdefault(row.page_id, {})[row.tag_key] = tuple(row)
    wanted: dict[int, dict[str, tuple[Any, ...]]] = {}
    for id, space_id, updated_at, tags in session.connection().execute(heads, which):
        rows = wanted.setdefault(id, {})
        for tag in tags:
            key = tag_key(tag)
            rows.setdefault(key, (id, key, tag, space_id, updated_at))
    return {
        id: (id, wanted.get(id, {}), there.get(id, {}))
        for id in sorted({*wanted, *there})
        if wanted.get(id, {}) != there.get(id, {})
    }


@cache
def _of_ids() -> tuple[Any, Any]:
    """Select the present rows of pages, and the heads that say which they should be."""
    return _rows_and_heads(lambda column: column.in_(bindparam("ids", expanding=True)))


@cache
def _of_span() -> tuple[Any, Any]:
    """Select the same of pages between two ids."""
    return _rows_and_heads(lambda column: column.between(bindparam("first"), bindparam("last")))


def _rows_and_heads(
    among: Callable[[Any], ColumnElement[bool]],
) -> tuple[Any, Any]:
    rows = select(*_COLUMNS).where(among(PageTag.page_id))
    heads = (
        select(Page.id, Page.space_id, Page.updated_at, Revision.tags)
        .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .where(Page.deleted_at.is_(None), among(Page.id))
    )
    return rows, heads


_ADD = insert(PageTag)


@cache
def _forget() -> Delete:
    return (
        delete(PageTag)
        .where(PageTag.page_id.in_(bindparam("ids", expanding=True)))
        .execution_options(synchronize_session=False)
    )


def _as_rows(wanted: _Rows) -> list[dict[str, Any]]:
    names = [column.key for column in _COLUMNS]
    return [dict(zip(names, row, strict=True)) for row in wanted.values()]


def _words(rows: _Rows) -> tuple[str, ...]:
    return tuple(row[2] for row in rows.values())
