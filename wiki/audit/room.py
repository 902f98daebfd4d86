"""Events as administrators read them, jobs and storage: what the room declares."""

from __future__ import annotations

from wiki.audit import views
from wiki.room import Room

ROOM = Room(
    name="audit",
    blueprints=(views.blueprint,),
)
