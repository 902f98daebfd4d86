"""Tags of pages and lists of pages: what the room declares."""

from __future__ import annotations

from wiki.room import Room
from wiki.tags import views

ROOM = Room(
    name="tags",
    blueprints=(views.blueprint,),
)
