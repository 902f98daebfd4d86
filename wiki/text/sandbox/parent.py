"""Safe rendering in child processes with limits, which are killed when they exceed them.

Time is counted as CPU time of the child. For a text that exceeds the time or memory limit, the
result is its plain source and the links that it may contain. Each process that renders keeps a few
children and starts them on first use; a forked process starts its own.
"""

import atexit
import json
import logging
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import IO, cast

from wiki.process import Child, bare_environment, command_of
from wiki.text.compare.diff import Diff
from wiki.text.compare.wire import decode_diff
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import MAX_SOURCE, CutOff, Rendering, plain_rendering
from wiki.text.own_texts import own_text
from wiki.text.rewrite.addresses import Place
from wiki.text.rewrite.repair import Moves, Repair
from wiki.text.rewrite.section_text import SectionText
from wiki.text.rewrite.tasks import Ticked
from wiki.text.sandbox.child import LENGTH, decode, decode_repair, encode_moves, pack, wall_seconds

SECONDS = 1.4  # of CPU time
CHILDREN = 2  # maximum number in each process that renders
COMPARE_SECONDS = 5.0  # of CPU time
COMPARE_WAIT = 30.0  # of elapsed time, however busy the machine
_START_SECONDS = 30.0
_PLAIN_SECONDS = 10.0  # of CPU time, for work that takes a second at most
_EXIT_SECONDS = 5.0
_GRACE = 0.5  # the child's own timers expire first

# The ways in which excessive work in the lane ends: by its timer, or by lack of memory.
_BEYOND = (TimeoutError, EOFError, BrokenPipeError)

_log = logging.getLogger(__name__)

_TOO_SLOW = own_text("too-slow")
_DIED = own_text("died")


def render_safely(source: str, context: RenderContext, seconds: float = SECONDS) -> Rendering:
    """Return the rendering of `source`, or its plain source with the reason in `source_shown`.

    Takes at most about `seconds` of CPU time once a child is free. Safe to call from any thread.
    """
    made, _ = try_to_render(source, context, seconds)
    return made or cut_off_rendering(source, context)


def try_to_render(
    source: str, context: RenderContext, seconds: float, *, slow: bool = False
) -> tuple[Rendering | None, float]:
    """Return the rendering of `source`, or None if it takes more than `seconds` of CPU time, and
    the CPU time used.

    :param slow: whether to use the low-priority child that renders one text at a time.
    """
    try:
        answer = _ask(
            _request("render", source, context, seconds), seconds, _slow if slow else None
        )
    except TimeoutError:
        return None, seconds
    except (OSError, EOFError):
        return _plain(source, context, _DIED, "trouble"), seconds
    return decode(answer["rendering"]), float(str(answer["used"]))  # type: ignore[arg-type]


def cut_off_rendering(source: str, context: RenderContext) -> Rendering:
    """Return the source of a text that takes too much CPU time, as a rendering."""
    return _plain(source, context, _TOO_SLOW, "time")


def _plain(source: str, context: RenderContext, reason: str, cut_off: CutOff) -> Rendering:
    """Return the source of a text that was cut off, as a rendering, made in a child if one can be
    started."""
    request = _request("plain", source, context, _PLAIN_SECONDS)
    try:
        answer = _ask({**request, "reason": reason, "cut_off": cut_off}, _PLAIN_SECONDS)
    except (OSError, EOFError):
        return plain_rendering(source, context, reason, cut_off)
    return decode(answer["rendering"])  # type: ignore[arg-type]


def repair_safely(
    source: str,
    before: RenderContext,
    after: RenderContext,
    moves: Moves,
    seconds: float = SECONDS,
) -> Repair | None:
    """Return the repair of `source`, or None if it takes too much time or memory."""
    if len(source) > MAX_SOURCE:
        return None
    message: dict[str, object] = {
        "work": "repair",
        "source": source,
        "before": asdict(before),
        "after": asdict(after),
        "moves": encode_moves(moves),
        "seconds": seconds,
    }
    try:
        answer = _ask(message, seconds)
    except (OSError, EOFError):  # TimeoutError is an OSError
        return None
    return decode_repair(answer["repair"]) if answer["repair"] else None  # type: ignore[arg-type]


