"""Recent changes: revisions, newest first, as far as somebody may read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from wiki.pages.models import Page, Revision
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.spaces.models import Space


def recent_changes(
    session: Session,
    actor: Actor,
    *,
    space: Space | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Revision]:
    """Revisions of live pages, newest first.

    :param before: only those before the revision of this id.
    """
    query = (
        select(Revision)
        .join(Revision.page)
        .join(Page.space)
        .where(live_for(actor))
        .options(
            contains_eager(Revision.page).contains_eager(Page.space),
            joinedload(Revision.author),
        )
        .order_by(Revision.id.desc())
        .limit(limit)
    )
    if space is not None:
        query = query.where(Page.space_id == space.id)
    if before is not None:
        query = query.where(Revision.id < before)
    return session.scalars(query).unique().all()
