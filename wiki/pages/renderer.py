"""Rendering in this process: who needs a rendering asks for it, and finds it where others did."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from wiki.pages.queueing import Full, Queue, Work
from wiki.text.markup import RenderContext, Rendering, plain_rendering
from wiki.text.sandbox import CHILDREN, cut_off_rendering, try_to_render

KEPT = {"time": 60.0, "trouble": 3.0}
"""Seconds for which a text that was cut off is not tried again with as much CPU time."""

PATIENCE = 3.0
"""Seconds on the wall that a request waits in either lane."""

MOST_PATIENT = 2
"""Requests that wait for the slow lane at once; there are threads left for others."""

SHARE = 3
"""Requests of one person that wait at once."""

_WAITING = "This page is still being laid out. This is its source for the moment."


@dataclass(frozen=True)
class _Asked:
    """A rendering that was asked for: with how much CPU time, and when."""

    work: Work
    seconds: float
    at: float

    def serves(self, seconds: float, moment: float) -> bool:
        """Whether it is as good as one that is asked for now, with this much CPU time."""
        made = self.work.made
        if not made.done():
            return self.seconds >= seconds
        if made.exception() is not None:
            return False
        cut_off = made.result().cut_off
        return not cut_off or (self.seconds >= seconds and moment - self.at < KEPT[cut_off])


class Renderer:
    """Renders within a limit of CPU time, remembering the last few results and those under way.

    A form begins to render before it takes the writers' lock; who needs the result finds it here.

    :param seconds: CPU time that a page gets at first. :param most: what it gets in the end.
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
        """What ``source`` will render to; ``key`` is :func:`rendering_key` of both. None where too
        much waits for the one who asks.

        :param asker: for whom that is; None for nobody in particular.
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
        """The same, when it is there; the source where a request would have to wait long."""
        work = self.begin(key, source, context, asker)
        if work is not None and self.wait([work], asker):
            return work.made.result()
        return plain_rendering(source, context, _WAITING, "trouble")

    def wait(
        self, works: Sequence[Work], asker: str | None, patience: float | None = None
    ) -> list[Work]:
        """Wait until these are rendered, in a request not long; those that are.

        :param patience: seconds in either lane, if not :data:`PATIENCE`.
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
            self._waiters += Counter()  # forgets who waits no longer
            if self._waiters[asker] >= SHARE:
                return False
            self._waiters[asker] += 1
            return True

    def _wait_a_little(self, works: Sequence[Work], patience: float) -> None:
        """For the quick lane, and if few others do, for the slow one. Whoever comes after somebody
        who has waited in vain does not wait."""
        wait([work.begun for work in works if not work.late], patience)
        slow = [work.made for work in works if not work.made.done() and not work.late]
        if slow and self._patient.acquire(blocking=False):
            try:
                wait(slow, patience)
            finally:
                self._patient.release()
        for work in works:
            work.late = not work.made.done()

    def forget(self) -> None:
        """In a fork: the threads, and what they were about to render, are the parent's."""
        self._begin_anew()

    def forget_recent(self) -> None:
        """Remember none of them any longer."""
        with self._lock:
            self._recent.clear()


def _work(source: str, context: RenderContext, seconds: float, asker: str | None) -> Work:
    def attempt(budget: float, slow: bool) -> tuple[Rendering | None, float]:
        made, used = try_to_render(source, context, budget, slow=slow)
        if made is None and budget >= seconds:
            made = cut_off_rendering(source, context)
        return made, used

    return Work(asker, len(source), seconds, attempt)
