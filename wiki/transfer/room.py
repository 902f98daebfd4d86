"""Import and export: what the room declares."""

from __future__ import annotations

from wiki.room import Room
from wiki.transfer import views

ROOM = Room(
    name="transfer",
    blueprints=(views.blueprint,),
)
