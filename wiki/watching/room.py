"""Watching: what the room declares."""

from __future__ import annotations

from sqlalchemy import literal

from wiki.i18n import lazy_gettext
from wiki.room import Block, Link, Place, Probe, Room, Shortcut, Slot, none_because
from wiki.watching import api, canaries, views
from wiki.web.operations import operations_in

ROOM = Room(
    name="watching",
    blueprints=(views.blueprint,),
    operations=operations_in(api),
    commands=none_because("people choose themselves what they watch"),
    links=(
        Link(
            Place.SITE,
            17,
            lazy_gettext("Watching"),
            "-/watching",
            icon="bell",
            shown=lambda on: not on.actor.is_anonymous,
        ),
        Link(
            Place.SPACE,
            35,
            lazy_gettext("Watch space"),
            "watch",
            icon="bell",
            section=lazy_gettext("Pages"),
            shown=lambda on: not on.actor.is_anonymous,
        ),
    ),
    blocks=(
        # It is read for people who are signed in, on live pages.
        Block(Slot.PAGE_BAR, 15, "watching/bar.html", columns={"may_watch": literal(True)}),
    ),
    shortcuts=(Shortcut(42, lazy_gettext("Choose what you are notified of"), "w"),),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("a watch has no words of pages"),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=none_because("the database itself keeps the rows consistent"),
    probes=(Probe("watching.watching", ("tag={half}",)),),
    canaries=(canaries.watch_hidden_pages,),
)
