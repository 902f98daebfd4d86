"""Positions: whatever is moved where, the keys sort as a list would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.text.positions import LONGEST, UNPLACED, is_key, keys_between

MOVES = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=60)


@given(MOVES, st.integers(1, 12))
def test_any_sequence_of_moves_gives_the_order_of_a_list(
    moves: list[tuple[int, int]], count: int
) -> None:
    order = list(range(count))
    keys = dict(zip(order, keys_between("", "", count), strict=True))
    for which, to in moves:
        moved = order.pop(which % len(order))
        place = to % (len(order) + 1)
        low = keys[order[place - 1]] if place else ""
        high = keys[order[place]] if place < len(order) else ""
        (keys[moved],) = keys_between(low, high)
        order.insert(place, moved)
        assert sorted(order, key=keys.__getitem__) == order
        assert len(set(keys.values())) == count
        assert all(is_key(key) and key < UNPLACED for key in keys.values())


@pytest.mark.parametrize("end", ["first", "last"])
def test_a_thousand_placed_at_one_end_keep_short_keys(end: str) -> None:
    keys = keys_between("", "")
    for _ in range(1000):
        low, high = ("", keys[0]) if end == "first" else (keys[-1], "")
        (key,) = keys_between(low, high)
        keys = [key, *keys] if end == "first" else [*keys, key]
    assert keys == sorted(keys)
    assert max(map(len, keys)) <= 6


@pytest.mark.parametrize("side", ["low", "high"])
def test_hundreds_placed_in_one_gap_have_room(side: str) -> None:
    low, high = keys_between("", "", 2)
    steps = 0
    while max(len(low), len(high)) < LONGEST:
        (key,) = keys_between(low, high)
        assert low < key < high
        low, high = (key, high) if side == "low" else (low, key)
        steps += 1
    assert steps > 250


def test_many_at_once_are_in_order() -> None:
    for low, high in (("", ""), ("i", ""), ("", "i"), ("a", "b"), ("a", "a01")):
        keys = keys_between(low, high, 50_000)
        assert keys == sorted(set(keys))
        assert low < keys[0]
        assert not high or keys[-1] < high


@pytest.mark.parametrize(("low", "high"), [("b", "a"), ("a", "a")])
def test_there_is_nothing_between_equal_or_swapped_keys(low: str, high: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        keys_between(low, high)


@pytest.mark.parametrize("text", ["", "a0", UNPLACED, "A", "ä", "a b", "1" * 101, "a\n"])
def test_other_texts_are_no_keys(text: str) -> None:
    assert not is_key(text)
