"""The periodic task that renders messages without a current rendering."""

from __future__ import annotations

from sqlalchemy import or_, select, update
from sqlalchemy.orm import joinedload

from wiki.comments.composing import derived_columns
from wiki.comments.models import Message, Thread
from wiki.comments.shown import render_all
from wiki.config import Settings
from wiki.db import Database
from wiki.text.markdown.markup import RENDERER_VERSION

AT_ONCE = 50


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
