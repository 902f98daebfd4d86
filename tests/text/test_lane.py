"""Comparisons in a process of their own: the same result, and a bound on time and memory."""

import os

import pytest

from wiki.text.compare.diff import diff
from wiki.text.compare.wire import decode_diff, encode_diff
from wiki.text.sandbox import parent as sandbox
from wiki.text.sandbox.parent import compare_safely

OLD = "# One\n\n" + "same\n" * 20 + "The limit is 3.\ngone\n"
NEW = "# One\n\n" + "same\n" * 20 + "The limit is 5.\n" + "x" * 30_000 + "\nend"


@pytest.mark.parametrize("context", [0, 3, None])
def test_a_comparison_comes_out_as_it_does_in_this_process(context: int | None) -> None:
    found = compare_safely(OLD, NEW, context, 1)
    assert found == decode_diff(encode_diff(diff(OLD, NEW, context)))
    assert found
    assert [row.kind for row in found.rows] == [row.kind for row in diff(OLD, NEW, context).rows]


def test_what_takes_too_long_is_given_up_and_the_next_is_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "COMPARE_SECONDS", 0.001)
        assert compare_safely("a\n" * 500_000, "b\n" * 500_000, 3, 1) is None
    assert compare_safely(OLD, NEW, 3, 1)


@pytest.mark.thorough
def test_what_takes_too_much_memory_is_given_up_and_the_next_is_compared() -> None:
    many = "".join(f"{number}\n" for number in range(1_500_000))
    assert compare_safely(many, many[::-1], 3, 1) is None
    assert compare_safely(OLD, NEW, 3, 1)


def test_the_largest_pages_are_compared_within_the_memory_of_the_lane() -> None:
    found = compare_safely("a\n" * (1 << 20), "b\n" * (1 << 20), 3, 2)
    assert found
    assert (found.added, found.part) == (1 << 20, 2)
    assert len(list(found.rows)) <= 4000


def test_the_lane_gives_way_to_what_shows_pages() -> None:
    compare_safely(OLD, NEW, 3, 1)
    (child,) = sandbox._lane.idle
    assert os.getpriority(os.PRIO_PROCESS, child.process.pid) > os.getpriority(os.PRIO_PROCESS, 0)
