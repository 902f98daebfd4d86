"""The heartbeat of workers, in one row for each machine."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from wiki.db import Database, now
from wiki.outbox.models import WorkerSeen

BEAT = timedelta(seconds=60)
# A worker without a heartbeat for this time is dead, or cannot write.
LOST = 3 * BEAT


def this_machine() -> str:
    """Return the name of this machine."""
    return socket.gethostname()[:200]


def live(database: Database, began_at: datetime) -> None:
    """Store a heartbeat of this process, and the time of its start."""
    _write(database, began_at, None)


def leave(database: Database, began_at: datetime) -> None:
    """Store that this process was stopped properly."""
    _write(database, began_at, now())


def _write(database: Database, began_at: datetime, stopped_at: datetime | None) -> None:
    host = this_machine()
    with database.write() as session:
        row = session.get(WorkerSeen, host)
        if row is None:
            row = WorkerSeen(host=host)
            session.add(row)
        row.process, row.began_at = os.getpid(), began_at
        row.seen_at, row.stopped_at = now(), stopped_at
