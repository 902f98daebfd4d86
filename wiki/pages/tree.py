"""The tree of a space: its pages, its folders (paths with live pages below them and none at them,
which are derived from the pages) and the way to a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Delete,
    Select,
    String,
    and_,
    bindparam,
    delete,
    exists,
    false,
    insert,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from wiki.kind_registry import registered_kinds
from wiki.pages.below import holds_page
from wiki.pages.models import Folder, Page, title_order
from wiki.pages.ordering.siblings import IN_ORDER
from wiki.pages.queries import parameters_of, shown_in_space
from wiki.spaces.queries import SpaceAccess
from wiki.text.paths import ancestors_of, path_key
from wiki.text.positions import UNPLACED


def settle_folders(session: Session, space_id: int, paths: Iterable[str]) -> None:
    """Update the folders at and above ``paths`` to match the live pages."""
    session.flush()
    wanted: dict[str, str] = {}
    for path in paths:
        for place in (*ancestors_of(path), path):
            if place:
                wanted.setdefault(path_key(place), place)
    if not wanted:
        return
    among = {"space_id": space_id, "keys": list(wanted)}
    there = session.execute(_there(), among).all()
    pages = {key for key, is_folder in there if not is_folder}
    folders = {key for key, is_folder in there if is_folder}
    for key, path in wanted.items():
        has_below = key not in pages and session.scalar(
            _page_below(), {"space_id": space_id, "start": f"{key}/", "end": f"{key}0"}
        )
        if has_below and key not in folders:
            folder = {"path_key": key, "parent_key": key.rpartition("/")[0], "path": path}
            session.execute(_ADD, {"space_id": space_id, **folder})
        elif key in folders and not has_below:
            session.execute(_remove(), {"in_space": space_id, "at": key})


# Built once, because creating a page runs these for each folder above it.
_ADD = insert(Folder)


@cache
def _there() -> CompoundSelect[str, bool]:
    """Select the keys of live pages and of folders among some keys, and whether it is a folder."""
    space_id: BindParameter[int] = bindparam("space_id")
    keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
    pages = select(Page.path_key, false().label("is_folder")).where(
        Page.space_id == space_id, Page.path_key.in_(keys), Page.deleted_at.is_(None)
    )
    folders = select(Folder.path_key, true()).where(
        Folder.space_id == space_id, Folder.path_key.in_(keys)
    )
    return pages.union_all(folders)


@cache
def _page_below() -> Select[int]:
    return (
        select(Page.id)
        .where(
            Page.space_id == bindparam("space_id"),
            Page.path_key >= bindparam("start"),
            Page.path_key < bindparam("end"),
            Page.deleted_at.is_(None),
        )
        .limit(1)
    )


@cache
def _remove() -> Delete:
    return (
        delete(Folder)
        .where(Folder.space_id == bindparam("in_space"), Folder.path_key == bindparam("at"))
        .execution_options(synchronize_session=False)
    )


LEVEL = 100
"""Maximum number of pages of a level that are shown at once."""

FOLDERS = 1000
"""Maximum number of folders of a level."""


@dataclass(frozen=True)
class TreeNode:
    """A line of a space's tree: a page, or a folder without one (``page_id`` None, no position)."""

    path: str
    path_key: str
    parent_key: str
    title: str
    page_id: int | None
    position: str
    has_children: bool


@dataclass
class Level:
    """Nodes directly below a path, in order. If there are more pages, ``more`` is the id of the one
    after which they continue."""

    nodes: list[TreeNode]
    more: int = 0
    number: int = field(default_factory=count().__next__)
    """A number that no other level in this process has."""

    def at(self, key: str) -> TreeNode | None:
        """Return the node at a path, by its key."""
        return next((node for node in self.nodes if node.path_key == key), None)


@cache
def _children(apart: tuple[str, ...], levels: int, after: bool) -> tuple[Any, Any]:
    """Return the statements for pages and folders of some levels; pages of the kinds ``apart`` are
    left out.

    :param after: whether they continue after a node.
    """
    space_id: BindParameter[int] = bindparam("space_id")
    below, lower, page = aliased(Page), aliased(Folder), aliased(Page)
    has_below = or_(
        exists().where(
            below.space_id == space_id,
            below.parent_key == Page.path_key,
            below.deleted_at.is_(None),
            shown_in_space(below),
            _in_tree(below, apart),
        ),
        exists().where(
            lower.space_id == space_id,
            lower.parent_key == Page.path_key,
            holds_page(lower, page, and_(shown_in_space(page), _in_tree(page, apart))),
        ),
    )
    pages: Any = select(
        Page.path,
        Page.path_key,
        Page.parent_key,
        Page.title,
        Page.id,
        Page.position,
        has_below.label("has_below"),
    ).where(
        Page.space_id == space_id,
        Page.deleted_at.is_(None),
        shown_in_space(Page),
        _in_tree(Page, apart),
    )
    folders = select(Folder.path, Folder.path_key, Folder.parent_key).where(
        Folder.space_id == space_id,
        holds_page(Folder, page, and_(shown_in_space(page), _in_tree(page, apart))),
    )
    if after:
        title = title_order(bindparam("title", type_=String))
        last: list[Any] = [bindparam("position", type_=String), title, bindparam("key")]
        pages = pages.where(tuple_(*IN_ORDER) > tuple_(*last))
    parents = [bindparam(f"level_{number}", type_=String) for number in range(levels)]
    parts = [_few(pages.where(Page.parent_key == key), false()) for key in parents]
    # Lists of parameters, since a list as one parameter is written into the text at each execution.
    parts.append(_few(pages.where(Page.path_key.in_(parents), Page.path_key != ""), true()))
    return union_all(*parts), folders.where(Folder.parent_key.in_(parents)).limit(FOLDERS)


