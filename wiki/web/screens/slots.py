"""Links and blocks of rooms in templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

from flask import Flask, request
from jinja2.runtime import Context, Undefined
from jinja2.utils import pass_context
from sqlalchemy import Label

from wiki.room import Block, Link, Place, Room, Screen, Shortcut, Slot
from wiki.web.request import actor, parts, reading
from wiki.web.urls import space_url


class ShownLink(NamedTuple):
    """A link as a template writes it."""

    label: str
    url: str
    icon: str
    section: str
    is_current: bool
    is_dangerous: bool


@dataclass(frozen=True)
class ShownBlock:
    """A block as a template includes it."""

    template: str
    data: Mapping[str, Any]


@cache
def page_columns(rooms: tuple[Room, ...]) -> tuple[Label[Any], ...]:
    """Return the columns that blocks of a page need, labelled with their names."""
    return tuple(
        column.label(name)
        for block in _blocks(rooms, Slot.PAGE_BAR)
        for name, column in block.columns.items()
    )


def init_app(app: Flask) -> None:
    """Add the links, blocks and shortcuts of rooms to the templates."""
    app.jinja_env.globals.update(room_links=links, room_blocks=blocks, room_shortcuts=shortcuts)
    app.jinja_env.filters["by_section"] = by_section


@pass_context
def links(context: Context, place: str) -> list[ShownLink]:
    """Return the links of a menu that the user may see, by the name of the place."""
    screen = _screen(context)
    found = _links(parts().rooms, Place[place.upper()])
    return [_shown(link, screen) for link in found if link.shown(screen)]


@pass_context
def blocks(context: Context, slot: str) -> list[ShownBlock]:
    """Return the blocks of a slot, by its name, each with its data."""
    found = []
    columns: Mapping[str, Any] = _variable(context, "block_columns") or {}
    for block in _blocks(parts().rooms, Slot(slot)):
        if block.load is not None:
            found.append(ShownBlock(block.template, block.load(reading(), _screen(context))))
        elif block.columns.keys() <= columns.keys():
            data = {name: columns[name] for name in block.columns}
            found.append(ShownBlock(block.template, data))
    return found


def shortcuts() -> list[Shortcut]:
    """Return the shortcuts of all rooms, for the help."""
    found = [shortcut for room in parts().rooms for shortcut in room.shortcuts]
    return sorted(found, key=lambda shortcut: shortcut.position)


def by_section(shown: Iterable[ShownLink]) -> list[tuple[str, list[ShownLink]]]:
    """Group links by their sections, in their order."""
    return [(section, list(group)) for section, group in groupby(shown, lambda one: one.section)]


@cache
def _links(rooms: tuple[Room, ...], place: Place) -> list[Link]:
    found = [link for room in rooms for link in room.links if link.place is place]
    return sorted(found, key=lambda link: link.position)


@cache
def _blocks(rooms: tuple[Room, ...], slot: Slot) -> list[Block]:
    found = [block for room in rooms for block in room.blocks if block.slot is slot]
    return sorted(found, key=lambda block: block.position)


def _screen(context: Context) -> Screen:
    revision = _variable(context, "revision")
    return Screen(
        actor=actor(),
        url_path=request.path,
        space=_variable(context, "space"),
        seen=_variable(context, "seen"),
        page=_variable(context, "page"),
        shown=_variable(context, "past"),
        old=revision.number if revision and _variable(context, "is_old") else 0,
        can_edit=bool(_variable(context, "can_edit")),
        columns=_variable(context, "block_columns") or {},
        question=_variable(context, "q") or "",
    )


def _variable(context: Context, name: str) -> Any:
    value = context.resolve(name)
    return None if isinstance(value, Undefined) else value


def _shown(link: Link, screen: Screen) -> ShownLink:
    url = link.address(screen) if callable(link.address) else _url(link.place, link.address, screen)
    current = {url, *(_url(link.place, other, screen) for other in link.here)}
    if link.place is Place.ADMIN:
        is_current = f"{screen.url_path}/".startswith(f"{url}/")
    else:
        covered = link.covers and screen.url_path.startswith(url)
        is_current = covered or screen.url_path in current
    label = link.label(screen) if callable(link.label) else link.label
    return ShownLink(str(label), url, link.icon, str(link.section), is_current, link.is_dangerous)


def _url(place: Place, address: str, screen: Screen) -> str:
    if place is Place.SPACE and screen.space is not None:
        return space_url(screen.space.slug, address)
    if place is Place.PAGE and screen.shown is not None:
        return screen.shown.url(address)
    return f"{place.value}{address}"
