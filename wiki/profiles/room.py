"""Screens about people: what the room declares."""

from __future__ import annotations

from wiki.profiles import claim_views, token_commands, views
from wiki.room import Room, none_because

ROOM = Room(
    name="profiles",
    blueprints=(views.blueprint, claim_views.blueprint),
    operations=none_because("it shows screens only"),
    commands=token_commands.COMMANDS,
    links=none_because("people are reached by their names"),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("it stores nothing"),
    rates=none_because("its screens cost little"),
    guards=none_because("it refuses no edit"),
    checks=none_because("it stores nothing"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=none_because("it stores nothing"),
)
