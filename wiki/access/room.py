"""Who can see a page or a space: what the room declares."""

from __future__ import annotations

from wiki.access import views
from wiki.room import Room, none_because

ROOM = Room(
    name="access",
    blueprints=(views.blueprint,),
    operations=none_because("it explains to people who can see what"),
)
