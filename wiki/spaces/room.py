"""Spaces, memberships and invitations: what the room declares."""

from __future__ import annotations

from wiki.i18n import lazy_gettext
from wiki.room import Link, Place, Room, none_because
from wiki.rules.access import May
from wiki.spaces import admin, canaries, commands, invite_views, token_views, views

ROOM = Room(
    name="spaces",
    blueprints=(views.blueprint, invite_views.blueprint, token_views.blueprint, admin.blueprint),
    operations=none_because("its operations are in the API's own room"),
    commands=commands.COMMANDS,
    links=(
        Link(Place.SITE, 30, lazy_gettext("Spaces"), "-/spaces", icon="library"),
        Link(
            Place.SPACE,
            50,
            lazy_gettext("Members"),
            "members",
            icon="users",
            section=lazy_gettext("People"),
            shown=lambda on: not on.actor.is_anonymous,
        ),
        Link(
            Place.SPACE,
            70,
            lazy_gettext("Settings"),
            "settings",
            icon="settings",
            section=lazy_gettext("Manage"),
            shown=lambda on: on.may(May.MANAGE),
        ),
        Link(
            Place.ADMIN,
            130,
            lazy_gettext("Invitations"),
            "invitations",
            section=lazy_gettext("People"),
        ),
        Link(Place.ADMIN, 150, lazy_gettext("Tokens"), "tokens", section=lazy_gettext("People")),
        Link(Place.ADMIN, 210, lazy_gettext("Spaces"), "spaces", section=lazy_gettext("Content")),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("titles of spaces are no words of pages"),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=none_because("the access of pages is checked with the pages"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=(canaries.invite_somebody,),
)
