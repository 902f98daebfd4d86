"""Removal of pages and revisions for good: what the room declares."""

from __future__ import annotations

from wiki.i18n import lazy_gettext
from wiki.purging import commands, views
from wiki.room import Link, Place, Room, Screen, none_because
from wiki.rules.roles import SiteRole


def _purge(on: Screen) -> str:
    return f"/-/p/{on.page.id}/purge" if on.page else ""


ROOM = Room(
    name="purging",
    blueprints=(views.blueprint,),
    operations=none_because("purging asks for a confirmation on the screen"),
    commands=commands.COMMANDS,
    links=(
        Link(Place.ADMIN, 230, lazy_gettext("Purged"), "purged", section=lazy_gettext("Content")),
        Link(
            Place.PAGE,
            130,
            lazy_gettext("Purge"),
            _purge,
            icon="flame",
            shown=lambda on: on.actor.site_role is SiteRole.ADMIN,
            is_dangerous=True,
        ),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("it removes words, and keeps none"),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=none_because("it derives nothing"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=none_because("what is purged is there for nobody"),
)
