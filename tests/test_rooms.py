"""Each room declares all its parts, or says why it has none."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

import wiki
from wiki.room import NoneBecause, Room
from wiki.rooms import NAMES, ROOMS


def test_every_package_that_declares_a_room_is_in_the_list() -> None:
    declared = {path.parent.name for path in Path(wiki.__file__).parent.glob("*/room.py")}
    assert sorted(NAMES) == sorted(declared)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_has_each_part_or_a_reason_for_having_none(room: Room) -> None:
    assert room.name in NAMES
    for field in fields(Room):
        part = getattr(room, field.name)
        if isinstance(part, NoneBecause):
            assert part.reason, f"{room.name} says why it has no {field.name}"
        else:
            assert part, f"{room.name} says that it has no {field.name}, and why"
