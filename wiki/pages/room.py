"""Pages and their revisions: what the room declares."""

from __future__ import annotations

from wiki.pages import views
from wiki.pages.conflicts import views as conflict_views
from wiki.pages.links import views as link_views
from wiki.room import Room, none_because

ROOM = Room(
    name="pages",
    blueprints=(views.blueprint, conflict_views.blueprint, link_views.blueprint),
    operations=none_because("its operations are in the API's own room"),
)
