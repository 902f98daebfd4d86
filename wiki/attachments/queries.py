"""Queries for files, always limited to what an actor may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, or_, select, union_all
from sqlalchemy.orm import Session, contains_eager, joinedload

from wiki.attachments.models import Attachment
from wiki.attachments.versions import current_at, ways_to
from wiki.errors import NotFound
from wiki.pages.models import Page, Redirect
from wiki.pages.queries import editable_by, live_for, readable_by, see_page
from wiki.rules.access import Actor, May
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess, see_space, see_space_by_id
from wiki.text.paths import PathError, ancestors_of, join, normalise_path, path_key


@dataclass(frozen=True)
class FileSeen:
    """A file that an actor may read. ``moved`` is True if it was requested at a former place."""

    file: Attachment
    seen: SpaceAccess
    moved: bool = False

    @property
    def path(self) -> str:
        """Its place in the space's tree, folders and name."""
        return place_of(self.file)


def place_of(file: Attachment) -> str:
    """Return the file's place in its space's tree: the path of its page joined with its name."""
    return join(file.page.path, file.name) if file.page else file.name


def find_file(session: Session, actor: Actor, slug: str, raw_path: str) -> FileSeen:
    """Return the file at ``raw_path`` (folders and name) of a space, as in a tree of documents.

    It may belong to any page above it; the nearest takes precedence. If no page has it, pages that
    were once at these paths are tried.

    :raises NotFound: when there is none, or none that the actor may read.
    """
    seen = see_space(session, actor, slug)
    try:
        key = path_key(normalise_path(raw_path))
    except PathError:
        raise NotFound from None
    if not key:
        raise NotFound
    found = current_at(session, actor, seen.space, key)
    if found:
        return FileSeen(found[0], _see_page_of(session, actor, found[0], seen))
    moved = _at_former_paths(session, actor, seen.space, key)
    if moved is None or moved.page is None:
        raise NotFound
    return FileSeen(moved, see_page(session, actor, moved.page), moved=True)


def _see_page_of(
    session: Session, actor: Actor, file: Attachment, seen: SpaceAccess
) -> SpaceAccess:
    return see_page(session, actor, file.page) if file.page else seen


def _at_former_paths(session: Session, actor: Actor, space: Space, key: str) -> Attachment | None:
    ways = dict(ways_to(key))
    rows = session.execute(
        select(Attachment, Redirect.path_key)
        .join(Attachment.page)
        .join(Redirect, Redirect.page_id == Page.id)
        .where(
            Redirect.space_id == space.id,
            Redirect.path_key.in_(ways),
            live_for(actor),
            Attachment.name_key.in_(ways.values()),
            Attachment.removed_at.is_(None),
        )
        .options(contains_eager(Attachment.page).joinedload(Page.space))
    )
    found = [row for row, former in rows if ways[former] == row.name_key]
    return min(found, key=lambda row: len(row.name_key), default=None)


def get_file(session: Session, actor: Actor, file_id: int) -> FileSeen:
    """Return the file with this id. A replaced or removed file requires permission to edit.

    :raises NotFound: when there is none, or none that the actor may read.
    """
    file = session.scalar(
        select(Attachment)
        .outerjoin(Attachment.page)
        .where(Attachment.id == file_id, or_(Attachment.page_id.is_(None), readable_by(actor)))
        .options(contains_eager(Attachment.page))
    )
    if file is None:
        raise NotFound
    if file.page:
        seen = see_page(session, actor, file.page)
    else:
        seen = see_space_by_id(session, actor, file.space_id or 0)
    if file.removed_at is not None and not seen.may(May.EDIT):
        raise NotFound
    return FileSeen(file, seen)


def nearest_page(session: Session, actor: Actor, space: Space, folder: str) -> Page | None:
    """Return the live page at or nearest above a path; None if even the space has no home page."""
    keys = [path_key(place) for place in (*ancestors_of(folder), folder)]
    pages = session.scalars(
        select(Page).where(Page.space_id == space.id, Page.path_key.in_(keys), live_for(actor))
    )
    return max(pages, key=lambda page: len(page.path_key), default=None)


