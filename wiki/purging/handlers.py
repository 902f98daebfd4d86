"""Handlers of purges for data outside of rows: the bytes of files, and freed space on disk."""

from __future__ import annotations

from collections.abc import Sequence

from wiki.attachments.actions import forget_unused
from wiki.attachments.storage import Storage
from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.deliver import Happening
from wiki.outbox.models import EventRow
from wiki.purging.actions import forget_memory


def forget_files(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Delete the bytes that only a purged page had, and then their list in its event.

    Bytes that were attached again meanwhile stay.
    """
    storage = Storage(settings.data_dir)
    for happening in happenings:
        with database.write() as session:
            event = session.get_one(EventRow, happening.event_id, with_for_update=True)
            forget_unused(session, storage, event.payload["files"])
            event.payload = {**event.payload, "files": []}


def wipe_freed(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Make sure that deleted data is neither on disk nor in the worker's memory any more.

    :raises StillRead: while a reader uses the earlier state; the delivery is retried.
    """
    forget_memory()
    database.empty_log()
