"""Approvals of changes of exposure: what the room declares."""

from __future__ import annotations

from wiki.reviews import views
from wiki.room import Room, none_because

ROOM = Room(
    name="reviews",
    blueprints=(views.blueprint,),
    operations=none_because("approvals are given on screens"),
    links=none_because("approvals are reached from mails and from what waits for them"),
    blocks=none_because("what it shows is on screens of its own"),
    suggestions=none_because("it has no pages to offer before a search"),
    canaries=none_because("approvals are not shown with anything of a page"),
)