def lines_safely(
    source: str, context: RenderContext, seconds: float = SECONDS
) -> list[tuple[int, bool, Place]]:
    """Return `lines_of` a text, or an empty list if it takes too much time or memory."""
    if len(source) > MAX_SOURCE:
        return []
    try:
        answer = _ask(_request("lines", source, context, seconds), seconds)
    except (OSError, EOFError):
        return []
    found: list[tuple[int, bool, list[str]]] = answer["lines"]  # type: ignore[assignment]
    return [(line, shown, (kind, slug, key)) for line, shown, (kind, slug, key) in found]


def tick_safely(source: str, number: int, count: int, done: bool) -> Ticked | None:
    """Return the text with a box of its task lists ticked or cleared, or None if the box is not
    found or that takes too much time or memory."""
    if len(source) > MAX_SOURCE:
        return None
    message: dict[str, object] = {"work": "tick", "source": source, "number": number}
    try:
        answer = _ask({**message, "count": count, "done": done, "seconds": SECONDS}, SECONDS)
    except (OSError, EOFError):
        return None
    return Ticked(**answer["ticked"]) if answer["ticked"] else None  # type: ignore[arg-type]


def section_safely(source: str, identifier: str) -> SectionText | None:
    """Return the section of a text with this id, or None if it is not found or that takes too much
    time or memory."""
    if len(source) > MAX_SOURCE:
        return None
    message = {"work": "section", "source": source, "identifier": identifier, "seconds": SECONDS}
    try:
        answer = _ask(message, SECONDS)
    except (OSError, EOFError):
        return None
    return SectionText(**answer["section"]) if answer["section"] else None  # type: ignore[arg-type]


def compare_safely(old: str, new: str, context: int | None, part: int) -> Diff | None:
    """Return a part of the comparison of two texts, made in the lane for comparisons.

    Return None if it takes too much time or memory. Raise `OSError` if the machine fails. Each
    process makes one comparison at a time while others wait; the caller limits the number of those.
    """
    message: dict[str, object] = {
        "work": "compare",
        "old": old,
        "new": new,
        "context": context,
        "part": part,
        "seconds": COMPARE_SECONDS,
    }
    try:
        answer = _ask(message, COMPARE_SECONDS, _lane, COMPARE_WAIT)
    except _BEYOND:
        return None
    return decode_diff(answer["diff"])  # type: ignore[arg-type]


def walk_safely(
    runs: Sequence[int], text: str, steps: Sequence[tuple[int, str]], keep: Sequence[int]
) -> tuple[list[int], dict[int, list[int]], float] | None:
    """Return the result of :func:`wiki.text.compare.blame.walk`, made in the same lane, and the
    seconds used.

    Return None if it takes too much time or memory. Raise `OSError` if the machine fails.
    """
    message: dict[str, object] = {
        "work": "walk",
        "runs": runs,
        "text": text,
        "steps": steps,
        "keep": keep,
        "seconds": COMPARE_SECONDS,
    }
    try:
        answer = _ask(message, COMPARE_SECONDS, _lane, COMPARE_WAIT)
    except _BEYOND:
        return None
    kept: list[tuple[int, list[int]]] = answer["kept"]  # type: ignore[assignment]
    return answer["runs"], dict(kept), float(str(answer["took"]))  # type: ignore[return-value]


def _request(work: str, source: str, context: RenderContext, seconds: float) -> dict[str, object]:
    return {"work": work, "source": source, "context": asdict(context), "seconds": seconds}


def _ask(
    message: dict[str, object],
    seconds: float,
    pool: "_Pool | None" = None,
    wall: float | None = None,
) -> dict[str, object]:
    """Return a child's answer.

    :param pool: the children to choose from.
    :param wall: seconds of elapsed time to wait for the answer.
    :raises TimeoutError: when it takes more than `seconds` of CPU time.
    :raises OSError: or `EOFError`: when there is no answer for another reason.
    """
    pool = pool or _pool
    try:
        child = pool.take()
    except OSError:
        _log.exception("the process that renders cannot be started")
        raise
    healthy = False
    try:
        answer = child.ask(message, (wall or wall_seconds(seconds)) + _GRACE)
        healthy = not answer["leaving"]
        return answer
    except TimeoutError:
        raise OSError("the process that renders is stuck") from None
    except (OSError, EOFError):
        if child.has_spent_its_budget():
            raise TimeoutError from None
        raise
    finally:
        pool.give_back(child, healthy)


