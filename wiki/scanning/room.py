"""Secrets found in pages: what the room declares."""

from __future__ import annotations

from wiki.room import Room
from wiki.scanning import views

ROOM = Room(
    name="scanning",
    blueprints=(views.blueprint,),
)
