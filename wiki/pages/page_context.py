"""Parts shared by the screens of pages: the requested place, the tree and the breadcrumbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import request
from sqlalchemy.orm import Session
from werkzeug.routing import RequestRedirect

from wiki.errors import NotFound
from wiki.pages.access.access_log import log_other_read
from wiki.pages.links.marking import marks_for
from wiki.pages.links.mentions import mentions_for
from wiki.pages.models import Page
from wiki.pages.queries import Place, get_page, look_up, see_page
from wiki.pages.rendering.including import DEPTH, UNRENDERED, find_included, has_includes
from wiki.pages.rendering.stored import ensure_heads
from wiki.pages.tree import TreeNode, breadcrumbs, children_of
from wiki.rules.access import May
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess
from wiki.text.markdown.markup import Rendering, mark
from wiki.text.paths import ancestors_of, parent_of, path_key
from wiki.web.request import actor, finish_reading, parts, reading
from wiki.web.urls import page_url


def place_at(slug: str, path: str) -> Place:
    """Return what the actor finds at an address.

    :raises NotFound: when the space does not exist for them.
    """
    return look_up(reading(), actor(), slug, path)


@dataclass
class Node:
    """A line of the tree beside a page, for the template."""

    title: str
    url: str
    current: bool
    open: bool
    more: bool
    children: list[Node] = field(default_factory=list)


def tree_beside(session: Session, seen: SpaceAccess, path: str) -> list[Node]:
    """Return the top of a space's tree, expanded along the path to ``path`` and one level below
    it."""
    way = [path_key(place) for place in (*ancestors_of(path), path)]
    levels = children_of(session, seen, list(dict.fromkeys(["", *way])))

    def build(parent: str) -> list[Node]:
        return [node(found) for found in levels.get(parent, ())]

    def node(found: TreeNode) -> Node:
        on_way = found.path_key in way
        return Node(
            title=found.title,
            url=page_url(seen.space.slug, found.path),
            current=found.path_key == way[-1],
            open=on_way,
            more=found.has_children and not on_way,
            children=build(found.path_key) if on_way else [],
        )

    return build("")


def space_tree(seen: SpaceAccess) -> list[Node]:
    """Return the top of the space's tree, for the sidebar of screens about the space itself."""
    return tree_beside(reading(), seen, "")


def frame(seen: SpaceAccess, path: str, title: str | None = None) -> dict[str, Any]:
    """Return the template variables of every screen inside a space: space, role, tree and
    breadcrumbs.

    :param title: the text of the last breadcrumb; without one the breadcrumbs end above ``path``.
    """
    session = reading()
    space = seen.space
    way = [(space.title, page_url(space.slug, ""))]
    way += [
        (crumb.title, page_url(space.slug, crumb.path))
        for crumb in breadcrumbs(session, seen, path)
    ]
    if title is not None and path:
        way.append((title, ""))
    return {
        "space": space,
        "seen": seen,
        "tree_nodes": tree_beside(session, seen, path),
        "way": way,
    }


def page_frame(place: Place | Past, page: Page) -> dict[str, Any]:
    """Return the template variables of a screen about one page. For a deleted page the tree is that
    of its parent, because another page may be at its path."""
    found = frame(place.seen, page.path, page.title) | {"page": page}
    if page.deleted_at is not None:
        around = parent_of(page.path) or ""
        found["tree_nodes"] = tree_beside(reading(), place.seen, around)
    return found


@dataclass(frozen=True)
class Past:
    """A page, live or deleted, whose history is viewed."""

    seen: SpaceAccess
    page: Page

    @property
    def space(self) -> Space:
        """The space that the page is in."""
        return self.seen.space

    @property
    def may_restore(self) -> bool:
        """True if the actor may restore an older revision."""
        return self.page.deleted_at is None and bool(self.seen.may(May.EDIT))

    def url(self, verb: str = "", query: str = "") -> str:
        """Return the address of the page or of one of its verbs: by its path or, for a deleted
        page, by its id, since another page may be at its path."""
        page = self.page
        home = f"/-/p/{page.id}" if page.deleted_at else page_url(self.space.slug, page.path)
        slash = "" if home.endswith("/") or not verb else "/"
        dash = "-/" if verb and not page.deleted_at else ""
        return f"{home}{slash}{dash}{verb}{'?' + query if query else ''}"


class _Elsewhere(RequestRedirect):
    """The requested page has another address now; the addresses of its verbs have changed with
    it."""

    code = 302


def past_at(slug: str, path: str, page_id: int) -> Past:
    """Return the page whose history is requested by its path or, if ``page_id`` is not 0, by its
    id.

    :raises NotFound: :raises RequestRedirect: when it has another address.
    """
    query = request.query_string.decode("ascii", "ignore")
    if page_id:
        page = get_page(reading(), actor(), page_id)
        past = Past(see_page(reading(), actor(), page), page)
        if page.deleted_at is None:
            raise _Elsewhere(past.url("/".join(request.path.split("/")[4:]), query))
        return past
    place = place_at(slug, path)
    if place.page is not None and place.page.path == path:
        return Past(place.seen, place.page)
    found = place.page or place.moved_to or next(iter(place.deleted), None)
    if found is None:
        raise NotFound
    past = Past(see_page(reading(), actor(), found), found)
    raise _Elsewhere(past.url(request.path.partition("/-/")[2], query))


def preview_of(rendering: Rendering, slug: str, path: str, page: Page | None = None) -> str:
    """Return the HTML of an unsaved text as it will look at a place. ``page`` is the page there, if
    any."""
    marks = marks_for(reading(), actor(), slug, path, rendering.links)
    return with_includes(mark(rendering.html, marks), page=page, at=(slug, path))


def with_includes(html: str, *, page: Page | None = None, at: tuple[str, str] | None = None) -> str:
    """Return a rendering with included content that the reader may read, and with the mentions that
    they may resolve. Included pages that were never rendered are rendered first.

    :param page: the rendered page, if it exists; it is not included in itself.
    :param at: the place (slug of the space, path) of a page that does not exist yet, in its stead.
    """
    if not has_includes(html):
        return with_mentions(html)
    found = find_included(reading(), actor(), html)
    for _ in range(DEPTH):
        if not found.unrendered:
            break
        finish_reading()
        ensure_heads(parts().database, found.unrendered[:UNRENDERED])
        found = find_included(reading(), actor(), html)
    whole = found.put_into(html, page.id if page else found.page_at(at))
    for page_id, revision, label in found.given:
        log_other_read(page_id, revision, label)
    return with_mentions(whole)


def with_mentions(html: str) -> str:
    """Return a rendering in which mentions are links only if the reader may know the person or
    group."""
    return mentions_for(reading(), actor(), html)


def live_page(place: Place) -> Page:
    """Return the page at a place, for a verb that needs a live page.

    :raises NotFound: :raises RequestRedirect: when it has moved and the method is GET.
    """
    if place.page is not None:
        return place.page
    if place.moved_to is None or request.method != "GET":
        raise NotFound
    past = Past(see_page(reading(), actor(), place.moved_to), place.moved_to)
    query = request.query_string.decode("ascii", "ignore")
    raise _Elsewhere(past.url(request.path.partition("/-/")[2], query))
