"""Clearing of each process's memory after another process has purged or redacted something.

Processes cache data derived from texts (comparisons, renderings, whole responses). After a purge
nobody can request them, but they would stay in memory until other entries replace them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy import func, select

from wiki.db import Database
from wiki.outbox.models import EventRow
from wiki.purging.actions import forget_memory
from wiki.purging.events import PagePurged, RevisionPurged
from wiki.redaction.events import Redacted

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two checks."""

AFTERWARDS = 60.0
"""Seconds for which it goes on clearing, since a request in progress may have read the text."""

_EVENTS = (PagePurged.__name__, RevisionPurged.__name__, Redacted.__name__)


class Forgetter:
    """Watcher of the events of purges and redactions on behalf of this process.

    :param forget: clears the caches of the process.
    """

    def __init__(self, database: Database, forget: Callable[[], None]) -> None:
        self._database = database
        self._forget = forget
        self._seen = self._newest()
        self._until = 0.0

    def look(self, moment: float) -> None:
        """Clear the caches if something was purged or redacted since the last check, or shortly
        before it."""
        newest = self._newest()
        if newest > self._seen and self._is_between(self._seen, newest):
            self._until = moment + AFTERWARDS
        self._seen = newest
        if moment <= self._until:
            self._forget()

    def _newest(self) -> int:
        with self._database.read() as session:
            return session.scalar(select(func.max(EventRow.id))) or 0

    def _is_between(self, seen: int, newest: int) -> bool:
        query = select(EventRow.id).where(
            EventRow.id > seen, EventRow.id <= newest, EventRow.name.in_(_EVENTS)
        )
        with self._database.read() as session:
            return session.scalar(query.limit(1)) is not None


def keep_forgetting(database: Database, also: Callable[[], None] = lambda: None) -> None:
    """Start a thread that clears this process's caches as long as the process runs.

    :param also: clears what only this process has, in addition to :func:`forget_memory`.
    """

    def forget() -> None:
        forget_memory()
        also()

    def run() -> None:
        watched: Forgetter | None = None
        while True:
            try:
                watched = watched or Forgetter(database, forget)
                watched.look(time.monotonic())
            except Exception:
                log.exception("this process cannot find out what was purged: it forgets everything")
                forget()
            time.sleep(EVERY)

    threading.Thread(target=run, name="forgetting", daemon=True).start()
