"""Photos of people: what the room declares."""

from __future__ import annotations

from wiki.photos import api, checking, views
from wiki.room import Room, none_because
from wiki.web.operations import operations_in

ROOM = Room(
    name="photos",
    blueprints=(views.blueprint,),
    operations=operations_in(api),
    commands=none_because("people set their photos themselves"),
    links=none_because("a photo is set in the account and shown with its person"),
    blocks=none_because("every screen shows photos beside names"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("a photo has no words"),
    rates=none_because("a photo that is sent counts among the files"),
    guards=none_because("it refuses no edit"),
    checks=checking.CHECKS,
    probes=none_because("its screens take no queries that name a page"),
    canaries=none_because("a photo shows nothing of a page"),
)
