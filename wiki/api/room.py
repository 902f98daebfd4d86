"""The REST API: what the room declares."""

from __future__ import annotations

from wiki.api import views
from wiki.room import Room

ROOM = Room(
    name="api",
    blueprints=(views.blueprint,),
)
