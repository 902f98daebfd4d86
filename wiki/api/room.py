"""The REST API: what the room declares."""

from __future__ import annotations

from wiki.api import (
    changes,
    files,
    groups,
    history,
    lists,
    moving,
    openapi,
    pages,
    search,
    spaces,
    threads,
    uploads,
)
from wiki.room import Probe, Room, none_because
from wiki.web.operations import operations_in

ROOM = Room(
    name="api",
    blueprints=none_because("its one blueprint is made from the operations of all rooms"),
    operations=operations_in(
        changes,
        files,
        groups,
        history,
        lists,
        moving,
        openapi,
        pages,
        search,
        spaces,
        threads,
        uploads,
    ),
    commands=none_because("tokens are made with the accounts"),
    links=none_because("programs call it"),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("it stores nothing"),
    rates=none_because("its operations count among the same requests as screens"),
    guards=none_because("it refuses no edit"),
    checks=none_because("it stores nothing"),
    probes=(
        Probe("api.search_pages", ("q={word}", "q={tag}", "q={half}", "q=drillshared")),
        Probe("api.list_pages", ("", "tag={tag}", "space={slug}")),
        Probe("api.list_changes", ("", "space={slug}")),
    ),
    canaries=none_because("it stores nothing"),
)
