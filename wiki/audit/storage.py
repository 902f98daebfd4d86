"""Queries for the use of disk space, for administrators."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Text, cast, func, select, text
from sqlalchemy.orm import Session, joinedload

from wiki.attachments.models import Attachment
from wiki.audit.queries import require_admin
from wiki.config import Settings
from wiki.pages.models import Content, Page, Revision
from wiki.pages.queries import readable_by
from wiki.pages.rendering.models import RenderingRow
from wiki.rules.access import Actor
from wiki.spaces import queries as spaces
from wiki.spaces.models import Space

MOST = 20
PATIENCE = 1.0
"""Maximum number of seconds for counting the files of a folder."""


@dataclass(frozen=True)
class Amount:
    """Number of bytes and of items; ``whole`` is False if counting was stopped early."""

    bytes: int
    count: int = 0
    whole: bool = True


@dataclass(frozen=True)
class Sizes:
    """The use of disk space. ``texts`` are the compressed texts; ``written`` is their size in bytes
    before compression. ``renderings`` are those of all pages. ``free`` of ``disk`` bytes are free
    where the data folder is."""

    database: Amount
    texts: Amount
    written: int
    renderings: Amount
    files: Amount
    index: Amount
    thumbs: Amount
    free: int
    disk: int


@dataclass(frozen=True)
class SpaceSize:
    """A space with the bytes of its texts and of its files."""

    space: Space
    texts: int
    files: int
    readable: bool

    @property
    def bytes(self) -> int:
        """The sum of texts and files."""
        return self.texts + self.files


@dataclass(frozen=True)
class PageSize:
    """A page with the bytes of its texts and files; ``page`` is None if it is not readable."""

    page: Page | None
    space: Space
    texts: int
    files: int

    @property
    def bytes(self) -> int:
        """The sum of texts and files."""
        return self.texts + self.files


def sizes(session: Session, actor: Actor, settings: Settings) -> Sizes:
    """Return the use of disk space.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    stored, written, texts = session.execute(
        select(
            func.coalesce(func.sum(func.length(Content.data)), 0),
            func.coalesce(func.sum(Content.size), 0),
            func.count(),
        )
    ).one()
    row = RenderingRow
    parts = (row.html, row.text, row.excerpt, cast(row.headings, Text), cast(row.links, Text))
    length = sum((func.length(part) for part in parts[1:]), func.length(parts[0]))
    rendered, pages = session.execute(
        select(func.coalesce(func.sum(length), 0), func.count())
    ).one()
    each = select(func.max(Attachment.size).label("size")).group_by(Attachment.sha256).subquery()
    files, contents = session.execute(
        select(func.coalesce(func.sum(each.c.size), 0), func.count()).select_from(each)
    ).one()
    there = settings.data_dir
    disk = shutil.disk_usage(there)
    return Sizes(
        database=Amount(_database(session)),
        texts=Amount(int(stored), texts),
        written=int(written),
        renderings=Amount(int(rendered), pages),
        files=Amount(int(files), contents),
        index=_folder(there / "index"),
        thumbs=_folder(there / "thumbs"),
        free=disk.free,
        disk=disk.total,
    )


def largest_spaces(session: Session, actor: Actor) -> Sequence[SpaceSize]:
    """Return the spaces that use the most disk space, with no other data about them.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    texts = _pairs(session, _texts(Page.space_id))
    files = _pairs(session, _files(func.coalesce(Attachment.space_id, Page.space_id)))
    largest = _largest(texts, files)
    found = {one.id: one for one in session.scalars(select(Space).where(Space.id.in_(largest)))}
    may = set(session.scalars(select(Space.id).where(spaces.readable_by(actor))))
    return [
        SpaceSize(found[id], texts.get(id, 0), files.get(id, 0), id in may)
        for id in largest
        if id in found
    ]


def largest_pages(session: Session, actor: Actor) -> Sequence[PageSize]:
    """Return the pages that use the most disk space, without names if the actor may not read them.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    candidates = {
        id
        for query in (_texts(Page.id), _files(Page.id).where(Attachment.page_id.is_not(None)))
        for id in _pairs(session, query.order_by(query.selected_columns[1].desc()).limit(MOST))
    }
    texts = _pairs(session, _texts(Page.id).where(Page.id.in_(candidates)))
    files = _pairs(session, _files(Page.id).where(Page.id.in_(candidates)))
    pages = {
        page.id: page
        for page in session.scalars(
            select(Page).where(Page.id.in_(candidates)).options(joinedload(Page.space))
        )
    }
    may = set(session.scalars(select(Page.id).where(Page.id.in_(candidates), readable_by(actor))))
    return [
        PageSize(
            pages[id] if id in may else None, pages[id].space, texts.get(id, 0), files.get(id, 0)
        )
        for id in _largest(texts, files)
        if id in pages
    ]


def _texts(of: Any) -> Any:
    """Return a query for the bytes of the texts of all revisions, as stored, each content once per
    page."""
    each = (
        select(Revision.page_id, Revision.content_hash)
        .group_by(Revision.page_id, Revision.content_hash)
        .subquery()
    )
    return (
        select(of, func.sum(func.length(Content.data)))
        .select_from(each)
        .join(Page, Page.id == each.c.page_id)
        .join(Content, Content.hash == each.c.content_hash)
        .group_by(of)
    )


def _files(of: Any) -> Any:
    return (
        select(of, func.sum(Attachment.size))
        .select_from(Attachment)
        .outerjoin(Page, Page.id == Attachment.page_id)
        .group_by(of)
    )


def _pairs(session: Session, query: Any) -> dict[int, int]:
    return {id: int(size or 0) for id, size in session.execute(query) if id is not None}


def _largest(texts: Mapping[int, int], files: Mapping[int, int]) -> list[int]:
    def size(id: int) -> tuple[int, int]:
        return -texts.get(id, 0) - files.get(id, 0), id

    return sorted({*texts, *files}, key=size)[:MOST]


def _database(session: Session) -> int:
    if session.get_bind().dialect.name == "postgresql":
        found = session.scalar(text("SELECT pg_database_size(current_database())"))
    else:
        found = session.scalar(
            text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        )
    return int(found or 0)


def _folder(folder: Path) -> Amount:
    """Count the files below a folder, for at most :data:`PATIENCE` seconds."""
    until = time.monotonic() + PATIENCE
    total = count = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).lstat().st_size
            except FileNotFoundError:
                continue  # e.g. an index was merged in the meantime
            count += 1
        if time.monotonic() > until:
            return Amount(total, count, whole=False)
    return Amount(total, count)
