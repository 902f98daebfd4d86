"""Files of pages and spaces: what the room declares."""

from __future__ import annotations

from wiki.attachments import upload_views, version_views, views
from wiki.room import Room, none_because

ROOM = Room(
    name="attachments",
    blueprints=(views.blueprint, version_views.blueprint, upload_views.blueprint),
    operations=none_because("its operations are in the API's own room"),
)
