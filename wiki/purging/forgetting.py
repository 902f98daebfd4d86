"""Forgetting in each process what another one has purged or redacted.

Processes keep things in memory that were made of texts (comparisons, renderings, whole answers).
After a purge nobody can ask for them, but they would stay until others take their room.
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

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds after which a process looks again."""

AFTERWARDS = 60.0
"""Seconds for which it goes on forgetting, since a request under way may have read the text."""

_EVENTS = ("PagePurged", "RevisionPurged", "Redacted")


class Forgetter:
    """Watch the events of purges and redactions on behalf of this process.

    :param forget: clears what the process has in memory.
    """

    def __init__(self, database: Database, forget: Callable[[], None]) -> None:
        self._database = database
        self._forget = forget
        self._seen = self._newest()
        self._until = 0.0

    def look(self, moment: float) -> None:
        """Forget if something was purged or redacted since the last look, or shortly before."""
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
    """Let a thread of this process forget, as long as the process runs.

    :param also: clears what only this process has, beside :func:`forget_memory`.
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
