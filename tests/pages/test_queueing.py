"""Scheduling of renderings: nobody waits long for others, and nothing waits for ever."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.pages.rendering.queueing import ALLOWANCE, MOST_WAITING, QUICK_SECONDS, Full, Queue, Work
from wiki.text.markdown.markup import Rendering

DONE = Rendering("", [], [], "", "", "")


class Machine(Executor):
    """Does one piece of work after the other, when told to, and counts the time that it takes."""

    def __init__(self, quick: int = 2) -> None:
        self.time = 0.0
        self.begun: list[Callable[[], Any]] = []
        self.log: list[tuple[str, bool]] = []
        self.queue = Queue(self, quick, lambda: self.time)

    def submit(self, do: Callable[..., Any], /, *arguments: Any, **_: Any) -> Future[Any]:
        self.begun.append(lambda: do(*arguments))
        return Future()

    def ask(self, asker: str | None, needs: float, *, size: int = 1000, name: str = "") -> Work:
        def attempt(seconds: float, slow: bool) -> tuple[Rendering | None, float]:
            self.log.append((name or asker or "", slow))
            used = min(needs, seconds)
            self.time += used
            return (DONE if needs <= seconds or seconds >= 1.3 else None), used

        return self.queue.submit(Work(asker, size, 1.3, attempt))

    def step(self) -> None:
        """Let what began first come to its end."""
        self.begun.pop(0)()

    def run(self) -> None:
        while self.begun:
            self.step()


def test_short_work_of_others_goes_before_what_waits_longer_of_one() -> None:
    machine = Machine()
    for number in range(4):
        machine.ask("hostile", 9, name=f"hostile {number}")
    machine.ask("ben", 0.1)
    machine.run()
    assert machine.log.index(("ben", False)) == 1


def test_what_takes_long_goes_on_in_the_slow_lane() -> None:
    machine = Machine()
    work = machine.ask("hostile", 9)
    machine.step()
    assert machine.time == QUICK_SECONDS
    assert work.begun.done() and not work.made.done()
    machine.run()
    assert machine.log == [("hostile", False), ("hostile", True)]
    assert work.made.result() is DONE


def test_four_with_hostile_texts_keep_nobody_waiting_longer_than_a_quick_attempt() -> None:
    machine = Machine()
    for who in ("h1", "h2", "h3", "h4") * 3:
        machine.ask(who, 9, size=40_000)
    machine.step()
    before = machine.time
    small = machine.ask("ben", 0.05, size=12_000)
    while not small.made.done():
        machine.step()
    quick = [who for who, slow in machine.log if not slow]
    assert quick.index("ben") <= 3  # after those that ran already
    assert machine.time - before < 2 * QUICK_SECONDS + 1.3 + 0.1  # one slow step runs beside it


def test_who_has_used_much_is_served_in_the_slow_lane_until_that_is_past() -> None:
    machine = Machine()
    for _ in range(3):
        machine.ask("hostile", 9)
        machine.run()
    machine.log.clear()
    machine.ask("hostile", 0.1)
    machine.run()
    assert machine.log == [("hostile", True)]
    machine.time += 300
    machine.ask("hostile", 0.1)
    machine.run()
    assert machine.log[-1] == ("hostile", False)


def test_too_much_of_one_person_is_refused_and_others_are_not() -> None:
    machine = Machine()
    for _ in range(1 + MOST_WAITING):
        machine.ask("hostile", 0.1)
    with pytest.raises(Full):
        machine.ask("hostile", 0.1)
    machine.ask("ben", 0.1)


def test_a_long_text_waits_for_short_ones_but_not_for_ever() -> None:
    machine = Machine(quick=1)
    machine.ask("first", 0.1)
    machine.ask("long", 0.3, size=150_000)
    for number in range(60):
        machine.ask(f"person {number}", 0.3)
        if ("long", False) in machine.log:
            break
        machine.step()
    assert machine.log.index(("long", False)) < 40


def test_work_for_nobody_in_particular_has_its_time_at_once() -> None:
    machine = Machine()
    works = [machine.ask(None, 1.0) for _ in range(20)]
    machine.run()
    assert all(work.made.result() is DONE for work in works)
    assert not any(slow for _, slow in machine.log)


def test_an_error_reaches_who_waits_and_stops_nothing() -> None:
    machine = Machine()

    def fail(_seconds: float, _slow: bool) -> tuple[Rendering | None, float]:
        raise OSError

    work = machine.queue.submit(Work("ben", 10, 1.3, fail))
    machine.ask("ben", 0.1)
    machine.run()
    with pytest.raises(OSError):
        work.made.result()
    assert machine.log == [("ben", False)]


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", None]), st.floats(0, 5), st.integers(1, 400_000)),
        max_size=40,
    )
)
def test_everything_that_was_taken_in_is_done(asked: list[tuple[str | None, float, int]]) -> None:
    machine, works = Machine(), []
    for who, needs, size in asked:
        try:
            works.append(machine.ask(who, needs, size=size))
        except Full:
            machine.run()
    machine.run()
    assert all(work.made.result() is DONE for work in works)
    assert ALLOWANCE > QUICK_SECONDS
