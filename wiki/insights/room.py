"""Housekeeping and the self-check: what the room declares."""

from __future__ import annotations

from wiki.insights import selfcheck_views, views
from wiki.room import Room, none_because

ROOM = Room(
    name="insights",
    blueprints=(views.blueprint, selfcheck_views.blueprint),
    operations=none_because("it shows screens only"),
)
