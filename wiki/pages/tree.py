"""Maintenance of the derived folders: paths with live pages below them and none at them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Delete,
    Select,
    bindparam,
    delete,
    false,
    insert,
    select,
    true,
)
from sqlalchemy.orm import Session

from wiki.pages.models import Folder, Page
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
