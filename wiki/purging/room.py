"""Removal of pages and revisions for good: what the room declares."""

from __future__ import annotations

from wiki.purging import views
from wiki.room import Room, none_because

ROOM = Room(
    name="purging",
    blueprints=(views.blueprint,),
    operations=none_because("purging asks for a confirmation on the screen"),
)
