"""Saved searches: what the room declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import false
from sqlalchemy.orm import Session

from wiki.i18n import lazy_gettext
from wiki.room import Block, Link, Place, Room, Screen, Slot, none_because
from wiki.searches import canaries, queries, views
from wiki.searches.models import SavedSearch
from wiki.text_columns import TextColumns, TextType


def _saved(session: Session, on: Screen) -> Mapping[str, Any]:
    # Beside results there is only the form that saves them.
    return {"saved": () if on.question else queries.list_saved(session, on.actor)}


def _begun(session: Session, on: Screen) -> Mapping[str, Any]:
    return {"saved": queries.list_begun(session, on.actor, on.question)}


ROOM = Room(
    name="searches",
    blueprints=(views.blueprint,),
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
            lambda area: SavedSearch.id > 0 if area.everywhere else false(),
            counted=False,
        ),
    ),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=none_because("the database itself keeps the rows consistent"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=(canaries.save_searches,),
)
