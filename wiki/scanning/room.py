"""Secrets found in pages: what the room declares."""

from __future__ import annotations

from wiki.room import Room, none_because
from wiki.scanning import views

ROOM = Room(
    name="scanning",
    blueprints=(views.blueprint,),
    operations=none_because("findings are read on screens"),
)
