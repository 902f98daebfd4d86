"""Tags of pages and lists of pages: what the room declares."""

from __future__ import annotations

from wiki.room import Room, none_because
from wiki.tags import views

ROOM = Room(
    name="tags",
    blueprints=(views.blueprint,),
    operations=none_because("its operations are in the API's own room"),
)
