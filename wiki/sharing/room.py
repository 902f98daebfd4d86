"""Links for people without an account: what the room declares."""

from __future__ import annotations

from wiki.room import Room, none_because
from wiki.sharing import views, visit_views

ROOM = Room(
    name="sharing",
    blueprints=(views.blueprint, visit_views.blueprint),
    operations=none_because("share links are made on screens"),
)
