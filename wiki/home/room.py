"""The site's own screens: what the room declares."""

from __future__ import annotations

from wiki.home import space_menu, views
from wiki.i18n import lazy_gettext
from wiki.room import Link, Place, Probe, Room, Shortcut, none_because

ROOM = Room(
    name="home",
    blueprints=(views.blueprint, space_menu.blueprint),
    operations=none_because("it shows screens only"),
    commands=none_because("it shows screens only"),
    links=(Link(Place.SITE, 10, lazy_gettext("Home"), "", icon="house"),),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=(Shortcut(60, lazy_gettext("Home"), "g then h"),),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("the name of a dismissed notice is no word of a page"),
    rates=none_because("its screens cost little"),
    guards=none_because("it refuses no edit"),
    checks=none_because("the database itself keeps the rows consistent"),
    probes=(
        Probe("home.recently_read", ("pages={page_id}",)),
        Probe("space_menu.spaces", ("pages={page_id}&here={slug}",)),
    ),
    canaries=none_because("it stores nothing about pages"),
)
