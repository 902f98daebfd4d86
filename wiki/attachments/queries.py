"""Queries for files, always limited to what an actor may read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union_all
from sqlalchemy.orm import Session, contains_eager, joinedload

from wiki.attachments.models import Attachment, Picture
from wiki.attachments.pictures import is_raster
from wiki.errors import NotFound
from wiki.pages.models import Page, Redirect
from wiki.pages.queries import editable_by, live_for, readable_by, see_above, see_page
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


def current_at(session: Session, actor: Actor, space: Space, key: str) -> list[Attachment]:
    """Return the current files whose place has this key, that of the nearest page first."""
    ways = dict(_ways(key))
    of_pages = (
        select(Attachment.id)
        .join(Attachment.page)
        .where(
            Page.space_id == space.id,
            Page.path_key.in_(ways),
            live_for(actor),
            Attachment.name_key.in_(ways.values()),
            Attachment.removed_at.is_(None),
        )
    )
    of_the_space = select(Attachment.id).where(
        Attachment.space_id == space.id,
        Attachment.name_key == key,
        Attachment.removed_at.is_(None),
    )
    rows = session.scalars(
        select(Attachment)
        .outerjoin(Attachment.page)
        .where(Attachment.id.in_(union_all(of_pages, of_the_space)))
        .options(contains_eager(Attachment.page))
    )
    found = [row for row in rows if row.page is None or ways[row.page.path_key] == row.name_key]
    return sorted(found, key=lambda row: (len(row.name_key), row.page is None))


@dataclass(frozen=True)
class VersionRange:
    """A part of the versions of a file, newest first: those with an id below ``before``, only the
    one with this ``number``, at most ``limit``. None is no condition."""

    before: int | None = None
    number: int | None = None
    limit: int | None = None


ALL_VERSIONS = VersionRange()


def versions_at(
    session: Session, actor: Actor, space: Space, key: str, which: VersionRange = ALL_VERSIONS
) -> Sequence[Attachment]:
    """Return all files that were ever at the place with this key, including replaced and removed
    ones, newest first. Only pages that the actor may edit count."""
    query = (
        select(Attachment)
        .outerjoin(Attachment.page)
        .where(_placed_at(actor, space, key))
        .options(
            contains_eager(Attachment.page),
            joinedload(Attachment.created_by),
            joinedload(Attachment.removed_by),
        )
        .order_by(Attachment.id.desc())
        .limit(which.limit)
    )
    if which.before is not None:
        query = query.where(Attachment.id < which.before)
    if which.number is not None:
        query = query.where(Attachment.version == which.number)
    return session.scalars(query).all()


def find_versions(
    session: Session,
    actor: Actor,
    slug: str,
    raw_path: str,
    which: VersionRange = ALL_VERSIONS,
) -> tuple[SpaceAccess, Sequence[Attachment]]:
    """Return the versions of the file at ``raw_path`` of a space, newest first: all of them if the
    actor may edit, only the current one otherwise.

    :raises NotFound: when nothing was ever there that the actor may read.
    """
    seen = see_space(session, actor, slug)
    try:
        key = path_key(normalise_path(raw_path))
    except PathError:
        raise NotFound from None
    seen = see_above(session, actor, seen, key)
    current = current_at(session, actor, seen.space, key)[:1]
    if not seen.may(May.EDIT):
        if not current or which.number not in (None, current[0].version):
            raise NotFound
        return seen, [one for one in current if which.before is None or one.id < which.before]
    found = versions_at(session, actor, seen.space, key, which)
    if not found and not current:
        raise NotFound
    return seen, found


def last_version_at(session: Session, actor: Actor, space: Space, key: str) -> int:
    """Return the highest version number at a place; 0 if nothing was ever attached."""
    query = select(func.max(Attachment.version)).outerjoin(Attachment.page)
    return session.scalar(query.where(_placed_at(actor, space, key))) or 0


def _placed_at(actor: Actor, space: Space, key: str) -> ColumnElement[bool]:
    """Return the condition that a file, joined with its page, has the place with this key and that
    the actor may edit the page."""
    ways = dict(_ways(key))
    of_pages = [and_(Page.path_key == above, Attachment.name_key == ways[above]) for above in ways]
    ids = (
        select(Attachment.id)
        .join(Attachment.page)
        .where(
            Page.space_id == space.id,
            Page.path_key.in_(ways),
            editable_by(actor),
            Attachment.name_key.in_(ways.values()),
            or_(*of_pages),
        )
    )
    of_space = select(Attachment.id).where(
        Attachment.space_id == space.id, Attachment.name_key == key
    )
    return Attachment.id.in_(union_all(ids, of_space))


def picture_of(session: Session, sha256: str) -> Picture | None:
    """Return the data about the raster image with this hash."""
    return session.get(Picture, sha256)


def pictures_of(session: Session, files: Iterable[Attachment]) -> dict[str, Picture]:
    """Return the data about the raster images among these files, by hash."""
    hashes = {file.sha256 for file in files if is_raster(file.content_type)}
    if not hashes:
        return {}
    found = session.scalars(select(Picture).where(Picture.sha256.in_(hashes)))
    return {picture.sha256: picture for picture in found}


def pictures_at(
    session: Session, actor: Actor, space: Space, keys: Iterable[str]
) -> dict[str, Picture]:
    """Return the data about the pictures at these places of a space, in one query."""
    ways = {key: dict(_ways(key)) for key in keys}
    owners = {above for way in ways.values() for above in way}
    names = {name for way in ways.values() for name in way.values()}
    if not names:
        return {}
    of_pages = (
        select(Attachment.id)
        .join(Attachment.page)
        .where(
            Page.space_id == space.id,
            Page.path_key.in_(owners),
            live_for(actor),
            Attachment.name_key.in_(names),
            Attachment.removed_at.is_(None),
        )
    )
    of_space = select(Attachment.id).where(
        Attachment.space_id == space.id,
        Attachment.name_key.in_(ways),
        Attachment.removed_at.is_(None),
    )
    rows = session.execute(
        select(Page.path_key, Attachment.name_key, Picture)
        .select_from(Attachment)
        .join(Picture, Picture.sha256 == Attachment.sha256)
        .outerjoin(Attachment.page)
        .where(Attachment.id.in_(union_all(of_pages, of_space)))
    )
    there = {(owner, name): picture for owner, name, picture in rows}
    found = {}
    for key, way in ways.items():
        nearest = [*reversed(way.items()), (None, key)]
        picture = next((there[place] for place in nearest if place in there), None)
        if picture is not None:
            found[key] = picture
    return found


def _at_former_paths(session: Session, actor: Actor, space: Space, key: str) -> Attachment | None:
    ways = dict(_ways(key))
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


def _ways(key: str) -> Iterator[tuple[str, str]]:
    """Yield the splits of a file's key: key of a page, key of the file's name below it."""
    for above in ancestors_of(key):
        yield above, key[len(above) :].lstrip("/")


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
        *(and_(Page.path_key == above, _under(rest)) for above, rest in _ways(key)),
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
    ways = {(above, name): key for key in keys for above, name in _ways(key)}
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
