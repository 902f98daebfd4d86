"""The worker, which delivers events as they come until it is stopped."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime

from wiki.config import Settings
from wiki.db import Database, now
from wiki.disk import is_full, keep_reserve
from wiki.outbox import heartbeat
from wiki.outbox.deliver import Deliverer
from wiki.pages.rendering.own_renderer import limit_rendering
from wiki.subscribers import (
    AT_LEISURE,
    AT_START,
    EACH_SECOND,
    HOUSEKEEPING,
    LONG_HOUSEKEEPING,
    NOW_AND_THEN,
    Chore,
    gathered_by_name,
    handlers_by_name,
)

log = logging.getLogger(__name__)

# Seconds between checks for a new commit: 10 ms of polling costs 1% of a core.
POLL_SECONDS = 0.05
# The same when there was no commit for some time.
IDLE_POLL_SECONDS = 0.2
IDLE_AFTER_SECONDS = 5.0
# Seconds after which deliveries are looked up even without a commit.
REST_SECONDS = 5.0
# Seconds between runs of the chores, each of which is cheap when there is nothing to do.
CHORE_SECONDS = 1.0
# The same for housekeeping, and for chores that depend on the database when there was no commit.
IDLE_CHORE_SECONDS = 10.0
# Seconds until the next attempt to deliver after a failure.
AGAIN_SECONDS = 1.0
# Time to wait when the disk is full.
FOR_ROOM = 10.0


class Worker:
    """A process that delivers events until stopped. Only one is active on a data folder; others
    wait."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self.deliverer = Deliverer(database, settings, handlers_by_name(), gathered_by_name())
        self._began_at = now()
        self._beat_at: datetime | None = None
        self._released = False
        self._version: Hashable = None
        self._rested = 0.0  # seconds since deliveries were last looked up
        self._changed_at = 0.0
        self._failing: dict[str, type[Exception]] = {}
        self._showing = threading.Lock()
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Finish the current batch and return from :meth:`run`."""
        self._stopping.set()

    def run(self) -> None:
        """Deliver events until :meth:`stop` is called."""
        with self._turn() as mine:
            if not mine:
                return
            for name, see_to in (
                ("chores", self._see_to_chores),
                ("long chores", self._see_to_long_chores),
            ):
                threading.Thread(target=see_to, name=name, daemon=True).start()
            while not self._stopping.is_set():
                try:
                    at_once = self._deliver()
                except Exception as error:
                    self._version = None
                    self._failed("delivering", error)
                    self._stopping.wait(AGAIN_SECONDS)
                else:
                    self._failing.pop("delivering", None)
                    if not at_once:
                        self._rest()
            self._show(heartbeat.leave)

    def _rest(self) -> None:
        is_idle = time.monotonic() - self._changed_at > IDLE_AFTER_SECONDS
        seconds = IDLE_POLL_SECONDS if is_idle else POLL_SECONDS
        self._stopping.wait(seconds)
        self._rested += seconds

    def _deliver(self) -> bool:
        """Deliver what is due, if a commit or time may have made anything due. Return whether there
        may be more."""
        if not self._released:
            self.deliverer.release_all()
            self._released = True
        current = self.database.version()
        if current == self._version and self._rested < REST_SECONDS:
            return False
        if current != self._version:
            self._changed_at = time.monotonic()
        self._version, self._rested = current, 0.0
        if self.deliverer.deliver_due():
            return True
        due = self.deliverer.next_due()
        if due is not None:
            wait = (due - now()).total_seconds()
            self._rested = max(0.0, REST_SECONDS - max(wait, 0.05))
        return False

    def _see_to_chores(self) -> None:
        """Run the chores beside events, in a thread of their own so that a long chore delays no
        delivery."""
        once = list(AT_START)
        due = self._due(NOW_AND_THEN, HOUSEKEEPING)
        while not self._stopping.is_set():
            if self._beat_at is None or now() >= self._beat_at + heartbeat.BEAT:
                self._beat_at = now()
                self._show(heartbeat.live)
                keep_reserve(self.settings.data_dir)
            for chore in (*once, *EACH_SECOND, *next(due)):
                if self._stopping.is_set():
                    return
                if self._do(chore):
                    once = [other for other in once if other is not chore]
            self._stopping.wait(CHORE_SECONDS)

    def _see_to_long_chores(self) -> None:
        due = self._due(AT_LEISURE, LONG_HOUSEKEEPING)
        while not self._stopping.wait(CHORE_SECONDS):
            for chore in next(due):
                self._do(chore)

    def _due(
        self, after_commits: tuple[Chore, ...], housekeeping: tuple[Chore, ...]
    ) -> Iterator[tuple[Chore, ...]]:
        """Yield at each step the chores that are due: some if a commit was seen since the step
        before, and all of them if they were not due for :data:`IDLE_CHORE_SECONDS`."""
        seen, all_due = self._changed_at, 0.0
        while True:
            if time.monotonic() >= all_due:
                seen, all_due = self._changed_at, time.monotonic() + IDLE_CHORE_SECONDS
                yield (*after_commits, *housekeeping)
            elif self._changed_at != seen:
                seen = self._changed_at
                yield after_commits
            else:
                yield ()

    def _do(self, chore: Chore) -> bool:
        name = getattr(chore, "__name__", type(chore).__name__)
        try:
            chore(self.database, self.settings)
        except Exception as error:
            self._failed(name, error)
            return False
        self._failing.pop(name, None)
        return True

    def _failed(self, what: str, error: Exception) -> None:
        """Log a failure unless the previous attempt failed in the same way; wait if the disk is
        full."""
        is_new = self._failing.get(what) is not type(error)
        self._failing[what] = type(error)
        if is_full(error, self.settings.data_dir):
            if is_new:
                log.error("The disk is full: %s waits for room.", what)
            self._stopping.wait(FOR_ROOM)
        elif is_new:
            log.error("%s failed in the worker; it is tried again", what, exc_info=error)

    def _show(self, sign: Callable[[Database, datetime], None]) -> None:
        """Record a heartbeat; a failure is logged and ignored."""
        try:
            with self._showing:
                if sign is heartbeat.leave or not self._stopping.is_set():
                    sign(self.database, self._began_at)
        except Exception:
            log.exception("the worker could not write down that it is there")

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        """Hold the data folder's worker lock; yield False when stopped while waiting for it."""
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.settings.data_dir / "worker.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while not self._stopping.is_set():
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self._stopping.wait(0.5)
                else:
                    yield True
                    return
            yield False
        finally:
            os.close(handle)


def run_until_told(database: Database, settings: Settings) -> None:
    """Run a worker in this process until SIGTERM or SIGINT."""
    limit_rendering(settings.render_seconds, settings.render_retry_seconds)
    worker = Worker(database, settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()
