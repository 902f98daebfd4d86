"""What a room declares about itself for the rest of the wiki.

Each room has one :class:`Room` in its ``room.py``; ``wiki/rooms.py`` lists the rooms. A part that a
room does not have is :func:`none_because` with the reason, so that it is never merely forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Never

from flask import Blueprint


class NoneBecause(tuple[Never, ...]):
    """An empty part of a room, with the reason."""

    reason: str


def none_because(reason: str) -> NoneBecause:
    """Return an empty part of a room.

    :param reason: why the room has no such part, as the end of "none, because …".
    """
    part = NoneBecause()
    part.reason = reason
    return part


@dataclass(frozen=True, kw_only=True)
class Room:
    """The parts of a room that other code uses without knowing the room."""

    name: str
    """The name of its package below ``wiki``."""
    blueprints: tuple[Blueprint, ...]
    """Its screens."""
    operations: tuple[Callable[..., Any], ...]
    """Its operations of the API: views marked with ``wiki.web.operations.operation``."""
