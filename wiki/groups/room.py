"""Groups of people: what the room declares."""

from __future__ import annotations

from wiki.groups import views
from wiki.room import Room

ROOM = Room(
    name="groups",
    blueprints=(views.blueprint,),
)
