"""Queries for the extent of a purge before it is made, and for past purges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager

from wiki.attachments.models import Attachment
from wiki.errors import require_allowed
from wiki.outbox.models import PURGES, EventRow
from wiki.pages import queries as pages
from wiki.pages.links.backlinks import backlinks
from wiki.pages.models import Page, Redirect, Revision
from wiki.people.models import Person
from wiki.people.queries import people_by_id
from wiki.rules.access import Actor, may_administer
from wiki.spaces import queries as spaces
from wiki.spaces.models import Space
from wiki.web.paging import Slice

MOST_LISTED = 50


@dataclass(frozen=True)
class Going:
    """The extent of purging a page. ``linking`` are pages that the actor may read and whose links
    will be broken; ``elsewhere`` counts revisions of other pages that have one of its texts."""

    revisions: int
    authors: int
    files: int
    bytes: int
    addresses: int
    linking: Sequence[Page]
    elsewhere: int


def going_with(session: Session, actor: Actor, page: Page) -> Going:
    """Return the extent of purging a page that the actor may see."""
    revisions, authors = session.execute(
        select(func.count(), func.count(Revision.author_id.distinct())).where(
            Revision.page_id == page.id
        )
    ).one()
    files, size = session.execute(
        select(func.count(), func.coalesce(func.sum(Attachment.size), 0)).where(
            Attachment.page_id == page.id
        )
    ).one()
    addresses = session.scalar(
        select(func.count()).select_from(Redirect).where(Redirect.page_id == page.id)
    )
    texts = select(Revision.content_hash).where(Revision.page_id == page.id)
    elsewhere = session.scalar(
        select(func.count())
        .select_from(Revision)
        .where(
            Revision.content_hash.in_(texts),
            Revision.page_id != page.id,
            Revision.purged_at.is_(None),
        )
    )
    return Going(
        revisions=revisions,
        authors=authors,
        files=files,
        bytes=int(size),
        addresses=addresses or 0,
        linking=[one.page for one in backlinks(session, actor, page, limit=MOST_LISTED)],
        elsewhere=elsewhere or 0,
    )


@dataclass(frozen=True)
class Sharing:
    """The revisions that share the text of a revision: others of its page (``here``), whether its
    newest one does (``newest``), and the first of other pages that the actor may read
    (``elsewhere``); ``more`` counts the others that they may read, ``hidden`` the rest."""

    here: Sequence[int]
    newest: bool
    elsewhere: Sequence[Revision]
    more: int
    hidden: int


def sharing(session: Session, actor: Actor, page: Page, revision: Revision) -> Sharing:
    """Return the revisions that keep the text of a revision when it is purged."""
    same = select(Revision).where(
        Revision.content_hash == revision.content_hash, Revision.purged_at.is_(None)
    )
    numbers = session.scalars(
        same.with_only_columns(Revision.number)
        .where(Revision.page_id == page.id, Revision.id != revision.id)
        .order_by(Revision.number)
    ).all()
    others = same.where(Revision.page_id != page.id)
    total = session.scalar(select(func.count()).select_from(others.subquery())) or 0
    readable = others.join(Revision.page).join(Page.space).where(pages.readable_by(actor))
    known = session.scalar(readable.with_only_columns(func.count(Revision.id))) or 0
    found = session.scalars(
        readable.options(contains_eager(Revision.page).contains_eager(Page.space))
        .order_by(Revision.id)
        .limit(MOST_LISTED)
    ).all()
    return Sharing(
        here=[number for number in numbers if number != page.head],
        newest=page.head in numbers,
        elsewhere=found,
        more=known - len(found),
        hidden=total - known,
    )


@dataclass(frozen=True)
class Tombstone:
    """The record of a purge. ``revision`` is 0 if a whole page was purged."""

    at: datetime
    who: Person | None
    space: Space
    path: str
    page_id: int
    revision: int
    revisions: int


def tombstones(
    session: Session, actor: Actor, *, before: int | None = None, limit: int = 50
) -> Slice[Tombstone]:
    """Return the purges in spaces that the actor may read, newest first.

    :param before: only events before the one with this id; the cursor of the next slice.
    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    query = (
        select(EventRow, Space)
        .join(Space, Space.id == EventRow.space_id)
        .where(PURGES, spaces.readable_by(actor))
        .order_by(EventRow.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(EventRow.id < before)
    found = session.execute(query).all()
    who = people_by_id(session, [event.actor_id for event, _ in found])
    rows = [
        Tombstone(
            at=event.at,
            who=who.get(event.actor_id),
            space=space,
            path=event.payload["path"],
            page_id=event.page_id or 0,
            revision=event.payload.get("revision", 0),
            revisions=event.payload.get("revisions", 1),
        )
        for event, space in found[:limit]
    ]
    return Slice(rows, str(found[limit - 1][0].id) if len(found) > limit else None)
