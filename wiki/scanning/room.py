"""Secrets found in pages: what the room declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from wiki.i18n import lazy_gettext
from wiki.room import Block, Link, Place, Room, Screen, Slot, none_because
from wiki.rules.access import May
from wiki.scanning import queries, views


def _fresh(session: Session, on: Screen) -> Mapping[str, Any]:
    return {"fresh": () if on.actor.is_anonymous else queries.fresh_findings(session, on.actor)}


ROOM = Room(
    name="scanning",
    blueprints=(views.blueprint,),
    operations=none_because("findings are read on screens"),
    commands=none_because("it shows screens only"),
    links=(
        Link(
            Place.SPACE,
            80,
            lazy_gettext("Secrets"),
            "findings",
            icon="key-round",
            section=lazy_gettext("Manage"),
            shown=lambda on: on.may(May.MANAGE),
            here=("scanning",),
        ),
        Link(
            Place.ADMIN, 220, lazy_gettext("Secrets"), "findings", section=lazy_gettext("Content")
        ),
    ),
    blocks=(Block(Slot.WAITING, 20, "scanning/waiting.html", load=_fresh),),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("findings are kept with the pages"),
    rates=none_because("its screens cost little"),
    guards=none_because("new secrets are refused by a guard of the pages"),
    checks=none_because("findings are looked for again in the texts"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=none_because("no page of the drill has a secret in it"),
)
