"""The supervisor of `wiki serve`, which restarts the processes that die."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


log = logging.getLogger("wiki.serve")

GRACE = 25.0  # seconds for requests in progress and the worker's batch to finish
CALM = 10.0  # seconds that a child must live for its next restart to be immediate
LONGEST_PAUSE = 10.0  # maximum seconds between restarts of a child that keeps dying

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


@dataclass
class WorkerProcess:
    """One supervised process, restarted whenever it ends."""

    name: str
    work: Callable[[], None]
    pid: int = 0
    begun: float = 0.0
    deaths: int = 0
    due: float = field(default=0.0)  # time to start it, by the monotonic clock

    def ended(self, now: float) -> None:
        """Record its end and schedule its restart; the pause grows while it keeps dying."""
        self.deaths = 0 if now - self.begun > CALM else self.deaths + 1
        pause = 0.0 if self.deaths <= 1 else min(0.1 * 2.0**self.deaths, LONGEST_PAUSE)
        self.pid, self.due = 0, now + pause


class Supervisor:
    """The parent process: starts its children, restarts those that die, and stops them at the end.

    Children notice the parent's death by a pipe whose writing end only the parent holds. They are
    forked without exec, before any database connection exists, so they share the loaded code.
    """

    def __init__(self, children: list[WorkerProcess]) -> None:
        self.children = children
        self.stopping = 0
        self._alive, self._hold = os.pipe()
        self._woken, self._wake = os.pipe()
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; a second signal does not wait for requests in progress."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake up
        while not self.stopping:
            now = time.monotonic()
            for child in self.children:
                if not child.pid and child.due <= now:
                    self._start(child)
            waits = [child.due - now for child in self.children if not child.pid]
            self._sleep(max(0.0, min([*waits, 60.0])))
            self._reap()
        self._end()

    def _stop(self, *_: object) -> None:
        self.stopping += 1

    def _sleep(self, seconds: float) -> None:
        """Wait for a signal, or until the time has passed."""
        select.select([self._woken], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            while os.read(self._woken, 512):
                pass

    def _start(self, child: WorkerProcess) -> None:
        child.begun = time.monotonic()
        # Signals are blocked until the child has set its own handlers.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            child.pid = pid
            log.info("The %s process is %d.", child.name, pid)
            return
        status = 1
        try:
            self._become()
            child.work()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            log.exception("The %s process ends with an error.", child.name)
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _become(self) -> None:
        """Reset the parent's signal handlers and files in the child, and watch for the parent's
        death."""
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.setsid()  # a Ctrl-C in the terminal reaches the parent only
        for end in (self._hold, self._woken, self._wake):
            os.close(end)
        threading.Thread(target=_follow, args=(self._alive,), name="parent", daemon=True).start()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for child in self.children:
                if child.pid == pid:
                    child.ended(time.monotonic())
                    if not self.stopping:
                        how = os.waitstatus_to_exitcode(status)
                        log.warning("The %s process ended (%d); it starts again.", child.name, how)

    def _end(self) -> None:
        """Terminate every child; kill them after the grace period, or at a second signal."""
        deadline = time.monotonic() + GRACE + 5
        self._signal(signal.SIGTERM)
        while any(child.pid for child in self.children):
            left = deadline - time.monotonic()
            if left <= 0 or self.stopping > 1:
                self._signal(signal.SIGKILL)
                left = 1.0
            self._sleep(min(left, 1.0))
            self._reap()

    def _signal(self, number: int) -> None:
        for child in self.children:
            if child.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, number)


def _follow(alive: int) -> None:
    """Wait for the parent's death, then terminate this process: with SIGTERM, and after the grace
    period by force."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE + 5)
    os._exit(1)
