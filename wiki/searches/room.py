"""Saved searches, and searches without an answer: what the room declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, false, or_, true
from sqlalchemy.orm import Session

from wiki.i18n import lazy_gettext
from wiki.room import Block, Link, Place, Room, Screen, Slot, none_because
from wiki.rules.access import May
from wiki.search.asked import views as asked
from wiki.search.asked.models import AskedSearch
from wiki.searches import board_views, canaries, queries, views
from wiki.searches.models import SavedSearch, SearchClaim
from wiki.text_columns import Area, TextColumns, TextType


def _saved(session: Session, on: Screen) -> Mapping[str, Any]:
    # Beside results there is only the form that saves them.
    return {"saved": () if on.question else queries.list_saved(session, on.actor)}


def _begun(session: Session, on: Screen) -> Mapping[str, Any]:
    return {"saved": queries.list_begun(session, on.actor, on.question)}


def _all(area: Area) -> ColumnElement[bool]:
    return true() if area.everywhere else false()


ROOM = Room(
    name="searches",
    blueprints=(views.blueprint, asked.blueprint, board_views.blueprint),
    operations=none_because("people save the searches that they make in the browser"),
    commands=none_because("people save searches themselves"),
    links=(
        Link(
            Place.SITE,
            71,
            lazy_gettext("Saved searches"),
            "-/searches",
            icon="bookmark",
            shown=lambda on: not on.actor.is_anonymous,
            covers=True,
        ),
        Link(
            Place.SPACE,
            39,
            lazy_gettext("Searches without an answer"),
            "searches",
            icon="search",
            section=lazy_gettext("Pages"),
            shown=lambda on: on.may(May.MANAGE),
        ),
        Link(
            Place.ADMIN,
            245,
            lazy_gettext("Searches without an answer"),
            "searches",
            section=lazy_gettext("Content"),
        ),
    ),
    blocks=(
        Block(Slot.SEARCH, 20, "searches/on_search.html", load=_saved),
        Block(Slot.SWITCHER, 10, "searches/in_switcher.html", load=_begun),
    ),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it offers searches before a search, and no pages"),
    text_columns=(
        # They belong to no space, and their words are private to their owner.
        TextColumns(
            "saved searches",
            SavedSearch,
            {"name": TextType.TEXT, "query": TextType.TEXT},
            _all,
            counted=False,
        ),
        TextColumns(
            "the log of searches",
            AskedSearch,
            {"words": TextType.TEXT},
            lambda area: or_(AskedSearch.space_id.in_(area.space_ids), _all(area)),
            counted=False,
        ),
        TextColumns(
            "wanted pages",
            SearchClaim,
            {"words": TextType.TEXT},
            lambda area: or_(SearchClaim.target_id.in_(area.space_ids), _all(area)),
            title=True,
        ),
    ),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=none_because("the database itself keeps the rows consistent"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=(canaries.save_searches,),
)
