"""Handlers: passages are followed after saves, and messages rendered that have no current
rendering."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select, update
from sqlalchemy.orm import joinedload

from wiki.comments.composing import derived_columns
from wiki.comments.following import behind, follow_page, forget_quotes
from wiki.comments.models import Message, Thread
from wiki.comments.shown import render_all
from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.deliver import Happening
from wiki.purging.events import RevisionPurged
from wiki.text.markdown.markup import RENDERER_VERSION

AT_ONCE = 50


def follow_passages(
    database: Database, _settings: Settings, happenings: Sequence[Happening]
) -> None:
    """Follow the passages with comments on pages to the newest texts of the pages."""
    for one in happenings:
        if one.name == RevisionPurged.__name__ and one.page_id is not None:
            forget_quotes(database, one.page_id, int(one.payload["revision"]))
    page_ids = {one.page_id for one in happenings if one.page_id is not None}
    for page_id in behind(database, page_ids):
        follow_page(database, page_id)


def render_messages(database: Database, _settings: Settings) -> None:
    """Render messages whose rendering is missing, was cut off, or is of another version of the
    renderer (periodic)."""
    with database.read() as session:
        waiting = session.scalars(
            select(Message)
            .where(
                # Two ranges of the index, which “!=” would not be.
                or_(
                    Message.rendered_with < RENDERER_VERSION,
                    Message.rendered_with > RENDERER_VERSION,
                )
            )
            .options(joinedload(Message.thread).joinedload(Thread.page))
            .limit(AT_ONCE)
        ).all()
        made = [(one.id, one.text, rendering) for one, rendering in render_all(session, waiting)]
    if not made:
        return
    with database.write() as session:
        for message_id, text, rendering in made:
            values = {**derived_columns(rendering), "rendered_with": RENDERER_VERSION}
            session.execute(
                update(Message)
                .where(Message.id == message_id, Message.text == text)
                .values(**values)
            )
