"""Renderings of one process: requests for the same rendering share one computation and its
result."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from wiki.pages.rendering.queueing import Full, Queue, Work
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import Rendering, plain_rendering
from wiki.text.own_texts import own_text
from wiki.text.sandbox.parent import CHILDREN, cut_off_rendering, try_to_render

KEPT = {"time": 60.0, "trouble": 3.0}
"""Seconds for which a text that was cut off is not tried again with the same CPU time."""

PATIENCE = 3.0
"""Seconds of elapsed time that a request waits in each lane."""

MOST_PATIENT = 2
"""Maximum number of requests that wait for the slow lane at once, so that threads are left for
others."""

SHARE = 3
"""Maximum number of requests of one person that wait at once."""

_WAITING = own_text("still-rendering")


@dataclass(frozen=True)
class _Asked:
    """A requested rendering, with its CPU time limit and the time of the request."""

    work: Work
    seconds: float
    at: float

    def serves(self, seconds: float, moment: float) -> bool:
        """Return whether it can serve a request made at ``moment`` with this CPU time limit."""
        made = self.work.made
        if not made.done():
            return self.seconds >= seconds
        if made.exception() is not None:
            return False
        cut_off = made.result().cut_off
        return not cut_off or (self.seconds >= seconds and moment - self.at < KEPT[cut_off])


class Renderer:
    """Renders texts within a limit of CPU time, and caches the latest results and those in
    progress.

    A save starts rendering before it takes the database's write lock; later callers share that
    work.

    :param seconds: CPU time that a page gets at first.
    :param most: CPU time that it gets at most.
    """

    def __init__(
        self,
        seconds: float,
        most: float,
        keep: int = 64,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self.most = most
        self._keep = keep
        self._clock = clock
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._recent: OrderedDict[str, _Asked] = OrderedDict()
        self._lock = threading.Lock()
        self._queue: Queue | None = None
        self._patient = threading.BoundedSemaphore(MOST_PATIENT)
        self._waiters: Counter[str] = Counter()

    def begin(
        self,
        key: str,
        source: str,
        context: RenderContext,
        asker: str | None,
        seconds: float | None = None,
    ) -> Work | None:
        """Start to render ``source``, or return the work in progress. Return None if too much work
        of the asker is waiting.

        :param key: the :func:`rendering_key` of the source and the context.
        :param asker: the person it is for; None if it is not for a person.
        """
        seconds = self.seconds if seconds is None else seconds
        with self._lock:
            found = self._recent.get(key)
            if found is not None and found.serves(seconds, self._clock()):
                self._recent.move_to_end(key)
                return found.work
            if self._queue is None:
                threads = ThreadPoolExecutor(2 * CHILDREN + 2, "render")
                self._queue = Queue(threads, CHILDREN)
            try:
                work = self._queue.submit(_work(source, context, seconds, asker))
            except Full:
                return None
            self._recent[key] = _Asked(work, seconds, self._clock())
            self._recent.move_to_end(key)
            while len(self._recent) > self._keep:
                self._recent.popitem(last=False)
        return work

    def render(self, key: str, source: str, context: RenderContext, asker: str | None) -> Rendering:
        """Return the rendering, or the plain source if a request would have to wait too long."""
        work = self.begin(key, source, context, asker)
        if work is not None and self.wait([work], asker):
            return work.made.result()
        return plain_rendering(source, context, _WAITING, "trouble")

    def wait(
        self, works: Sequence[Work], asker: str | None, patience: float | None = None
    ) -> list[Work]:
        """Wait for work, in a request for a short time only, and return the completed work.

        :param patience: seconds in each lane, by default :data:`PATIENCE`.
        """
        patience = PATIENCE if patience is None else patience
        if asker is None:
            wait([work.made for work in works])
        elif patience and self._may_wait(asker):
            try:
                self._wait_a_little(works, patience)
            finally:
                with self._lock:
                    self._waiters[asker] -= 1
        return [work for work in works if work.made.done()]

    def _may_wait(self, asker: str) -> bool:
        with self._lock:
            self._waiters += Counter()  # drops people who no longer wait
            if self._waiters[asker] >= SHARE:
                return False
            self._waiters[asker] += 1
            return True

    def _wait_a_little(self, works: Sequence[Work], patience: float) -> None:
        """Wait for the quick lane and, if few other requests do, for the slow one. Work for which
        another request has timed out is not waited for."""
        works = [work for work in works if not work.late]
        wait([work.begun for work in works], patience)
        slow = [work for work in works if not work.made.done()]
        if slow and self._patient.acquire(blocking=False):
            try:
                wait([work.made for work in slow], patience)
            finally:
                self._patient.release()
        else:
            slow = [work for work in slow if not work.begun.done()]
        for work in slow:
            work.late = not work.made.done()

    def forget(self) -> None:
        """Reset the state in a forked process: the threads and their work belong to the parent."""
        self._begin_anew()

    def forget_recent(self) -> None:
        """Clear the cache of results."""
        with self._lock:
            self._recent.clear()


def _work(source: str, context: RenderContext, seconds: float, asker: str | None) -> Work:
    def attempt(budget: float, slow: bool) -> tuple[Rendering | None, float]:
        made, used = try_to_render(source, context, budget, slow=slow)
        if made is None and budget >= seconds:
            made = cut_off_rendering(source, context)
        return made, used

    return Work(asker, len(source), seconds, attempt)
