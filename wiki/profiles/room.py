"""Screens about people: what the room declares."""

from __future__ import annotations

from wiki.profiles import claim_views, views
from wiki.room import Room, none_because

ROOM = Room(
    name="profiles",
    blueprints=(views.blueprint, claim_views.blueprint),
    operations=none_because("it shows screens only"),
)
