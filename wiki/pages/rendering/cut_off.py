"""Retries of renderings that were cut off, each with more CPU time up to a maximum.

The renderings due are stored with the renderings themselves, so any process may be killed at any
moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from wiki.db import Database, now
from wiki.pages.models import Page, Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.own_renderer import first_seconds, most_seconds
from wiki.pages.rendering.rows import LONGEST_PAUSE
from wiki.pages.rendering.stored import context_of, ensure_heads, rendering_key
from wiki.spaces.models import Space

GROWTH = 4.0
"""Factor by which the CPU time grows from one attempt to the next."""

AT_ONCE = 5
"""Number of renderings that are tried before the queue is read again; the cheapest come first."""


def look_again(database: Database) -> None:
    """Schedule renderings that were given up for another attempt, if more CPU time or another
    renderer is now available."""
    left = (RenderingRow.cut_off_after.is_not(None), RenderingRow.due_at.is_(None))
    with database.read() as session:
        rows = session.scalars(select(RenderingRow).where(*left)).all()
        due = [
            row.page_id
            for row in rows
            if (row.cut_off_after or 0) < most_seconds() or not _is_valid(session, row)
        ]
    if due:
        _postpone(database, due, timedelta())


def try_again(database: Database) -> dict[int, str]:
    """Retry some of the renderings that are due.

    :returns: the pages whose renderings succeeded, and the keys of these: update the search index
        for these pages, then call :func:`settle`.
    """
    finished: dict[int, str] = {}
    due = RenderingRow.due_at <= now()
    with database.read() as session:
        rows = session.scalars(
            select(RenderingRow)
            .where(due)
            .order_by(RenderingRow.attempts, RenderingRow.cut_off_after, RenderingRow.size)
            .limit(AT_ONCE)
        ).all()
    cut_off = [row.page_id for row in rows if row.cut_off_after is not None]
    if cut_off:  # postponed, so that other processes skip them and a crash is retried later
        _postpone(database, cut_off, LONGEST_PAUSE)
    for row in rows:
        with database.read() as session:
            valid = _is_valid(session, row)
        if not valid:  # a save, a move or an update of the renderer has overtaken it
            ensure_heads(database, [row.page_id])
        elif row.cut_off_after is not None:
            budget = max(first_seconds(), row.cut_off_after * GROWTH)
            ensure_heads(database, [row.page_id], min(budget, most_seconds()), again=True)
        else:
            finished[row.page_id] = row.key
    return finished


def settle(database: Database, finished: Mapping[int, str]) -> None:
    """Note that the search index is up to date for renderings that succeeded on a retry."""
    with database.write() as session:
        for page_id, key in finished.items():
            session.execute(
                update(RenderingRow)
                .where(
                    RenderingRow.page_id == page_id,
                    RenderingRow.key == key,
                    RenderingRow.cut_off_after.is_(None),
                )
                .values(due_at=None)
                .execution_options(synchronize_session=False)
            )


def _is_valid(session: Session, row: RenderingRow) -> bool:
    """Return whether a rendering is that of its page's head, at its place, by this renderer."""
    revision, slug = session.execute(
        select(Revision, Space.slug)
        .join(Page, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .join(Space, Space.id == Page.space_id)
        .where(Page.id == row.page_id)
        .options(joinedload(Revision.page))
    ).one()
    return rendering_key(revision.content_hash, context_of(slug, revision)) == row.key


def _postpone(database: Database, page_ids: Sequence[int], pause: timedelta) -> None:
    with database.write() as session:
        session.execute(
            update(RenderingRow)
            .where(RenderingRow.page_id.in_(page_ids))
            .values(due_at=now() + pause)
            .execution_options(synchronize_session=False)
        )
