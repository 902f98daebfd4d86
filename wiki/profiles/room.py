"""Screens about people: what the room declares."""

from __future__ import annotations

from wiki.profiles import claim_views, views
from wiki.room import Room

ROOM = Room(
    name="profiles",
    blueprints=(views.blueprint, claim_views.blueprint),
)