def list_files(
    session: Session,
    actor: Actor,
    space: Space,
    path: str,
    *,
    after: tuple[str, int] | None = None,
    limit: int = 100,
) -> Sequence[Attachment]:
    """Return the files at and below a path that belong to the page there or to one above it, by
    name.

    :param after: only those after this key of a name and id.
    """
    query = (
        _files_below(space, path, live_for(actor))
        .where(Attachment.removed_at.is_(None))
        .order_by(Attachment.name_key, Attachment.id)
        .limit(limit)
    )
    if after is not None:
        name_key, last = after
        query = query.where(
            or_(
                Attachment.name_key > name_key,
                and_(Attachment.name_key == name_key, Attachment.id > last),
            )
        )
    return session.scalars(query).all()


def list_removed_files(
    session: Session, actor: Actor, space: Space, path: str, *, limit: int = 100
) -> Sequence[Attachment]:
    """Return the replaced and removed files at and below a path that the actor may edit, newest
    first."""
    query = (
        _files_below(space, path, editable_by(actor))
        .where(Attachment.removed_at.is_not(None))
        .options(joinedload(Attachment.removed_by))
        .order_by(Attachment.removed_at.desc(), Attachment.id.desc())
        .limit(limit)
    )
    return session.scalars(query).all()


def _files_below(space: Space, path: str, condition: ColumnElement[bool]) -> Select[Attachment]:
    """Return the query for the files at and below a path that belong to the space, or to a page
    that meets the condition: the one there or one above it."""
    key = path_key(path)
    places = [
        and_(Page.path_key == key, Attachment.name_key != ""),
        *(and_(Page.path_key == above, _under(rest)) for above, rest in ways_to(key)),
    ]
    of_pages = (
        select(Attachment.id)
        .join(Attachment.page)
        .where(
            Page.space_id == space.id,
            Page.path_key.in_([key, *ancestors_of(key)]),
            condition,
            or_(*places),
        )
    )
    of_space = select(Attachment.id).where(Attachment.space_id == space.id, _under(key))
    return (
        select(Attachment)
        .outerjoin(Attachment.page)
        .where(Attachment.id.in_(union_all(of_pages, of_space)))
        .options(contains_eager(Attachment.page), joinedload(Attachment.created_by))
    )


def _under(key: str) -> ColumnElement[bool]:
    """Return the condition that the file's name lies below ``key``, as an index range."""
    if not key:
        return Attachment.name_key != ""
    # "0" is the character after "/".
    return and_(Attachment.name_key > f"{key}/", Attachment.name_key < f"{key}0")


def files_of_space(
    session: Session, actor: Actor, space: Space, *, after: int = 0, limit: int | None = None
) -> Sequence[Attachment]:
    """Return the current files of a space whose page the actor may read, by id.

    :param after: only those with a larger id. :param limit: all of them if None.
    """
    return session.scalars(
        select(Attachment)
        .outerjoin(Attachment.page)
        .where(
            or_(
                Attachment.space_id == space.id,
                and_(Page.space_id == space.id, live_for(actor)),
            ),
            Attachment.removed_at.is_(None),
            Attachment.id > after,
        )
        .options(contains_eager(Attachment.page), joinedload(Attachment.created_by))
        .order_by(Attachment.id)
        .limit(limit)
    ).all()


def missing_files(session: Session, actor: Actor, space: Space, keys: Sequence[str]) -> list[str]:
    """Return those of these places (keys of folders and name) that have no file, not even one that
    moved away with its page. The order is kept; three queries are made."""
    if not keys:
        return []
    ways = {(above, name): key for key in keys for above, name in ways_to(key)}
    aboves, names = {above for above, _ in ways}, {name for _, name in ways}
    live = and_(live_for(actor), Attachment.name_key.in_(names), Attachment.removed_at.is_(None))
    there = set(
        session.scalars(
            select(Attachment.name_key).where(
                Attachment.space_id == space.id,
                Attachment.name_key.in_(keys),
                Attachment.removed_at.is_(None),
            )
        )
    )
    at = select(Page.path_key, Attachment.name_key).join(Attachment.page)
    moved = select(Redirect.path_key, Attachment.name_key).join(Attachment.page)
    for above, name in (
        *session.execute(at.where(Page.space_id == space.id, Page.path_key.in_(aboves), live)),
        *session.execute(
            moved.join(Redirect, Redirect.page_id == Page.id).where(
                Redirect.space_id == space.id, Redirect.path_key.in_(aboves), live
            )
        ),
    ):
        there.add(ways.get((above, name), ""))
    return [key for key in keys if key not in there]
