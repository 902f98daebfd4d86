"""Rendering in this process: who needs a rendering asks for it, and finds it where others did."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from wiki.text.markup import RenderContext, Rendering
from wiki.text.sandbox import CHILDREN, render_safely

KEPT = {"time": 60.0, "trouble": 3.0}
"""Seconds for which a text that was cut off is not tried again with as much CPU time."""


@dataclass(frozen=True)
class _Asked:
    """A rendering that was asked for: with how much CPU time, and when."""

    made: Future[Rendering]
    seconds: float
    at: float

    def serves(self, seconds: float, moment: float) -> bool:
        """Whether it is as good as one that is asked for now, with this much CPU time."""
        if not self.made.done():
            return self.seconds >= seconds
        if self.made.exception() is not None:
            return False
        cut_off = self.made.result().cut_off
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
        self._threads: ThreadPoolExecutor | None = None

    def begin(
        self, key: str, source: str, context: RenderContext, seconds: float | None = None
    ) -> Future[Rendering]:
        """What ``source`` will render to; ``key`` is :func:`rendering_key` of both."""
        seconds = self.seconds if seconds is None else seconds
        with self._lock:
            found = self._recent.get(key)
            if found is not None and found.serves(seconds, self._clock()):
                self._recent.move_to_end(key)
                return found.made
            if self._threads is None:
                self._threads = ThreadPoolExecutor(CHILDREN, "render")
            made = self._threads.submit(render_safely, source, context, seconds=seconds)
            self._recent[key] = _Asked(made, seconds, self._clock())
            self._recent.move_to_end(key)
            while len(self._recent) > self._keep:
                self._recent.popitem(last=False)
        return made

    def render(self, key: str, source: str, context: RenderContext) -> Rendering:
        """The same, when it is there."""
        return self.begin(key, source, context).result()

    def forget(self) -> None:
        """In a fork: the threads, and what they were about to render, are the parent's."""
        self._begin_anew()

    def forget_recent(self) -> None:
        """Remember none of them any longer."""
        with self._lock:
            self._recent.clear()
