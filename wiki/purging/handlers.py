"""What follows a purge outside the database's rows: bytes of files, and what lies freed on disk."""

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
    """Delete the bytes that only a purged page had, and then the list of them in its event.

    Bytes that somebody attached again meanwhile stay.
    """
    storage = Storage(settings.data_dir)
    for happening in happenings:
        with database.write() as session:
            event = session.get_one(EventRow, happening.event_id, with_for_update=True)
            forget_unused(session, storage, event.payload["files"])
            event.payload = {**event.payload, "files": []}


def wipe_freed(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """See to it that what was deleted is nowhere on disk nor in the worker's memory any more.

    :raises StillRead: while somebody reads the state before; it is tried again.
    """
    forget_memory()
    database.empty_log()
