"""Handlers of redactions, which run after the transaction until nothing is left on disk."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from wiki.attachments.actions import forget_unused
from wiki.attachments.storage import Storage
from wiki.config import Settings
from wiki.db import Database, now
from wiki.outbox.deliver import Happening
from wiki.pages.rendering.stored import ensure_heads
from wiki.purging.actions import forget_memory
from wiki.redaction.models import RedactedPage, Redaction
from wiki.search.index import forget


def carry_out(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Render pages anew, remove their words from the search index, delete the bytes of files and
    empty the log. Then mark each redaction as finished.

    It is repeated if it is killed at any point. Search omits the pages until there is a new index.

    :raises TimeoutError: if an index is being built already, because that may have begun before.
    :raises StillRead: while a reader uses the earlier state; the delivery is retried.
    """
    ids = {int(one.payload.get("redaction_id", 0)) for one in happenings}
    with database.read() as session:
        open_ones = select(Redaction).where(Redaction.id.in_(ids), Redaction.finished_at.is_(None))
        waiting = list(session.scalars(open_ones))
        of_pages = select(RedactedPage.page_id).where(
            RedactedPage.redaction_id.in_([one.id for one in waiting])
        )
        page_ids = set(session.scalars(of_pages))
    if not waiting:
        return
    forget_memory()
    ensure_heads(database, page_ids)
    unindexed = [one.id for one in waiting if one.indexed_at is None]
    if unindexed:
        forget(database, settings, page_ids)
        with database.write() as session:
            for one in session.scalars(select(Redaction).where(Redaction.id.in_(unindexed))):
                one.indexed_at = now()
    storage = Storage(settings.data_dir)
    for redaction in waiting:
        if redaction.files:
            with database.write() as session:
                row = session.get_one(Redaction, redaction.id, with_for_update=True)
                forget_unused(session, storage, row.files)
                row.files = []
    forget_memory()
    database.empty_log()
    with database.write() as session:
        done = [one.id for one in waiting]
        for one in session.scalars(select(Redaction).where(Redaction.id.in_(done))):
            one.finished_at = now()
