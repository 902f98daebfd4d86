"""Groups of people: what the room declares."""

from __future__ import annotations

from wiki.groups import views
from wiki.room import Room, none_because

ROOM = Room(
    name="groups",
    blueprints=(views.blueprint,),
    operations=none_because("its operations are in the API's own room"),
)
