"""Templates for new pages: what the room declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from wiki.i18n import lazy_gettext
from wiki.page_templates import queries, views
from wiki.room import Block, Link, Place, Room, Screen, Slot, none_because


def _offered(session: Session, on: Screen) -> Mapping[str, Any]:
    own = queries.list_own(session, on.actor, on.space) if on.space else ()
    return {"built_in": queries.BUILT_IN, "own": own}


ROOM = Room(
    name="page_templates",
    blueprints=(views.blueprint,),
    operations=none_because("a client of the API writes the text of a page itself"),
    commands=none_because("pages are not started on the command line"),
    links=(
        Link(
            Place.PAGE,
            87,
            lazy_gettext("Save as template"),
            "as-template",
            icon="layout-template",
            shown=lambda on: on.can_edit,
        ),
    ),
    blocks=(Block(Slot.NEW_PAGE, 10, "page_templates/offer.html", load=_offered),),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("a template is a page or a file of the program"),
    rates=none_because("its screens cost as much as those of pages"),
    guards=none_because("it refuses no edit"),
    checks=none_because("it stores nothing"),
    probes=none_because("the drill requests its screens by the ids of pages"),
    canaries=none_because("it stores nothing"),
)
