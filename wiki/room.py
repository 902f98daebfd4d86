"""Declarations of a room for the rest of the wiki.

Each room has one :class:`Room` in its ``room.py``; ``wiki/rooms.py`` lists the rooms. A part that a
room does not have is :func:`none_because` with the reason, so that it is never merely forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Never, Protocol

from click import Command
from flask import Blueprint
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from wiki.canary import World
from wiki.config import Settings
from wiki.db import Database
from wiki.pages.models import Page
from wiki.rules.access import Actor, Decision, May
from wiki.rules.limits import Pace
from wiki.spaces.models import Space
from wiki.text_columns import TextColumns


class NoneBecause(tuple[Never, ...]):
    """An empty part of a room, with the reason."""

    reason: str


def none_because(reason: str) -> NoneBecause:
    """Return an empty part of a room.

    :param reason: why the room has no such part, as the end of "none, because …".
    """
    part = NoneBecause()
    part.reason = reason
    return part


class Place(Enum):
    """A menu that links of rooms appear in, with the start of the addresses in it."""

    SITE = "/"
    """The navigation of the site, in every sidebar."""
    SPACE = "/<space>/-/"
    """The menu of a space."""
    PAGE = "/<space>/<path>/-/"
    """The menu of a page."""
    ADMIN = "/-/admin/"
    """The sidebar of the administration."""


class Slot(Enum):
    """A place on a screen that blocks of rooms appear in."""

    TOP = "top"
    """In the top bar of every screen, beside the account menu, for people who are signed in. Blocks
    there read nothing, so that what they show is part of no remembered answer."""
    PAGE_BAR = "page-bar"
    """Beside the buttons of a page."""
    PAGE_FOOT = "page-foot"
    """Below the text of a page, on the newest revision of a live page."""
    HOME = "home"
    """On the home screen, above the spaces."""
    NEW_PAGE = "new-page"
    """Above the empty form for a new page."""
    SPACE_HOME = "space-home"
    """Beside the home page of a space; below it where there is no room."""
    SEARCH = "search"
    """On the search screen, below the search field."""
    SWITCHER = "switcher"
    """In the quick switcher: rows of its list."""
    MISSING = "missing"
    """The screen for a path of a readable space without a page."""
    WAITING = "waiting"
    """On the home screen, first: rows of a list of what waits for the user."""
    NOT_FOUND = "not-found"
    """Among the buttons of the error page for what does not exist or is hidden. It is shown in both
    cases, so blocks there read nothing."""
    FORBIDDEN = "forbidden"
    """On the error page for an action that is not permitted."""


class Access(Protocol):
    """The permissions of the user in the space or for the page of a screen."""

    def may(self, may: May) -> Decision:
        """Return whether they may do this."""


class ShownPage(Protocol):
    """The page of a screen."""

    def url(self, verb: str = "", query: str = "") -> str:
        """Return the address of the page or of one of its verbs."""


@dataclass(frozen=True)
class Screen:
    """The screen on which links and blocks appear. ``old`` is the number of the revision if it is
    not the newest one, else 0; ``can_edit`` is False for deleted pages. ``columns`` are those that
    blocks of the page's bar need, if they were read. ``question`` is what was typed on the search
    screen or in the switcher."""

    actor: Actor
    url_path: str
    space: Space | None = None
    seen: Access | None = None
    page: Page | None = None
    shown: ShownPage | None = None
    old: int = 0
    can_edit: bool = False
    columns: Mapping[str, Any] = field(default_factory=dict)
    question: str = ""

    def may(self, may: May) -> bool:
        """Return whether the user may do this in the space, or with the page."""
        return self.seen is not None and bool(self.seen.may(may))

    @property
    def is_live(self) -> bool:
        """True if the page is not deleted."""
        return self.page is not None and self.page.deleted_at is None


def always(_screen: Screen) -> bool:
    """Return True: the condition of what is for everybody."""
    return True


@dataclass(frozen=True)
class Link:
    """A link in a menu.

    :param position: its place in the menu; links are sorted by this number.
    :param label: its text, or a function.
    :param address: what follows the start of the addresses in that menu, or a function.
    :param section: the heading that it is below, in the menu of a space and the administration.
    :param here: other addresses, like ``address``, on which the link counts as the current one.
    :param covers: True if it is the current one on all addresses that begin with its own.
    """

    place: Place
    position: int
    label: str | Callable[[Screen], str]
    address: str | Callable[[Screen], str]
    icon: str = ""
    shown: Callable[[Screen], bool] = always
    section: str = ""
    here: tuple[str, ...] = ()
    covers: bool = False
    is_dangerous: bool = False


@dataclass(frozen=True)
class Block:
    """A template in a slot of a screen. It is included with ``block.data``.

    :param load: returns the data for a screen.
    :param columns: in a slot of a page, the data instead: expressions over ``Revision`` and the
        parameter ``person_id``, which are read in the query that reads the page's revision. They
        are read for people who are signed in, and appear on the newest revision of a live page.
        Of tables with a rule in ``wiki/changes/rules.py`` they read only rows of that page or
        person.
    """

    slot: Slot
    position: int
    template: str
    load: Callable[[Session, Screen], Mapping[str, Any]] | None = None
    columns: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shortcut:
    """A line of the help on keyboard shortcuts. ``keys`` are separated by spaces; the words ``or``
    and ``then`` are no keys. The element that the key presses has it as ``data-key``."""

    position: int
    label: str
    keys: str


@dataclass(frozen=True)
class Probe:
    """Queries with which the leak drill requests an endpoint. A name in braces is replaced by the
    argument of that name of each hidden thing, ``{half}`` by the beginning of a title."""

    endpoint: str
    queries: tuple[str, ...]


@dataclass(frozen=True)
class Suggestion:
    """Pages that the quick switcher offers before anything is typed, in the order of positions."""

    position: int
    pages: Callable[[Session, Actor], Sequence[Page]]


@dataclass(frozen=True)
class Finding:
    """An inconsistency, described in a sentence; ``repair`` fixes it, if it can be fixed."""

    sentence: str
    repair: Callable[[], None] | None = None


Progress = Callable[[int, int], None]
Look = Callable[[Database, Settings, Progress], Iterator[Finding]]


@dataclass(frozen=True)
class Check:
    """A check of ``wiki check``: ``look`` yields what is wrong. Checks are made in the order of
    positions."""

    position: int
    name: str
    look: Look


@dataclass(frozen=True)
class Rate:
    """A rate limit on a kind of requests, which views name with ``@costs(name)``. ``by_size`` is
    True if the cost of a request grows with the bytes sent."""

    name: str
    pace: Pace
    by_size: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Room:
    """The parts of a room that other code uses without knowing the room."""

    name: str
    """The name of its package below ``wiki``."""
    blueprints: tuple[Blueprint, ...]
    """Its screens."""
    operations: tuple[Callable[..., Any], ...]
    """Its operations of the API: views marked with ``wiki.web.operations.operation``."""
    commands: tuple[Command, ...]
    """Its commands on the command line."""
    links: tuple[Link, ...]
    """Its links in menus."""
    blocks: tuple[Block, ...]
    """Its blocks on screens of other rooms."""
    shortcuts: tuple[Shortcut, ...]
    """Its lines of the help on keyboard shortcuts."""
    suggestions: tuple[Suggestion, ...]
    """Its pages in the quick switcher before anything is typed."""
    text_columns: tuple[TextColumns, ...]
    """Its columns that can contain words of pages, which redactions walk."""
    rates: tuple[Rate, ...]
    """Its rate limits; views without one that write count as ``saves``."""
    guards: tuple[Callable[[Session, Any], Any], ...]
    """Its guards of saves (``wiki.pages.saving.guards.Guard``): each is asked about every edit."""
    checks: tuple[Check, ...]
    """Its integrity checks, which ``wiki check`` makes."""
    probes: tuple[Probe, ...]
    """Queries for the leak drill, which requests all other endpoints without one."""
    canaries: tuple[Callable[[World, Session], None], ...]
    """Functions that add what it stores to the scratch wiki of the leak drill."""


def info_of(rooms: Sequence[Room]) -> dict[str, Any]:
    """Return what actions and handlers find in ``session.info``: the rooms, and the guards of all
    of them in order."""
    return {
        "rooms": tuple(rooms),
        "guards": tuple(guard for room in rooms for guard in room.guards),
    }


def rooms_of(session: Session) -> tuple[Room, ...]:
    """Return the rooms of the app or command that opened the database of a session. Actions and
    handlers find them here, because they run in requests, in the worker and in commands."""
    rooms: tuple[Room, ...] = session.info["rooms"]
    return rooms


def text_columns_of(session: Session) -> tuple[TextColumns, ...]:
    """Return the columns of all rooms that can contain words of pages."""
    return tuple(columns for room in rooms_of(session) for columns in room.text_columns)
