"""Approvals of changes of exposure: what the room declares."""

from __future__ import annotations

from wiki.reviews import views
from wiki.room import Room, none_because

ROOM = Room(
    name="reviews",
    blueprints=(views.blueprint,),
    operations=none_because("approvals are given on screens"),
)
