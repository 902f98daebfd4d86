"""Secrets found in pages: what the room declares."""

from __future__ import annotations

from wiki.room import Link, Place, Room, none_because
from wiki.rules.access import May
from wiki.scanning import views

ROOM = Room(
    name="scanning",
    blueprints=(views.blueprint,),
    operations=none_because("findings are read on screens"),
    commands=none_because("it shows screens only"),
    links=(
        Link(
            Place.SPACE,
            80,
            "Secrets",
            "findings",
            icon="key-round",
            shown=lambda on: on.may(May.MANAGE),
            here=("scanning",),
        ),
        Link(Place.ADMIN, 220, "Secrets", "findings", section="Content"),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("findings are kept with the pages"),
    rates=none_because("its screens cost little"),
    guards=none_because("new secrets are refused by a guard of the pages"),
    checks=none_because("findings are looked for again in the texts"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=none_because("no page of the drill has a secret in it"),
)
