"""Queries for stars, which show a page only while its reader may read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, contains_eager

from wiki.bookmarks.models import Bookmark
from wiki.pages.models import Page, Revision
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.web.paging import Slice, decode_cursor, encode_cursor, give_up

ROWS = 50
FEW = 5
"""Number of pages that are listed on the home screen and in the quick switcher."""

IS_STARRED = exists().where(
    Bookmark.page_id == Revision.page_id, Bookmark.person_id == bindparam("person_id")
)
"""Whether the person with the id ``person_id`` has starred the page of a revision."""


def list_starred(
    session: Session, actor: Actor, *, after: str | None = None, limit: int = ROWS
) -> Slice[tuple[Page, datetime]]:
    """Return the live pages that the actor has starred and may read, with their spaces, each with
    the time of the star; the newest star first.

    :param after: the cursor of the previous slice; an invalid one starts at the beginning.
    """
    query = _starred(actor)
    values = decode_cursor(after, (str, int))
    if values is not None:
        try:
            moment = datetime.fromisoformat(values[0]).astimezone(UTC)
        except (ValueError, OverflowError):
            give_up(after)
        else:
            query = query.where(
                or_(
                    Bookmark.created_at < moment,
                    and_(Bookmark.created_at == moment, Bookmark.page_id < values[1]),
                )
            )
    rows = [(page, at) for page, at in session.execute(query, {"limit": limit + 1})]
    if len(rows) <= limit:
        return Slice(rows, None)
    page, at = rows[limit - 1]
    return Slice(rows[:limit], encode_cursor([at.isoformat(), page.id]))


@lru_cache(maxsize=64)
def _starred(actor: Actor) -> Select[Page, datetime]:
    return (
        select(Page, Bookmark.created_at)
        .join(Bookmark, Bookmark.page_id == Page.id)
        .join(Page.space)
        .where(Bookmark.person_id == actor.person_id, live_for(actor))
        .options(contains_eager(Page.space))
        .order_by(Bookmark.created_at.desc(), Bookmark.page_id.desc())
        .limit(bindparam("limit"))
    )


def few_starred(session: Session, actor: Actor) -> Sequence[Page]:
    """Return the pages that the actor has starred last; none for visitors without an account."""
    if actor.is_anonymous:
        return ()
    return [page for page, _ in list_starred(session, actor, limit=FEW).rows]
