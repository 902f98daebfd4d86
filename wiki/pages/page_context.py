"""Parts shared by the screens of pages: the requested place, the tree and the breadcrumbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import RequestRedirect

from wiki.changes.reads import note_page, note_person, of_noted
from wiki.errors import NotFound
from wiki.pages.access.access_log import log_other_read
from wiki.pages.links.marking import marks_for
from wiki.pages.links.mentions import mentions_for
from wiki.pages.models import Page, Revision
from wiki.pages.queries import Place, get_page, look_up, parameters_of, see_page
from wiki.pages.rendering.including import DEPTH, UNRENDERED, find_included, has_includes
from wiki.pages.rendering.stored import ensure_heads
from wiki.pages.revisions import tables_in
from wiki.pages.tree import Level, TreeNode, breadcrumbs, children_of
from wiki.rules.access import May
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess
from wiki.text.markdown.markup import Rendering, mark
from wiki.text.paths import ancestors_of, parent_of, path_key
from wiki.web.request import actor, finish_reading, parts, reading
from wiki.web.response_cache import all_remembered, response_cache
from wiki.web.screens.slots import page_columns
from wiki.web.urls import page_url, space_url


def place_at(slug: str, path: str) -> Place:
    """Return what the actor finds at an address.

    :raises NotFound: when the space does not exist for them.
    """
    return look_up(reading(), actor(), slug, path)


@dataclass
class Node:
    """A line of the tree beside a page, for the template. ``page_id`` is 0 for a folder; ``all`` is
    the address of a list with the children that are not among ``children``."""

    title: str
    url: str
    path: str
    page_id: int
    current: bool
    open: bool
    more: bool
    children: list[Node] = field(default_factory=list)
    all: str = ""


class Tree:
    """Levels of a space's tree for a template, from the path key ``top`` down. Its lines are made
    when a template asks for them. Trees are equal if they show the same.

    :param way: the path keys down to the current page, whose levels are shown.
    """

    def __init__(
        self, slug: str, levels: Mapping[str, Level], top: str, way: Sequence[str] = ()
    ) -> None:
        self.levels = levels
        self._slug, self._top, self._way = slug, top, way
        self.key = (slug, top, *way, *(level.number for level in levels.values()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tree) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @cached_property
    def nodes(self) -> list[Node]:
        """The lines at the top."""
        return self._below(self._top)

    @property
    def all(self) -> str:
        """The address of a list with the lines at the top that are not among ``nodes``."""
        return self._rest(self._top, self._top)

    def _below(self, key: str) -> list[Node]:
        level = self.levels.get(key)
        return [self._node(found) for found in level.nodes] if level else []

    def _node(self, found: TreeNode) -> Node:
        on_way = found.path_key in self._way
        return Node(
            title=found.title,
            url=page_url(self._slug, found.path),
            path=found.path,
            page_id=found.page_id or 0,
            current=on_way and found.path_key == self._way[-1],
            open=on_way,
            more=found.has_children and not on_way,
            children=self._below(found.path_key) if on_way else [],
            all=self._rest(found.path_key, found.path) if on_way else "",
        )

    def _rest(self, key: str, path: str) -> str:
        cut = self.levels[key].more
        return f"{space_url(self._slug, 'tree')}?under={quote(path)}&after={cut}" if cut else ""


def tree_beside(session: Session, seen: SpaceAccess, path: str) -> Tree:
    """Return the top of a space's tree, expanded along the path to ``path`` and one level below
    it."""
    way = [path_key(place) for place in (*ancestors_of(path), path)]
    return Tree(seen.space.slug, _levels(session, seen, way), "", way)


def _levels(session: Session, seen: SpaceAccess, way: Sequence[str]) -> dict[str, Level]:
    """Return the levels of the tree along a way. Each is remembered for all who have the same
    permissions, together with the statements' parameters that say so."""
    rights = ("level", *parameters_of(seen).values())
    keys = list(dict.fromkeys(["", *way]))

    def make(session: Session, missing: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], Level]:
        made = children_of(session, seen, [key for *_, key in missing], with_way=False)
        return {(*rights, key): level for key, level in made.items()}

    asked = keys
    if keys[1:]:
        parent: Level | None = response_cache().get((*rights, keys[-2]))
        last = parent.at(keys[-1]) if parent else None
        if last is not None and not last.has_children:
            asked = keys[:-1]
    found = all_remembered([(*rights, key) for key in asked], make, _LEVEL_SIZE)
    levels = dict.fromkeys(keys, _EMPTY) | {key: level for (*_, key), level in found.items()}
    for above, key in pairwise(keys):
        if levels[above].more and levels[above].at(key) is None:
            return children_of(session, seen, keys)  # the way is in the part that is cut off
    return levels


_LEVEL_SIZE = 20_000
_EMPTY = Level([])


def shown_tree(seen: SpaceAccess, levels: dict[str, Level], top: str) -> Tree:
    """Return levels of a space's tree for a template, from the path key ``top`` down."""
    return Tree(seen.space.slug, levels, top)


def space_tree(seen: SpaceAccess) -> Tree:
    """Return the top of the space's tree, for the sidebar of screens about the space itself."""
    return tree_beside(reading(), seen, "")


def frame(seen: SpaceAccess, path: str, title: str | None = None) -> dict[str, Any]:
    """Return the template variables of every screen inside a space: space, role, tree and
    breadcrumbs.

    :param title: the text of the last breadcrumb; without one the breadcrumbs end above ``path``.
    """
    session = reading()
    space = seen.space
    tree = tree_beside(session, seen, path)
    way = [(space.title, page_url(space.slug, ""))]
    way += [
        (crumb.title, page_url(space.slug, crumb.path))
        for crumb in breadcrumbs(session, seen, path, tree.levels)
    ]
    if title is not None and path:
        way.append((title, ""))
    return {
        "space": space,
        "seen": seen,
        "tree_nodes": tree,
        "way": way,
    }


def page_frame(
    place: Place | Past, page: Page, block_columns: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the template variables of a screen about one page: of the frame, and of the bar with
    the page's verbs. For a deleted page the tree is that of its parent, because another page may be
    at its path.

    :param block_columns: the columns of the bar's blocks, if they were read with the revision.
    """
    past = place if isinstance(place, Past) else Past(place.seen, page)
    found = frame(place.seen, page.path, page.title) | {
        "page": page,
        "past": past,
        "can_edit": past.may_restore,
        "block_columns": _bar_columns(page) if block_columns is None else block_columns,
    }
    if page.deleted_at is not None:
        around = parent_of(page.path) or ""
        found["tree_nodes"] = tree_beside(reading(), place.seen, around)
    return found


def _bar_columns(page: Page) -> Mapping[str, Any]:
    """Return the columns that blocks in the bar of a live page need, for people who are signed
    in."""
    columns = page_columns(parts().rooms)
    person_id = actor().person_id
    if page.deleted_at is not None or person_id is None or not columns:
        return {}
    newest = (
        select(*columns)
        .where(Revision.page_id == page.id, Revision.number == page.head)
        .execution_options(**of_noted("revisions", *tables_in(columns)))
    )
    note_page(page.id)
    note_person(person_id)
    row = reading().execute(newest, {"person_id": person_id}).one()
    return {column.name: row[at] for at, column in enumerate(columns)}


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
