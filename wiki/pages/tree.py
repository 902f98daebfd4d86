"""The tree of a space: its pages, its folders (paths with live pages below them and none at them,
which are derived from the pages) and the way to a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Delete,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    false,
    insert,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased

from wiki.kind import registered_kinds
from wiki.pages.models import Folder, Page
from wiki.pages.queries import holds_page, parameters_of, shown_in_space
from wiki.spaces.queries import SpaceAccess
from wiki.text.paths import ancestors_of, path_key


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


@dataclass(frozen=True)
class TreeNode:
    """A line of a space's tree: a page, or a folder without one (``page_id`` None)."""

    path: str
    path_key: str
    parent_key: str
    title: str
    page_id: int | None
    has_children: bool


_Node: TypeAlias = "Select[str, str, str | None, str | None, int | None, bool]"


@cache
def _children(apart: tuple[str, ...]) -> tuple[_Node, _Node]:
    """Return the statements for pages and folders; pages of the kinds ``apart`` are left out."""
    space_id: BindParameter[int] = bindparam("space_id")
    keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
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
    pages = select(Page.path, Page.path_key, Page.parent_key, Page.title, Page.id, has_below).where(
        Page.space_id == space_id,
        Page.parent_key.in_(keys),
        Page.deleted_at.is_(None),
        shown_in_space(Page),
        _in_tree(Page, apart),
    )
    folders = select(
        Folder.path, Folder.path_key, Folder.parent_key, literal(None), literal(None), literal(True)
    ).where(
        Folder.space_id == space_id,
        Folder.parent_key.in_(keys),
        holds_page(Folder, page, and_(shown_in_space(page), _in_tree(page, apart))),
    )
    return pages.limit(bindparam("limit")), folders.limit(bindparam("limit"))


def _in_tree(page: type[Page], apart: tuple[str, ...]) -> ColumnElement[bool]:
    return page.kind.not_in(apart) if apart else true()


def children_of(
    session: Session, seen: SpaceAccess, keys: Sequence[str], limit: int = 1000
) -> dict[str, list[TreeNode]]:
    """Return the visible pages and folders directly below each of the paths ``keys``, sorted by
    title, in two queries. Pages of kinds that are not in the tree are left out."""
    wanted = {**parameters_of(seen), "keys": list(keys), "limit": limit}
    apart = tuple(kind.name for kind in registered_kinds() if not kind.in_tree)
    pages, folders = (session.execute(statement, wanted) for statement in _children(apart))
    found: dict[str, list[TreeNode]] = {key: [] for key in keys}
    for path, key, parent, title, id, has in [*pages, *folders]:
        found[parent].append(TreeNode(path, key, parent, title or _name(path), id, bool(has)))
    for nodes in found.values():
        nodes.sort(key=lambda node: (node.title.casefold(), node.path_key))
    return found


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Crumb:
    """A breadcrumb of a page; ``exists`` is false for a folder without a page."""

    path: str
    title: str
    exists: bool


def breadcrumbs(session: Session, seen: SpaceAccess, path: str) -> list[Crumb]:
    """Return the pages and folders above ``path``, topmost first, without the home page. A page
    that the actor may not read is shown as a folder."""
    above = [ancestor for ancestor in ancestors_of(path) if ancestor]
    if not above:
        return []
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


@cache
def _titles() -> Select[str, str, str]:
    return select(Page.path_key, Page.path, Page.title).where(
        Page.space_id == bindparam("space_id"),
        Page.path_key.in_(bindparam("keys", expanding=True)),
        Page.deleted_at.is_(None),
        shown_in_space(Page),
    )
