"""The list of rooms, which the app, the commands, the drill, the checks and the tests read.

Importing this module makes every table and every event known, too.
"""

from __future__ import annotations

from importlib import import_module

from wiki.room import Room

NAMES = (
    "home",
    "people",
    "spaces",
    "pages",
    "history",
    "scanning",
    "access",
    "profiles",
    "groups",
    "purging",
    "redaction",
    "reviews",
    "sharing",
    "search",
    "searches",
    "tags",
    "transfer",
    "attachments",
    "photos",
    "bookmarks",
    "comments",
    "watching",
    "inbox",
    "feeds",
    "webhooks",
    "page_templates",
    "requests",
    "insights",
    "audit",
    "api",
)


def _declared_by(name: str) -> Room:
    room: Room = import_module(f"wiki.{name}.room").ROOM
    return room


ROOMS: tuple[Room, ...] = tuple(_declared_by(name) for name in NAMES)
