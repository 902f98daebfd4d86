"""The index, search and the quick switcher: what the room declares."""

from __future__ import annotations

from wiki.i18n import lazy_gettext
from wiki.room import Block, Link, Place, Probe, Rate, Room, Shortcut, Slot, none_because
from wiki.rules.limits import Pace
from wiki.search import checking, commands, nearest, views

ROOM = Room(
    name="search",
    blueprints=(views.blueprint,),
    operations=none_because("its operations are in the API's own room"),
    commands=commands.COMMANDS,
    links=(Link(Place.SITE, 70, lazy_gettext("Search"), "-/search", icon="search"),),
    blocks=(Block(Slot.MISSING, 10, "search/nearest.html", load=nearest.near_titles),),
    shortcuts=(Shortcut(10, lazy_gettext("Search or jump to a page"), "Ctrl K or /"),),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("its index follows every change of a page"),
    rates=(Rate("searches", Pace(300, 10.0)),),
    guards=none_because("it refuses no edit"),
    checks=checking.CHECKS,
    probes=(
        Probe(
            "search.results",
            ("q={word}", "q={tag}", "q=tag:{tag}", "q=title:{word}", "q={half}", "q=drillshared"),
        ),
        Probe(
            "search.switch",
            ("q={word}", "q={half}", "q={slug}:{path}&for=link", "q=&recent={page_id}"),
        ),
    ),
    canaries=none_because("the pages of the drill are indexed as any are"),
)
