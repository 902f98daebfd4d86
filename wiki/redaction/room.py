"""Removal of a passage everywhere: what the room declares."""

from __future__ import annotations

from wiki.redaction import views
from wiki.room import Room, none_because

ROOM = Room(
    name="redaction",
    blueprints=(views.blueprint,),
    operations=none_because("redacting asks for a confirmation on the screen"),
)
