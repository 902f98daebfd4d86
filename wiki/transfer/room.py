"""Import and export: what the room declares."""

from __future__ import annotations

from wiki.room import Link, Place, Room, none_because
from wiki.rules.access import May
from wiki.transfer import views

ROOM = Room(
    name="transfer",
    blueprints=(views.blueprint,),
    operations=none_because("trees and histories are imported by commands and on screens"),
    links=(
        Link(
            Place.SPACE,
            110,
            "Import",
            "import",
            icon="upload",
            shown=lambda on: on.may(May.MANAGE),
            covers=True,
        ),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    suggestions=none_because("it has no pages to offer before a search"),
    canaries=none_because("an import or a mirror shows nothing of a page to others"),
)
