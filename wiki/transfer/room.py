"""Import and export: what the room declares."""

from __future__ import annotations

from wiki.room import Room, none_because
from wiki.transfer import views

ROOM = Room(
    name="transfer",
    blueprints=(views.blueprint,),
    operations=none_because("trees and histories are imported by commands and on screens"),
)