class _Child:
    """A child process and the pipes to it."""

    def __init__(self, *arguments: str) -> None:
        command = command_of("wiki.text.sandbox.child", *arguments)
        self.process = Child(
            command, bare_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None
        )
        self.requests = cast(IO[bytes], self.process.stdin)
        self.answers = cast(IO[bytes], self.process.stdout)
        os.set_blocking(self.requests.fileno(), False)  # a child that is stuck reads nothing
        try:
            self._read(time.monotonic() + _START_SECONDS)
        except (EOFError, TimeoutError) as error:
            self.process.stop()
            raise OSError("the process that renders did not start") from error

    def ask(self, message: dict[str, object], seconds: float) -> dict[str, object]:
        """Return the answer to a message.

        :raises TimeoutError: when it does not come in time.
        :raises OSError: or `EOFError`: when the child has ended.
        """
        deadline = time.monotonic() + seconds
        self._write(pack(message), deadline)
        return self._read(deadline)

    def _write(self, message: bytes, deadline: float) -> None:
        data = memoryview(message)
        with selectors.DefaultSelector() as selector:
            selector.register(self.requests, selectors.EVENT_WRITE)
            while data:
                _wait_for(selector, deadline)
                data = data[os.write(self.requests.fileno(), data) :]

    def _read(self, deadline: float) -> dict[str, object]:
        head = self._read_bytes(LENGTH.size, deadline)
        body = self._read_bytes(LENGTH.unpack(head)[0], deadline)
        answer: dict[str, object] = json.loads(body)
        return answer

    def _read_bytes(self, count: int, deadline: float) -> bytes:
        chunks: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(self.answers, selectors.EVENT_READ)
            while count:
                _wait_for(selector, deadline)
                chunk = os.read(self.answers.fileno(), min(count, 2**20))
                if not chunk:
                    raise EOFError
                chunks.append(chunk)
                count -= len(chunk)
        return b"".join(chunks)

    def has_spent_its_budget(self) -> bool:
        """Return whether the CPU timer ended the process."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(timeout=_EXIT_SECONDS) == -signal.SIGPROF
        return False


def _wait_for(selector: selectors.BaseSelector, deadline: float) -> None:
    if not selector.select(max(0.0, deadline - time.monotonic())):
        raise TimeoutError


class _Pool:
    """A pool of at most `most` child processes for one purpose.

    Each child is started with `arguments`.
    """

    def __init__(self, most: int, *arguments: str) -> None:
        self.most = most
        self.arguments = arguments
        self.changed = threading.Condition()
        self.idle: list[_Child] = []
        self.count = 0

    def take(self) -> _Child:
        """Return a running child for exclusive use; waits while all are in use."""
        with self.changed:
            while not self.idle and self.count >= self.most:
                self.changed.wait()
            child = self.idle.pop() if self.idle else None
            if child is None:
                self.count += 1
        if child is not None and child.process.poll() is None:
            return child
        try:
            if child is not None:
                child.process.stop()
            return _Child(*self.arguments)
        except BaseException:
            self._leave()
            raise

    def give_back(self, child: _Child, healthy: bool) -> None:
        """Return a child to the pool, or stop it and make room for another."""
        if not healthy:
            child.process.stop()
            self._leave()
            return
        with self.changed:
            self.idle.append(child)
            self.changed.notify()

    def _leave(self) -> None:
        with self.changed:
            self.count -= 1
            self.changed.notify()

    def close(self) -> None:
        """Stop the idle children."""
        with self.changed:
            idle, self.idle = self.idle, []
            self.count -= len(idle)
        for child in idle:
            child.process.stop()


_pool = _Pool(CHILDREN)
_lane = _Pool(1, "lane")
_slow = _Pool(1, "slow")


def _forget_children() -> None:
    """Replace the pools in a forked process, because the children belong to the parent."""
    global _pool, _lane, _slow
    for child in (*_pool.idle, *_lane.idle, *_slow.idle):
        child.process.close_pipes()
    _pool, _lane, _slow = _Pool(CHILDREN), _Pool(1, "lane"), _Pool(1, "slow")


def close() -> None:
    """Stop the children of this process; the next rendering starts new ones."""
    _pool.close()
    _lane.close()
    _slow.close()


atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_children)
