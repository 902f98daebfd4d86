"""Past revisions: comparison, blame, calendar and recent changes: what the room declares."""

from __future__ import annotations

from wiki.history import blame_views, views
from wiki.room import Room, none_because

ROOM = Room(
    name="history",
    blueprints=(views.blueprint, blame_views.blueprint),
    operations=none_because("its operations are in the API's own room"),
)
