"""Queries for the revisions of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, Label, Select, TableClause, bindparam, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.sql.visitors import iterate

from wiki.changes.reads import note_page, note_person, of_noted
from wiki.errors import NotFound, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext, ngettext
from wiki.pages.models import Page, Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.web.screens.filters import date_words


def head_of(session: Session, page: Page) -> Revision:
    """Return the newest revision of a page. The caller has checked that it may be read."""
    return get_revision(session, page, page.head)


def get_revision(session: Session, page: Page, number: int) -> Revision:
    """Return a revision of a page. The caller has checked that the page may be read.

    :raises NoSuchRevision: when the page has no revision of that number. :raises Purged:
    """
    return get_revision_with(session, page, number)[0]


def get_revisions(session: Session, page: Page, numbers: Sequence[int]) -> list[Revision]:
    """Return some revisions of a page in this order, as :func:`get_revision` does."""
    known = select(Revision).where(Revision.page_id == page.id, Revision.number.in_(numbers))
    found = {revision.number: revision for revision in session.scalars(known)}
    for number in numbers:
        if number not in found:
            raise NoSuchRevision(page)
        if found[number].purged_at is not None:
            raise Purged(found[number])
    return [found[number] for number in numbers]


def get_revision_with(
    session: Session, page: Page, number: int, columns: tuple[Label[Any], ...] = (), **values: Any
) -> tuple[Revision, dict[str, Any]]:
    """Return a revision of a page with other columns by name, read in the same query. The caller
    has checked that the page may be read.

    :param columns: those of the page's stored rendering, or expressions. What they read of tables
        with a rule in ``wiki/changes/rules.py`` are rows of this page or of the person with the id
        ``person_id``. :param values: their parameters.
    :raises NoSuchRevision: when the page has no revision of that number. :raises Purged:
    """
    note_page(page.id)
    note_person(values.get("person_id"))
    named = {"page_id": page.id, "number": number, **values}
    row = session.execute(_revision(columns), named).one_or_none()
    if row is None:
        raise NoSuchRevision(page)
    revision = row[0]
    if revision.purged_at is not None:
        raise Purged(revision)
    return revision, {column.name: row[n] for n, column in enumerate(columns, 1)}


class NoSuchRevision(NotFound):
    """A page that the actor may read has no revision of the requested number."""

    title = lazy_gettext("This revision doesn’t exist")

    def __init__(self, page: Page) -> None:
        super().__init__(
            ngettext("This page has 1 revision.", "This page has %(num)s revisions.", page.head)
        )
        self.page_id = page.id


class Purged(WikiError):
    """The content of this revision was deleted for good; only its tombstone is left."""

    status = 410
    title = lazy_gettext("This revision was purged")

    def __init__(self, revision: Revision) -> None:
        at = revision.purged_at
        super().__init__(
            _(
                "Revision %(number)s was purged on %(date)s. Its content was permanently removed.",
                number=revision.number,
                date=date_words(at),
            )
            if at
            else _(
                "Revision %(number)s was purged. Its content was permanently removed.",
                number=revision.number,
            )
        )
        self.page_id = revision.page_id
        self.number = revision.number


def tables_in(columns: Iterable[ColumnElement[Any]]) -> set[str]:
    """Return the names of the tables that expressions read."""
    parts = [part for column in columns for part in iterate(column)]
    tables = [*parts, *(part.table for part in parts if isinstance(part, ColumnClause))]
    return {table.name for table in tables if isinstance(table, TableClause)}


@cache
def _revision(columns: tuple[Label[Any], ...]) -> Select[Any]:
    tables = tables_in(columns)
    query = (
        select(Revision, *columns)
        .where(Revision.page_id == bindparam("page_id"), Revision.number == bindparam("number"))
        .options(joinedload(Revision.author))
        .execution_options(**of_noted("revisions", *tables))
    )
    if RenderingRow.__tablename__ in tables:
        query = query.outerjoin(RenderingRow, RenderingRow.page_id == Revision.page_id)
    return query
