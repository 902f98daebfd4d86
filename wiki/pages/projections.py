"""Tables of kinds of pages: rows made from the fields of heads, so that SQL can use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from wiki.kind import Projection
from wiki.kind_registry import kind_named, registered_kinds
from wiki.pages.models import Page, Revision


def project(session: Session, page: Page, revision: Revision) -> None:
    """Store the row of a page, given its head. Kinds without a table need no query."""
    projection = kind_named(page.kind).projection
    if projection is None:
        return
    table, wanted = projection.table, _row(page.kind, revision)
    of_page = table.c.page_id == page.id
    stored = session.execute(select(table).where(of_page)).mappings().one_or_none()
    if stored is not None and wanted is None:
        session.execute(delete(table).where(of_page))
    elif stored is None and wanted is not None:
        session.execute(insert(table).values(page_id=page.id, **wanted))
    elif wanted is not None and not _agrees(stored, wanted):
        session.execute(update(table).where(of_page).values(**wanted))


def _row(kind: str, revision: Revision) -> Mapping[str, Any] | None:
    """Return the row that follows from a head; None if its values are not valid."""
    declared = kind_named(kind)
    fields = declared.read(revision.fields)
    if fields is None or declared.projection is None:
        return None
    return declared.projection.row(fields)


def _agrees(stored: Mapping[Any, Any] | None, wanted: Mapping[str, Any] | None) -> bool:
    if stored is None or wanted is None:
        return stored is None and wanted is None
    return all(stored[name] == value for name, value in wanted.items())


def check(session: Session) -> Iterator[int]:
    """Yield the ids of live pages whose row is not the one that follows from their head."""
    for kind in registered_kinds():
        if kind.projection is not None:
            yield from _check(session, kind.name, kind.projection)


def _check(session: Session, kind: str, projection: Projection) -> Iterator[int]:
    table = projection.table
    rows = session.execute(
        select(Page.id, Revision, table)
        .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .outerjoin(table, table.c.page_id == Page.id)
        .where(Page.kind == kind, Page.deleted_at.is_(None))
        .order_by(Page.id)
        .execution_options(yield_per=400)
    )
    for row in rows:
        there = {column.name: row._mapping[column] for column in table.columns}
        stored = there if there["page_id"] is not None else None
        if not _agrees(stored, _row(kind, row.Revision)):
            yield row.id


def rebuild(session: Session, page_ids: list[int]) -> None:
    """Store the rows of these pages again."""
    for page_id in page_ids:
        found = session.execute(
            select(Page, Revision)
            .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
            .where(Page.id == page_id)
        ).one_or_none()
        if found is not None:
            project(session, *found)
