"""Housekeeping and the self-check: what the room declares."""

from __future__ import annotations

from wiki.insights import selfcheck_views, views
from wiki.room import Room

ROOM = Room(
    name="insights",
    blueprints=(views.blueprint, selfcheck_views.blueprint),
)
