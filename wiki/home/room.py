"""The site's own screens: what the room declares."""

from __future__ import annotations

from wiki.home import views
from wiki.room import Room, none_because

ROOM = Room(
    name="home",
    blueprints=(views.blueprint,),
    operations=none_because("it shows screens only"),
)
