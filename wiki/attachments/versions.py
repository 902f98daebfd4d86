"""Versions of files: the rows at one place, current or not, and the pictures among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select, union_all
from sqlalchemy.orm import Session, contains_eager, joinedload

from wiki.attachments.models import Attachment, Picture
from wiki.attachments.pictures.making import is_raster
from wiki.errors import NotFound
from wiki.pages.models import Page
from wiki.pages.queries import editable_by, live_for, see_above
from wiki.rules.access import Actor, May
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess, see_space
from wiki.text.paths import PathError, ancestors_of, normalise_path, path_key


def current_at(session: Session, actor: Actor, space: Space, key: str) -> list[Attachment]:
    """Return the current files whose place has this key, that of the nearest page first."""
    ways = dict(ways_to(key))
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
    ways = dict(ways_to(key))
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
    ways = {key: dict(ways_to(key)) for key in keys}
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


def ways_to(key: str) -> Iterator[tuple[str, str]]:
    """Yield the splits of a file's key: key of a page, key of the file's name below it."""
    for above in ancestors_of(key):
        yield above, key[len(above) :].lstrip("/")
