"""What pages do when they hear of an event."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.deliver import Happening
from wiki.pages.models import Page, Revision
from wiki.pages.rendering import context_of, keep_rendering, prepare
from wiki.pages.texts import get_text
from wiki.spaces.models import Space


def render_moved(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Render moved pages at their new place, so that reading finds them ready."""
    for page_id in {happening.page_id for happening in happenings}:
        with database.read() as session:
            row = session.execute(
                select(Page, Revision, Space.slug)
                .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
                .join(Space, Space.id == Page.space_id)
                .where(Page.id == page_id)
            ).one_or_none()
            if row is None:
                continue
            _page, revision, slug = row
            text = get_text(session, revision.content_hash)
        context = context_of(slug, revision)
        prepare(revision.content_hash, text, context)
        with database.write() as session:
            current = session.get(Page, page_id)
            if current is not None and current.head == revision.number:
                keep_rendering(session, current, revision, text, context)
