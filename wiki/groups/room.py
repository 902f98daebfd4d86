"""Groups of people: what the room declares."""

from __future__ import annotations

from wiki.groups import commands, views
from wiki.i18n import lazy_gettext
from wiki.room import Link, Place, Room, none_because

ROOM = Room(
    name="groups",
    blueprints=(views.blueprint,),
    operations=none_because("its operations are in the API's own room"),
    commands=commands.COMMANDS,
    links=(
        Link(
            Place.SITE,
            60,
            lazy_gettext("Groups"),
            "-/groups",
            icon="users",
            shown=lambda on: on.actor.is_member,
        ),
        Link(Place.ADMIN, 120, lazy_gettext("Groups"), "groups", section=lazy_gettext("People")),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("names of groups are no words of pages"),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=none_because("the people of groups are checked in their own room"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=none_because("the group of the drill is made with its people"),
)
