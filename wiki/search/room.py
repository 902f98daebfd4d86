"""The index, search and the quick switcher: what the room declares."""

from __future__ import annotations

from wiki.room import Room, none_because
from wiki.search import views

ROOM = Room(
    name="search",
    blueprints=(views.blueprint,),
    operations=none_because("its operations are in the API's own room"),
)
