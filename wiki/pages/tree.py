"""Keeping the derived folders: paths with live pages below them and none at them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wiki.pages.models import Folder, Page
from wiki.pages.queries import below
from wiki.text.paths import ancestors_of, path_key


def settle_folders(session: Session, space_id: int, paths: Iterable[str]) -> None:
    """Make the folders at and above ``paths`` what the live pages say they must be."""
    session.flush()
    wanted: dict[str, str] = {}
    for path in paths:
        for place in (*ancestors_of(path), path):
            if place:
                wanted.setdefault(path_key(place), place)
    for key in sorted(wanted, reverse=True):
        is_page = session.scalar(
            select(Page.id).where(
                Page.space_id == space_id, Page.path_key == key, Page.deleted_at.is_(None)
            )
        )
        has_below = session.scalar(
            select(Page.id)
            .where(Page.space_id == space_id, below(key), Page.deleted_at.is_(None))
            .limit(1)
        )
        folder = session.get(Folder, (space_id, key))
        if has_below is not None and is_page is None:
            if folder is None:
                path = wanted[key]
                session.add(
                    Folder(
                        space_id=space_id,
                        path_key=key,
                        parent_key=key.rpartition("/")[0],
                        path=path,
                    )
                )
        elif folder is not None:
            session.execute(
                delete(Folder).where(Folder.space_id == space_id, Folder.path_key == key)
            )
            session.expunge(folder)
    session.flush()
