"""Scheduling of renderings: fair to each person, short work first, long work in a slow lane.

Work starts in the quick lane with a little CPU time. If that is not enough, it starts again in the
slow lane, one piece at a time and in a process of lower priority. Each person has one piece of work
in a lane at a time, and a person who recently used much CPU time is served in the slow lane only.
Work that is not done for a person (that of the worker and of commands) is not limited, because
nobody else waits in these processes.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from wiki.text.markdown.markup import Rendering

QUICK_SECONDS = 0.4
"""Seconds of CPU time that work gets in the quick lane."""

LARGE = 200_000
"""Length in characters from which a text goes to the slow lane at once."""

ALLOWANCE = 3.0
"""Seconds of CPU time that a person may recently have used and still be served in the quick
lane."""

HALF_LIFE = 30.0
"""Seconds after which half of the CPU time used is forgotten."""

PER_SECOND = 100_000
"""Approximate number of characters rendered in a second of CPU time."""

AGEING = 0.2
"""Seconds of CPU time that one second of waiting makes up for, so that no work waits for ever."""

MOST_WAITING = 24
"""Maximum number of pieces of work that wait for one person."""

Attempt = Callable[[float, bool], tuple[Rendering | None, float]]
"""A function that renders within the given seconds of CPU time, in the slow lane or not, and
returns the rendering and the CPU time used. The rendering is None when the time was not enough but
is less than the work may take in all."""


class Full(Exception):
    """Too much work of the same person is already waiting."""


@dataclass(eq=False)
class Work:
    """A text to render: the person it is for (None: not for a person), its length and its limit.

    ``begun`` completes when the quick lane is done with it, ``made`` when the rendering is done.
    ``late`` says that a request waited for it and timed out.
    """

    asker: str | None
    size: int
    seconds: float
    attempt: Attempt
    asked_at: float = 0.0
    slow: bool = False
    late: bool = False
    begun: Future[None] = field(default_factory=Future)
    made: Future[Rendering] = field(default_factory=Future)


class Queue:
    """The waiting and running work of this process.

    :param run: the executor that does the work.
    :param quick: number of pieces of work in the quick lane at once.
    """

    def __init__(
        self, run: Executor, quick: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._executor = run
        self._places = {False: quick, True: 1}
        self._clock = clock
        self._held = threading.Lock()
        self._waiting: list[Work] = []
        self._running: list[Work] = []
        self._used: dict[str, tuple[float, float]] = {}  # CPU time used, and the time of that value

    def submit(self, work: Work) -> Work:
        """Add work to the queue; it starts when its turn comes.

        :raises Full: when too much work of the same person is waiting.
        """
        with self._held:
            if work.asker is not None:
                waiting = Counter(other.asker for other in self._waiting)
                if waiting[work.asker] >= MOST_WAITING:
                    raise Full
                work.slow = work.size > LARGE or self._used_by(work.asker) > ALLOWANCE
            work.asked_at = self._clock()
            if work.slow:
                work.begun.set_result(None)
            self._waiting.append(work)
            self._start()
        return work

    def _start(self) -> None:
        """Start as much waiting work as there are free places."""
        for slow, places in self._places.items():
            while sum(other.slow == slow for other in self._running) < places:
                busy = {other.asker for other in self._running if other.slow == slow} - {None}
                able = [
                    work for work in self._waiting if work.slow == slow and work.asker not in busy
                ]
                if not able:
                    break
                work = min(able, key=self._rank)
                self._waiting.remove(work)
                self._running.append(work)
                self._executor.submit(self._do, work)

    def _rank(self, work: Work) -> float:
        used = self._used_by(work.asker) if work.asker is not None else 0.0
        waited = self._clock() - work.asked_at
        return min(used, 10.0) + work.size / PER_SECOND - waited * AGEING

    def _do(self, work: Work) -> None:
        limited = work.asker is not None and not work.slow
        seconds = min(work.seconds, QUICK_SECONDS) if limited else work.seconds
        made: Rendering | None = None
        error: BaseException | None = None
        used = 0.0
        try:
            made, used = work.attempt(seconds, work.slow)
        except BaseException as raised:  # passed on to the waiting threads
            error = raised
        again = made is None and error is None and seconds < work.seconds
        was_slow = work.slow
        with self._held:
            self._running.remove(work)
            self._charge(work.asker, used)
            if again:
                work.slow = True
                self._waiting.append(work)
            self._start()
        if error is not None:
            work.made.set_exception(error)
        elif made is not None and not again:
            work.made.set_result(made)
        if not was_slow:
            work.begun.set_result(None)

    def _used_by(self, asker: str) -> float:
        used, at = self._used.get(asker, (0.0, 0.0))
        return used * 0.5 ** ((self._clock() - at) / HALF_LIFE) if used else 0.0

    def _charge(self, asker: str | None, used: float) -> None:
        if asker is None:
            return
        self._used[asker] = self._used_by(asker) + used, self._clock()
        if len(self._used) > 2000:
            self._used = {one: self._used[one] for one in self._used if self._used_by(one) > 0.1}
