"""Queries for the log of reads, for administrators: newest first, of a person or a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, select, tuple_
from sqlalchemy.orm import Session, contains_eager

from wiki.audit.filters import page_id_of
from wiki.audit.queries import require_admin
from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.pages.access.models import PageRead
from wiki.pages.models import Page
from wiki.pages.queries import readable_by
from wiki.people.actions import find_person
from wiki.people.models import Person
from wiki.people.queries import people_by_id
from wiki.rules.access import Actor
from wiki.web.paging import Slice


@dataclass(frozen=True)
class Read:
    """The first read of something by a person on a day. ``page`` is None if the actor may not read
    it or it no longer exists."""

    at: datetime
    person: Person | None
    anonymous: bool
    page: Page | None
    page_id: int
    revision: int
    file_id: int


@dataclass(frozen=True)
class Cursor:
    """The end of a slice; the ids order rows of the same moment."""

    at: datetime
    page_id: int
    revision: int
    file_id: int


def list_reads(
    session: Session,
    actor: Actor,
    *,
    who: str = "",
    page: str = "",
    before: Cursor | None = None,
    limit: int = 50,
) -> tuple[Slice[Read], Mapping[str, str]]:
    """Return the reads, newest first, and the errors of the filters by name.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    query = select(PageRead).order_by(*(column.desc() for column in _ORDER)).limit(limit + 1)
    errors: dict[str, str] = {}
    if who:
        person = find_person(session, who.removeprefix("@"))
        if person is None:
            errors["who"] = _("There is no user %(typed)s.", typed=who)
        else:
            query = query.where(PageRead.person_id == person.id)
    if page:
        try:
            query = query.where(PageRead.page_id == page_id_of(session, actor, page))
        except Invalid as error:
            errors["page"] = error.sentence
    if errors:
        return Slice([], None), errors
    if before is not None:
        query = query.where(_after(before))
    rows = session.scalars(query).all()
    shown = rows[:limit]
    readable = (
        select(Page)
        .join(Page.space)
        .where(Page.id.in_({row.page_id for row in shown}), readable_by(actor))
        .options(contains_eager(Page.space))
    )
    pages = {one.id: one for one in session.scalars(readable)}
    known = people_by_id(session, [row.person_id for row in shown])
    found = [
        Read(
            row.at,
            known.get(row.person_id),
            row.person_id == 0,
            pages.get(row.page_id),
            row.page_id,
            row.revision,
            row.file_id,
        )
        for row in shown
    ]
    last = shown[-1] if len(rows) > limit else None
    after = f"{last.at.isoformat()}_{last.page_id}_{last.revision}_{last.file_id}" if last else None
    return Slice(found, after), {}


def cursor_of(sent: str) -> Cursor | None:
    """Parse the cursor in an address; return None if it is invalid."""
    try:
        at, *numbers = sent.split("_")
        moment = datetime.fromisoformat(at)
        page_id, revision, file_id = (int(one) for one in numbers)
    except ValueError:
        return None
    if moment.tzinfo is None or max(page_id, revision, file_id) > 2**53:
        return None
    return Cursor(moment, page_id, revision, file_id)


_ORDER = (PageRead.at, PageRead.page_id, PageRead.revision, PageRead.file_id)


def _after(cursor: Cursor) -> ColumnElement[bool]:
    """Return the condition for rows after a cursor. The person is not compared: of two people who
    read the same in one microsecond, one may be left out."""
    there = tuple_(*_ORDER)
    here = tuple_(*(bindparam(None, getattr(cursor, one.key), type_=one.type) for one in _ORDER))
    return there < here
