"""Stars: what the room declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from wiki.bookmarks import api, canaries, queries, views
from wiki.i18n import lazy_gettext
from wiki.room import Block, Link, Place, Room, Screen, Shortcut, Slot, Suggestion, none_because
from wiki.web.operations import operations_in


def _few(session: Session, on: Screen) -> Mapping[str, Any]:
    return {"pages": queries.few_starred(session, on.actor)}


ROOM = Room(
    name="bookmarks",
    blueprints=(views.blueprint,),
    operations=operations_in(api),
    commands=none_because("people star pages themselves"),
    links=(
        Link(
            Place.SITE,
            15,
            lazy_gettext("Starred"),
            "-/starred",
            icon="star",
            shown=lambda on: not on.actor.is_anonymous,
        ),
    ),
    blocks=(
        Block(
            Slot.PAGE_BAR,
            10,
            "bookmarks/star.html",
            columns={"is_starred": queries.IS_STARRED},
        ),
        Block(Slot.HOME, 10, "bookmarks/home.html", load=_few),
    ),
    shortcuts=(Shortcut(40, lazy_gettext("Star this page"), "s"),),
    suggestions=(Suggestion(10, queries.few_starred),),
    text_columns=none_because("a star has no words"),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=none_because("the database itself keeps the rows consistent"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=(canaries.star_hidden_pages,),
)
