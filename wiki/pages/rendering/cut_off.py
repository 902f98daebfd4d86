"""Retries of renderings that were cut off, each with more CPU time up to a maximum.

The renderings due are stored with the renderings themselves, so any process may be killed at any
moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from wiki.db import Database, now
from wiki.pages.models import Page, RenderingRow, Revision
from wiki.pages.rendering.stored import (
    LONGEST_PAUSE,
    context_of,
    ensure_heads,
    first_seconds,
    most_seconds,
    rendering_key,
)
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
            row.key
            for row in rows
            if (row.cut_off_after or 0) < most_seconds() or not _pages_at(session, row)[0]
        ]
    if due:
        _postpone(database, due, timedelta())


def try_again(database: Database) -> list[tuple[str, int]]:
    """Retry some of the renderings that are due.

    :returns: the keys of renderings that succeeded, with their pages: update the search index for
        these pages, then call :func:`settle`.
    """
    finished: list[tuple[str, int]] = []
    due = RenderingRow.due_at <= now()
    with database.read() as session:
        rows = session.scalars(
            select(RenderingRow)
            .where(due)
            .order_by(
                RenderingRow.attempts, RenderingRow.cut_off_after, func.length(RenderingRow.html)
            )
            .limit(AT_ONCE)
        ).all()
    cut_off = [row.key for row in rows if row.cut_off_after is not None]
    if cut_off:  # postponed, so that other processes skip them and a crash is retried later
        _postpone(database, cut_off, LONGEST_PAUSE)
    for row in rows:
        with database.read() as session:
            there, elsewhere = _pages_at(session, row)
        if elsewhere:
            ensure_heads(database, elsewhere)
        if not there:
            with database.write() as session:
                session.execute(delete(RenderingRow).where(RenderingRow.key == row.key))
            continue
        if row.cut_off_after is not None:
            budget = max(first_seconds(), row.cut_off_after * GROWTH)
            ensure_heads(database, there, min(budget, most_seconds()), again=True)
            continue
        finished += [(row.key, page_id) for page_id in there]
    return finished


def settle(database: Database, keys: Sequence[str]) -> None:
    """Note that the search index is up to date for renderings that succeeded on a retry."""
    with database.write() as session:
        session.execute(
            update(RenderingRow)
            .where(RenderingRow.key.in_(keys), RenderingRow.cut_off_after.is_(None))
            .values(due_at=None)
            .execution_options(synchronize_session=False)
        )


def _pages_at(session: Session, row: RenderingRow) -> tuple[list[int], list[int]]:
    """Return the pages whose heads have this rendering, and other pages whose heads have its
    text."""
    there: list[int] = []
    elsewhere: list[int] = []
    for page_id, revision, slug in session.execute(
        select(Page.id, Revision, Space.slug)
        .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .join(Space, Space.id == Page.space_id)
        .where(Revision.content_hash == row.content_hash)
        .options(joinedload(Revision.page))
    ):
        same = rendering_key(row.content_hash, context_of(slug, revision)) == row.key
        (there if same else elsewhere).append(page_id)
    return there, elsewhere


def _postpone(database: Database, keys: Sequence[str], pause: timedelta) -> None:
    with database.write() as session:
        session.execute(
            update(RenderingRow)
            .where(RenderingRow.key.in_(keys))
            .values(due_at=now() + pause)
            .execution_options(synchronize_session=False)
        )
