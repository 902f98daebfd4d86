"""Removal of a passage everywhere: what the room declares."""

from __future__ import annotations

from wiki.redaction import views
from wiki.room import Room

ROOM = Room(
    name="redaction",
    blueprints=(views.blueprint,),
)
