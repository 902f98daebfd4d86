"""Events as administrators read them, jobs and storage: what the room declares."""

from __future__ import annotations

from wiki.audit import views
from wiki.room import Room, none_because

ROOM = Room(
    name="audit",
    blueprints=(views.blueprint,),
    operations=none_because("the audit log is exported by a command"),
)
