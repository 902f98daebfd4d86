"""What page screens have in common: the place asked for, the tree beside it, the way to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from wiki.pages.models import Page
from wiki.pages.queries import Place, TreeNode, breadcrumbs, children_of, look_up
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceSeen
from wiki.text.paths import ancestors_of, path_key
from wiki.web.request import actor, reading
from wiki.web.urls import page_url


def place_at(slug: str, path: str) -> Place:
    """What the one who asks finds at this address.

    :raises NotFound: when there is no such space for them.
    """
    return look_up(reading(), actor(), slug, path)


@dataclass
class Node:
    """A line of the tree beside a page, as the template draws it."""

    title: str
    url: str
    current: bool
    open: bool
    more: bool
    children: list[Node] = field(default_factory=list)


def tree_beside(session: Session, space: Space, path: str) -> list[Node]:
    """The top of the space's tree, opened along the way to ``path`` and one step below it."""
    way = [path_key(place) for place in (*ancestors_of(path), path)]
    levels = children_of(session, space, list(dict.fromkeys(["", *way])))

    def build(parent: str) -> list[Node]:
        return [node(found) for found in levels.get(parent, ())]

    def node(found: TreeNode) -> Node:
        on_way = found.path_key in way
        return Node(
            title=found.title,
            url=page_url(space.slug, found.path),
            current=found.path_key == way[-1],
            open=on_way,
            more=found.has_children and not on_way,
            children=build(found.path_key) if on_way else [],
        )

    return build("")


def space_tree(space: Space) -> list[Node]:
    """The top of the space's tree, for the sidebar of screens about the space itself.

    The one who asks may already read the space.
    """
    return tree_beside(reading(), space, "")


def frame(seen: SpaceSeen, path: str, title: str | None = None) -> dict[str, Any]:
    """Template variables of every screen inside a space: space, role, tree and breadcrumbs.

    :param title: what the last breadcrumb says; without one the crumbs end above ``path``.
    """
    session = reading()
    space = seen.space
    way = [(space.title, page_url(space.slug, ""))]
    way += [
        (crumb.title, page_url(space.slug, crumb.path))
        for crumb in breadcrumbs(session, space, path)
    ]
    if title is not None and path:
        way.append((title, ""))
    return {
        "space": space,
        "seen": seen,
        "tree_nodes": tree_beside(session, space, path),
        "way": way,
    }


def page_frame(place: Place, page: Page) -> dict[str, Any]:
    """The same for a screen about one page."""
    return frame(place.seen, page.path, page.title) | {"page": page}
