"""What pages include of others: put in when they are shown, as far as who reads may read it.

A rendering has a paragraph with a link where its text says ``![[…]]``. The page there is looked up
for each reader anew; nothing is parsed, and what they may not read looks like what does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape, unescape
from typing import Any
from urllib.parse import unquote

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session

from wiki.pages.links.marking import marks_in
from wiki.pages.models import Page, RenderingRow, Revision
from wiki.pages.queries import pages_at
from wiki.pages.rendering.stored import context_of, rendering_key
from wiki.rules.access import Actor
from wiki.rules.labels import Label
from wiki.spaces.models import Scope, Space
from wiki.text.markdown.destinations import page_url
from wiki.text.markdown.markup import mark
from wiki.text.markdown.parts import as_part, section_of
from wiki.text.paths import path_key

DEPTH = 3
"""How many pages are shown inside each other, beside the one that is read."""

MOST = 100
"""Includes that are shown on one page, at all levels."""

ROOM = 1_000_000
"""Characters of HTML that they may have together."""

UNRENDERED = 20
"""Pages that a reader waits for, where they were never laid out."""

NOTHING = "Nothing to show here:"
_TOO_DEEP = "Pages are shown inside each other only three deep:"
_TOO_MUCH = "Too much is shown on this page already:"
_TOO_LONG = "This page is too long to be shown inside another:"
_ITSELF = "A page cannot be shown inside itself:"
_NO_SECTION = "There is no such section:"
_NOT_YET = "This page is still being laid out; look again in a moment:"

_MARK = '<p class="include">'
_INCLUDE = re.compile(
    r'<p class="include">(?P<link><a class="[^"]*" href="/(?P<to>[^"]*)">[^<]*</a>)</p>'
)

Place = tuple[str, str]
"""Slug of a space and key of a path, as an include names them."""


@dataclass(frozen=True)
class _Source:
    """A page that is included, as somebody may read it; ``html`` is None where ``why`` says so."""

    page_id: int
    revision: int
    label: Label
    url: str
    title: str
    html: str | None
    why: str = ""


@dataclass
class Included:
    """What was found for the includes of a page and, inside them, of others; for one reader.

    ``unrendered`` are pages that have first to be laid out, ``given`` those (id, revision, label)
    of which something was put in.
    """

    asked: set[Place] = field(default_factory=set)
    sources: dict[Place, _Source] = field(default_factory=dict)
    unrendered: list[int] = field(default_factory=list)
    given: set[tuple[int, int, Label]] = field(default_factory=set)

    def page_at(self, place: tuple[str, str] | None) -> int | None:
        """The page at a place (slug of a space, path), if it is among those included."""
        source = self.sources.get((place[0], path_key(place[1]))) if place else None
        return source.page_id if source else None

    def put_into(self, html: str, page_id: int | None) -> str:
        """``html`` of a page with all of it in its place."""
        return _Filling(self).fill(html, (page_id,))


def has_includes(html: str) -> bool:
    """Whether a rendering includes anything."""
    return _MARK in html


def without_includes(html: str) -> str:
    """A rendering of the past, with words in the place of includes: what the pages said that it
    showed then is not known here."""
    if _MARK not in html:
        return html
    return _INCLUDE.sub(lambda found: _words("Another page was shown here:", found["link"]), html)


def find_included(
    session: Session, actor: Actor, html: str, among: ColumnElement[bool] | None = None
) -> Included:
    """Look up what a page includes, and what that includes: a few queries for each level, however
    much there is.

    :param among: the condition on ``Page`` that it may be shown at all.
    """
    found = Included()
    # One that was made before would be of another table of spaces than the condition is.
    at_places = _at_any_places(actor) if among is None else _at_places(actor).where(among)
    level = [html]
    for _ in range(DEPTH):
        places = _places(level, found.asked, MOST - len(found.asked))
        if not places:
            break
        found.asked.update(places)
        level = _look_up(session, actor, at_places, found, places)
    return found


def _places(level: Sequence[str], asked: Collection[Place], most: int) -> list[Place]:
    """The first of the places that are included and were not asked for yet."""
    found: dict[Place, None] = {}
    for html in level:
        for include in _INCLUDE.finditer(html):
            if len(found) == most:
                return list(found)
            place = _place(include["to"])[:2]
            if place not in asked:
                found[place] = None
    return list(found)


def _place(address: str) -> tuple[str, str, str]:
    """Slug, key and fragment of an address without the slash before it."""
    way, _, fragment = unescape(address).partition("#")
    slug, _, path = way.partition("/")
    return unquote(slug), path_key(unquote(path)), unquote(fragment)


def _look_up(
    session: Session,
    actor: Actor,
    at_places: Select[Any],
    found: Included,
    places: Sequence[Place],
) -> list[str]:
    """Find the pages at some places; gives their HTML."""
    wanted = {"slugs": sorted({slug for slug, _ in places}), "keys": [key for _, key in places]}
    there = {}
    for slug, key, page, revision, space, *labels in session.execute(at_places, wanted):
        if (slug, key) in found.asked:
            context = context_of(space, revision)
            label = Label(max(one or 0 for one in labels))
            there[slug, key] = page, label, context, rendering_key(revision.content_hash, context)
    if not there:
        return []
    room = {"keys": [key for *_, key in there.values()], "room": ROOM}
    html: dict[str, str | None] = {row[0]: row[1] for row in session.execute(_html(), room)}
    marks = marks_in(session, actor, {page.id for page, *_ in there.values()})
    for place, (page, label, context, key) in there.items():
        is_kept, kept = key in html, html.get(key)
        if not is_kept or page.rendered != page.head:
            found.unrendered.append(page.id)
        found.sources[place] = _Source(
            page.id,
            page.head,
            label,
            escape(page_url(context.space, context.path)),
            escape(context.title),
            mark(kept, marks[page.id]) if kept and page.id in marks else kept,
            _TOO_LONG if is_kept else _NOT_YET,
        )
    return [source.html for place in places if (source := found.sources.get(place)) and source.html]


@lru_cache(maxsize=256)
def _at_any_places(actor: Actor) -> Select[Any]:
    return _at_places(actor)


def _at_places(actor: Actor) -> Select[Any]:
    there = pages_at(actor)
    return (
        select(there.c.slug, there.c.path_key, Page, Revision, Space.slug, Space.label, Scope.label)
        .select_from(there)
        .join(Page, Page.id == there.c.page_id)
        .join(Revision, and_(Revision.page_id == Page.id, Revision.number == Page.head))
        .join(Space, Space.id == Page.space_id)
        .outerjoin(Scope, Scope.id == Page.scope_id)
    )


@lru_cache(maxsize=1)
def _html() -> Select[str, str | None]:
    """Stored HTML by keys: of the shortest ones, as far as there is room for all of it; None for
    the others, which are never read as a whole."""
    size = func.length(RenderingRow.html)
    sized = (
        select(
            RenderingRow.key,
            func.sum(size).over(order_by=(size, RenderingRow.key)).label("together"),
        )
        .where(RenderingRow.key.in_(bindparam("keys", expanding=True)))
        .subquery("sized")
    )
    fits = and_(RenderingRow.key == sized.c.key, sized.c.together <= bindparam("room"))
    return select(sized.c.key, RenderingRow.html).select_from(sized).outerjoin(RenderingRow, fits)


@dataclass
class _Filling:
    """Puts what was found where it belongs, as long as there is room."""

    found: Included
    count: int = 0
    room: int = ROOM

    def fill(self, html: str, inside: tuple[int | None, ...]) -> str:
        """:param inside: the page that ``html`` is of, and those around it."""
        return _INCLUDE.sub(lambda include: self._one(include, inside), html)

    def _one(self, include: re.Match[str], inside: tuple[int | None, ...]) -> str:
        link = include["link"]
        if "/-/files/" in include["to"]:  # a file that is found by its name
            return f"<p>{link}</p>"
        slug, key, fragment = _place(include["to"])
        if len(inside) > DEPTH:
            return _words(_TOO_DEEP, link)
        if (slug, key) not in self.found.asked:
            return _words(_TOO_MUCH, link)
        source = self.found.sources.get((slug, key))
        if source is None:
            return _words(NOTHING, link)
        if source.page_id in inside:
            return _words(_ITSELF, link)
        if source.html is None:
            return _words(source.why, link)
        html = section_of(source.html, fragment) if fragment else source.html
        if html is None:
            return _words(_NO_SECTION, link)
        if self.count == MOST or len(html) > self.room:
            return _words(_TOO_MUCH, link)
        self.count += 1
        self.room -= len(html)
        self.found.given.add((source.page_id, source.revision, source.label))
        part = as_part(html, f"in{self.count}-", source.url, source.title)
        part = self.fill(part, (*inside, source.page_id))
        url = f"{source.url}#{escape(fragment)}" if fragment else source.url
        return (
            f'<div class="included"><p class="included-from">From <a href="{url}" dir="auto">'
            f"{source.title}</a></p>\n{part}</div>"
        )


def _words(words: str, link: str) -> str:
    return f'<p class="not-included">{words} {link}</p>'
