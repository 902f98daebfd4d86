"""Transclusion: content of other pages that a page includes, limited to what the reader may read.

A rendering contains a paragraph with a link for each ``![[…]]`` in the text. The included page is
looked up for each reader and is not parsed again. A page that the reader may not read is treated
like one that does not exist.
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

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.pages.below import pages_at
from wiki.pages.links.marking import marks_in
from wiki.pages.models import Page, Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.stored import context_of, rendering_key
from wiki.rules.access import Actor
from wiki.rules.labels import Label
from wiki.spaces.models import Scope, Space
from wiki.text.markdown.destinations import page_url
from wiki.text.markdown.fragments import as_part, section_of
from wiki.text.markdown.markup import mark
from wiki.text.paths import path_key

DEPTH = 3
"""Maximum depth of inclusion below the page that is read."""

MOST = 100
"""Maximum number of includes that are shown on one page, at all levels."""

ROOM = 1_000_000
"""Maximum number of characters of HTML that they have together."""

UNRENDERED = 20
"""Maximum number of pages without a stored rendering that a request waits for."""

NOTHING = lazy_gettext("Nothing to show here:")
_TOO_DEEP = lazy_gettext("Pages can be embedded only three levels deep:")
_TOO_MUCH = lazy_gettext("Too much is embedded on this page:")
_TOO_LONG = lazy_gettext("This page is too long to be embedded:")
_ITSELF = lazy_gettext("A page can’t be embedded in itself:")
_NO_SECTION = lazy_gettext("This section doesn’t exist:")
_NOT_YET = lazy_gettext("This page is still being rendered. Try again in a moment:")

_MARK = '<p class="include">'
_INCLUDE = re.compile(
    r'<p class="include">(?P<link><a class="[^"]*" href="/(?P<to>[^"]*)">[^<]*</a>)</p>'
)

Place = tuple[str, str]
"""Slug of a space and path key, as an include names them."""


@dataclass(frozen=True)
class _Source:
    """An included page for a reader; where ``html`` is None, ``why`` is the reason."""

    page_id: int
    revision: int
    label: Label
    url: str
    title: str
    html: str | None
    why: str = ""


@dataclass
class Included:
    """The pages found for the includes of a page, and for the includes inside those, for one
    reader.

    ``unrendered`` are pages that have to be rendered first; ``given`` are the pages (id, revision,
    label) of which content was inserted.
    """

    asked: set[Place] = field(default_factory=set)
    sources: dict[Place, _Source] = field(default_factory=dict)
    unrendered: list[int] = field(default_factory=list)
    given: set[tuple[int, int, Label]] = field(default_factory=set)

    def page_at(self, place: tuple[str, str] | None) -> int | None:
        """Return the id of the included page at a place (slug of a space, path), if there is
        one."""
        source = self.sources.get((place[0], path_key(place[1]))) if place else None
        return source.page_id if source else None

    def put_into(self, html: str, page_id: int | None) -> str:
        """Return the HTML of a page with its includes filled in."""
        return _Filling(self).fill(html, (page_id,))


def has_includes(html: str) -> bool:
    """Return whether a rendering includes other pages."""
    return _MARK in html


def without_includes(html: str) -> str:
    """Return the rendering of an older revision with a notice in place of each include, because the
    content that it included at the time is not known."""
    if _MARK not in html:
        return html
    return _INCLUDE.sub(
        lambda found: _words(_("Another page was embedded here:"), found["link"]), html
    )


def find_included(
    session: Session, actor: Actor, html: str, among: ColumnElement[bool] | None = None
) -> Included:
    """Find the pages that a page includes, and those that they include, with a constant number of
    queries for each level.

    :param among: a condition on ``Page`` that an included page has to satisfy.
    """
    found = Included()
    # A cached statement would use another CTE of spaces than the condition does.
    at_places = _at_any_places(actor) if among is None else _at_places(actor).where(among)
    level = [html]
    for _depth in range(DEPTH):
        places = _places(level, found.asked, MOST - len(found.asked))
        if not places:
            break
        found.asked.update(places)
        level = _look_up(session, actor, at_places, found, places)
    return found


def _places(level: Sequence[str], asked: Collection[Place], most: int) -> list[Place]:
    """Return the included places that were not looked up yet, at most ``most`` of them."""
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
    """Return slug, path key and fragment of an address that has no leading slash."""
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
    """Find the pages at some places, and return their HTML."""
    wanted = {"slugs": sorted({slug for slug, _ in places}), "keys": [key for _, key in places]}
    there = {}
    for slug, key, page, revision, space, *labels in session.execute(at_places, wanted):
        if (slug, key) in found.asked:
            context = context_of(space, revision)
            label = Label(max(one or 0 for one in labels))
            there[slug, key] = page, label, context, rendering_key(revision.content_hash, context)
    if not there:
        return []
    keys = {page.id: key for page, _, _, key in there.values()}
    room = {"page_ids": list(keys), "keys": list(keys.values()), "room": ROOM}
    html: dict[int, str | None] = {row[0]: row[1] for row in session.execute(_html(), room)}
    marks = marks_in(session, actor, {page.id for page, *_ in there.values()})
    for place, (page, label, context, _key) in there.items():
        is_kept, kept = page.id in html, html.get(page.id)
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
def _html() -> Select[int, str | None]:
    """Select the stored HTML of pages, the shortest first, as long as the total fits the limit;
    None for the others, which are not loaded."""
    size = RenderingRow.size
    sized = (
        select(
            RenderingRow.page_id,
            func.sum(size).over(order_by=(size, RenderingRow.page_id)).label("together"),
        )
        .where(
            RenderingRow.page_id.in_(bindparam("page_ids", expanding=True)),
            RenderingRow.key.in_(bindparam("keys", expanding=True)),
        )
        .subquery("sized")
    )
    fits = and_(RenderingRow.page_id == sized.c.page_id, sized.c.together <= bindparam("room"))
    return (
        select(sized.c.page_id, RenderingRow.html).select_from(sized).outerjoin(RenderingRow, fits)
    )


@dataclass
class _Filling:
    """Inserts included pages into HTML, within the limits on number and size."""

    found: Included
    count: int = 0
    room: int = ROOM

    def fill(self, html: str, inside: tuple[int | None, ...]) -> str:
        """Return HTML with its includes filled in.

        :param inside: ids of the page that ``html`` belongs to and of the pages around it.
        """
        return _INCLUDE.sub(lambda include: self._one(include, inside), html)

    def _one(self, include: re.Match[str], inside: tuple[int | None, ...]) -> str:
        link = include["link"]
        if "/-/files/" in include["to"]:  # a link by name that means a file
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
