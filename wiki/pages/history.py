"""The past of one page: its revisions, its deletions and restorations, who wrote what between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from wiki.outbox.events import PageDeleted, PageRestored
from wiki.outbox.models import EventRow
from wiki.pages.models import Page, Revision
from wiki.people.models import Person
from wiki.web.paging import Slice

_EVENTS: dict[str, Literal["deleted", "restored"]] = {
    PageDeleted.__name__: "deleted",
    PageRestored.__name__: "restored",
}


@dataclass(frozen=True)
class Entry:
    """A line of a page's history: a revision, or the page's deletion or restoration."""

    at: datetime
    who: Person | None
    revision: Revision | None = None
    event: Literal["deleted", "restored"] | None = None


def history(
    session: Session, page: Page, *, before: int | None = None, limit: int = 50
) -> Slice[Entry]:
    """What happened to a page that the caller may already read, newest first.

    :param before: only revisions with a lower number than this, and what happened among them.
    :returns: at most ``limit`` revisions; the cursor is the number of the last one.
    """
    query = select(Revision).where(Revision.page_id == page.id)
    if before is not None:
        query = query.where(Revision.number < before)
    found = session.scalars(
        query.options(joinedload(Revision.author)).order_by(Revision.number.desc()).limit(limit + 1)
    ).all()
    revisions, more = found[:limit], len(found) > limit
    entries = [Entry(one.created_at, one.author, revision=one) for one in revisions]
    if revisions:
        entries += _events(
            session, page, revisions[-1].created_at if more else None, _until(session, page, before)
        )
    # What happened to the page in the same moment as a revision came after it.
    entries.sort(key=lambda entry: (entry.at, entry.revision is None), reverse=True)
    return Slice(entries, str(revisions[-1].number) if more else None)


def _until(session: Session, page: Page, before: int | None) -> datetime | None:
    """When the revision ``before`` was made: what happened from then on is listed above it."""
    if before is None:
        return None
    return session.scalar(
        select(Revision.created_at).where(Revision.page_id == page.id, Revision.number == before)
    )


def _events(
    session: Session, page: Page, since: datetime | None, until: datetime | None
) -> list[Entry]:
    query = select(EventRow).where(EventRow.page_id == page.id, EventRow.name.in_(_EVENTS))
    if since is not None:
        query = query.where(EventRow.at >= since)
    if until is not None:
        query = query.where(EventRow.at < until)
    rows = session.scalars(query.order_by(EventRow.id.desc()).limit(200)).all()
    who = people(session, [row.actor_id for row in rows])
    return [Entry(row.at, who.get(row.actor_id), event=_EVENTS[row.name]) for row in rows]


def people(session: Session, ids: Sequence[int | None]) -> dict[int | None, Person]:
    """Those of the people who still have an account, by id."""
    wanted = {id for id in ids if id is not None}
    if not wanted:
        return {}
    found = session.scalars(select(Person).where(Person.id.in_(wanted)))
    return {person.id: person for person in found}


@dataclass(frozen=True)
class Author:
    """Somebody (None: nobody who still has an account) and how many revisions they wrote."""

    person: Person | None
    revisions: int


def authors_between(session: Session, page: Page, old: int, new: int) -> list[Author]:
    """Who wrote the revisions after ``old`` up to ``new``, those of most revisions first."""
    rows = session.execute(
        select(Revision.author_id, func.count())
        .where(Revision.page_id == page.id, Revision.number > old, Revision.number <= new)
        .group_by(Revision.author_id)
    ).all()
    known = people(session, [row[0] for row in rows])
    ranked = sorted(rows, key=lambda row: (-row[1], row[0] or 0))
    return [Author(known.get(row[0]), row[1]) for row in ranked]
