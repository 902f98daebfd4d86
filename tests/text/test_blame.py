"""Blame by line: every line has one origin, that which a look back revision by revision finds."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from wiki.text.compare.blame import blame_lines, pack, step, unpack
from wiki.text.compare.lines import line_changes

lines = st.lists(st.sampled_from(["a", "b", "c", "", "  d"]), max_size=12)
histories = st.lists(lines, min_size=1, max_size=8)


def naive(history: list[list[str]]) -> list[int]:
    """For each line of the last text, on its own: go back as long as it was there before."""
    return [trace(history, at) for at in range(len(history[-1]))]


def trace(history: list[list[str]], at: int) -> int:
    number = len(history)
    while number > 1:
        before = predecessor(history[number - 2], history[number - 1], at)
        if before is None:
            return number
        number, at = number - 1, before
    return 1


def predecessor(old: list[str], new: list[str], at: int) -> int | None:
    shift = 0
    for a, b, c, d in line_changes(old, new):
        if c <= at < d:
            return None
        if at < c:
            break
        shift = b - d
        assert a <= b
    return at + shift


def forward(history: list[list[str]]) -> list[int]:
    origins = [1] * len(history[0])
    for number, (old, new) in enumerate(pairwise(history), start=2):
        origins = step(origins, old, new, number)
    return origins


@given(histories)
def test_going_forward_finds_what_looking_back_line_by_line_finds(history: list[list[str]]) -> None:
    assert forward(history) == naive(history)


@given(histories)
def test_every_line_has_one_origin_and_stands_as_it_was_written_there(
    history: list[list[str]],
) -> None:
    origins = forward(history)
    assert len(origins) == len(history[-1])
    for line, origin in zip(history[-1], origins, strict=True):
        assert line in history[origin - 1]


@given(st.lists(st.integers(1, 4), max_size=40))
def test_origins_are_packed_in_runs_and_come_back(origins: list[int]) -> None:
    runs = pack(origins)
    assert unpack(runs) == origins
    assert all(one != other for one, other in zip(runs[::2], runs[2::2], strict=False))


def test_a_kept_line_keeps_its_origin_and_a_changed_one_gets_the_new() -> None:
    first = blame_lines("one\ntwo\nthree\n")
    second = blame_lines("one\nTWO\nthree\nfour\n")
    assert step([1, 1, 1], first, second, 2) == [1, 2, 1, 2]


def test_a_moved_line_comes_from_its_move() -> None:
    old = blame_lines("heading\na\nb\nc\n")
    new = blame_lines("a\nb\nc\nheading\n")
    assert step([1] * 4, old, new, 2) == [1, 1, 1, 2]


def test_the_end_of_the_last_line_is_nobodys() -> None:
    assert blame_lines("a\nb") == blame_lines("a\nb\n") == ["a", "b"]
    assert blame_lines("") == []
    assert blame_lines("\n") == [""]
    assert blame_lines("a\n\n") == ["a", ""]
