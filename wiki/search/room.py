"""The index, search and the quick switcher: what the room declares."""

from __future__ import annotations

from sqlalchemy import false

from wiki.i18n import lazy_gettext
from wiki.room import Block, Link, Place, Probe, Rate, Room, Shortcut, Slot, none_because
from wiki.rules.limits import Pace
from wiki.search import checking, commands, views
from wiki.search.completion import nearest
from wiki.search.synonyms import api
from wiki.search.synonyms import views as synonyms
from wiki.search.synonyms.models import SynonymGroup
from wiki.text_columns import TextColumns, TextType
from wiki.web.operations import operations_in

ROOM = Room(
    name="search",
    blueprints=(views.blueprint, synonyms.blueprint),
    operations=operations_in(api),
    commands=commands.COMMANDS,
    links=(
        Link(Place.SITE, 70, lazy_gettext("Search"), "-/search", icon="search"),
        Link(
            Place.ADMIN,
            240,
            lazy_gettext("Search"),
            "search",
            section=lazy_gettext("Content"),
            covers=True,
        ),
    ),
    blocks=(Block(Slot.MISSING, 10, "search/nearest.html", load=nearest.near_titles),),
    shortcuts=(Shortcut(10, lazy_gettext("Search or jump to a page"), "Ctrl K or /"),),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        TextColumns(
            "synonyms",
            SynonymGroup,
            {"words": TextType.TEXT},
            lambda area: SynonymGroup.id > 0 if area.everywhere else false(),
        ),
    ),
    rates=(Rate("searches", Pace(300, 10.0)),),
    guards=none_because("it refuses no edit"),
    checks=checking.CHECKS,
    probes=(
        Probe(
            "search.results",
            ("q={word}", "q={tag}", "q=tag:{tag}", "q=title:{word}", "q={half}", "q=drillshared"),
        ),
        Probe("search.complete", ("q=tag:{tag}", "q=under:{half}", "q=tag:", "q=space:")),
        Probe(
            "search.switch",
            ("q={word}", "q={half}", "q={slug}:{path}&for=link", "q=&recent={page_id}"),
        ),
    ),
    canaries=none_because("the pages of the drill are indexed as any are"),
)
