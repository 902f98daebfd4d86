"""The inbox: what the room declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from wiki.i18n import lazy_gettext
from wiki.inbox import api, canaries, queries, unsubscribing, views
from wiki.room import Block, Room, Screen, Shortcut, Slot, none_because
from wiki.web.operations import operations_in


def _unread(session: Session, on: Screen) -> Mapping[str, Any]:
    return {"unread": queries.count_unread(session, on.actor), "most": queries.MOST_COUNTED}


ROOM = Room(
    name="inbox",
    blueprints=(views.blueprint, unsubscribing.blueprint),
    operations=operations_in(api),
    commands=none_because("people read their notices in the browser and over the API"),
    links=none_because("its link is in the top bar"),
    blocks=(
        Block(Slot.TOP, 10, "inbox/top.html"),
        Block(Slot.WAITING, 5, "inbox/waiting.html", load=_unread),
    ),
    shortcuts=(
        Shortcut(62, lazy_gettext("Inbox"), "g then i"),
        Shortcut(63, lazy_gettext("In the inbox: next and previous notice"), "j or k"),
        Shortcut(64, lazy_gettext("In the inbox: done"), "e"),
        Shortcut(65, lazy_gettext("In the inbox: read or unread"), "u"),
    ),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("notices hold ids and no words"),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=none_because("the database itself keeps the rows consistent"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=(canaries.tell_of_hidden_pages,),
)