def _few(query: Select[Any], of_way: ColumnElement[bool]) -> Select[Any]:
    few = query.add_columns(of_way.label("of_way")).order_by(*IN_ORDER)
    # A subquery of its own, because a part of a union cannot be limited.
    return select(few.limit(bindparam("limit")).subquery())


def _in_tree(page: type[Page], apart: tuple[str, ...]) -> ColumnElement[bool]:
    return page.kind.not_in(apart) if apart else true()


def children_of(
    session: Session,
    seen: SpaceAccess,
    keys: Sequence[str],
    *,
    limit: int = LEVEL,
    after: Page | None = None,
    with_way: bool = True,
) -> dict[str, Level]:
    """Return the visible pages and folders directly below each of the paths ``keys``, in order, in
    two queries. Pages of kinds that are not in the tree are left out. Pages at one of the paths are
    found even if they are beyond the limit, unless ``with_way`` is false.

    :param limit: the number of pages of a level. :param after: the page to continue after, if one
        level is asked for; its folders were all in the first part.
    """
    wanted = {**parameters_of(seen), "limit": limit + 1}
    wanted |= {f"level_{number}": key for number, key in enumerate(keys)}
    if after is not None:
        wanted |= {"position": after.position, "title": after.title, "key": after.path_key}
    apart = tuple(kind.name for kind in registered_kinds() if not kind.in_tree)
    pages, folders = _children(apart, len(keys), after is not None)
    found: dict[str, list[TreeNode]] = {key: [] for key in keys}
    on_way: list[TreeNode] = []
    for row in session.execute(pages, wanted):
        path, key, parent, title, page_id, position, has_below, of_way = row
        node = TreeNode(path, key, parent, title, page_id, position, bool(has_below))
        (on_way if of_way else found[parent]).append(node)
    more = {key: level[limit - 1].page_id or 0 for key, level in found.items() if level[limit:]}
    for key in more:
        del found[key][limit:]
    for node in on_way if with_way else ():
        if node.parent_key in found and node not in found[node.parent_key]:
            found[node.parent_key].append(node)
    for path, key, parent in session.execute(folders, wanted) if after is None else ():
        _add_folder(found[parent], TreeNode(path, key, parent, _name(path), None, UNPLACED, True))
    return {key: Level(level, more.get(key, 0)) for key, level in found.items()}


def _add_folder(level: list[TreeNode], folder: TreeNode) -> None:
    """Add a folder to the nodes of its level: by title, after the pages that have a position."""
    title = folder.title.casefold()
    for index, node in enumerate(level):
        if node.position == UNPLACED and node.title.casefold() > title:
            level.insert(index, folder)
            return
    level.append(folder)


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Crumb:
    """A breadcrumb of a page; ``exists`` is false for a folder without a page."""

    path: str
    title: str
    exists: bool


def breadcrumbs(
    session: Session, seen: SpaceAccess, path: str, levels: Mapping[str, Level]
) -> list[Crumb]:
    """Return the pages and folders above ``path``, topmost first, without the home page. A page
    that the actor may not read is shown as a folder.

    :param levels: levels of the tree that the actor sees. Pages that are not in them are read.
    """
    above = [ancestor for ancestor in ancestors_of(path) if ancestor]
    nodes = [_node_at(levels, path_key(ancestor)) for ancestor in above]
    if all(nodes):
        return [
            Crumb(node.path, node.title, True)
            if node.page_id
            else Crumb(place, _name(place), False)
            for node, place in zip(nodes, above, strict=True)
            if node
        ]
    titles = {
        key: (found, title)
        for key, found, title in session.execute(
            _titles(), {**parameters_of(seen), "keys": [path_key(ancestor) for ancestor in above]}
        )
    }
    crumbs = []
    for ancestor in above:
        found = titles.get(path_key(ancestor))
        crumbs.append(
            Crumb(found[0], found[1], True) if found else Crumb(ancestor, _name(ancestor), False)
        )
    return crumbs


def _node_at(levels: Mapping[str, Level], key: str) -> TreeNode | None:
    level = levels.get(key.rpartition("/")[0])
    return level.at(key) if level else None


@cache
def _titles() -> Select[str, str, str]:
    return select(Page.path_key, Page.path, Page.title).where(
        Page.space_id == bindparam("space_id"),
        Page.path_key.in_(bindparam("keys", expanding=True)),
        Page.deleted_at.is_(None),
        shown_in_space(Page),
    )
