"""Resumable uploads: files that arrive in pieces and are attached when complete.

The pieces are stored in ``files/uploads`` of the data folder, each file under the key of its row.
The bytes that the row counts as received are synced to disk; bytes beyond them are sent again.
"""

from __future__ import annotations

import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session, joinedload

from wiki.attachments.actions import AttachRules, attach_file, checked_file_path
from wiki.attachments.limits import NewFile, limits_of, require_room, under_way
from wiki.attachments.locks import hold_live
from wiki.attachments.models import Upload
from wiki.attachments.queries import nearest_page, place_of
from wiki.attachments.storage import DamagedFile, Storage
from wiki.attachments.uploading.parts import KEPT_FOR, Parts, append_piece, digest_for
from wiki.config import Settings
from wiki.db import Database, now
from wiki.errors import Invalid, NotFound, TooLarge, TooMany, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.pages.queries import see_above
from wiki.rules.access import Actor, May
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space_by_id
from wiki.text.paths import join, name_of, parent_of, path_key

log = logging.getLogger(__name__)

MOST_OPEN = 100
"""Maximum number of unfinished uploads of one person."""


class WrongOffset(WikiError):
    """An error for a piece that does not begin where the last one ended."""

    status = 409
    title = lazy_gettext("Wrong offset")

    def __init__(self, received: int) -> None:
        super().__init__(_("The next piece begins at byte %(byte)s.", byte=f"{received:,}"))
        self.received = received


@dataclass(frozen=True)
class Uploading:
    """An upload and the name of its file."""

    row: Upload
    name: str


@dataclass(frozen=True)
class UploadRequest:
    """A file that is to be uploaded: its place in the space's tree, and its size in bytes.

    With ``keep_both`` it gets another name if another content is there.
    """

    raw_path: str
    size: int
    keep_both: bool = False


@dataclass(frozen=True)
class Piece:
    """A piece of a file: where it begins, its bytes, and its checksum, which is `sha256` (or
    `sha1`), a blank and the digest in base64."""

    offset: int
    stream: IO[bytes]
    checksum: str = ""


def begin_upload(
    session: Session, actor: Actor, space: Space, wanted: UploadRequest, settings: Settings
) -> Uploading:
    """Create an upload, and reserve room for its file.

    :raises Forbidden: :raises Invalid: :raises TooLarge: :raises TooMany:
    """
    seen = see_space_by_id(session, actor, space.id)
    path = checked_file_path(wanted.raw_path)
    see_above(session, actor, seen, path_key(path)).require(May.EDIT)
    name, size = name_of(path), wanted.size
    if size < 0:
        raise Invalid(_("The size of a file can’t be negative."), field="size")
    if size > settings.max_file_mb << 20:
        raise TooLarge(
            _(
                "%(name)s is too large. Files can have up to %(size)s MiB.",
                name=name,
                size=settings.max_file_mb,
            )
        )
    page = nearest_page(session, actor, space, parent_of(path) or "")
    open_ones = session.scalar(
        select(func.count()).where(
            Upload.person_id == actor.person_id, Upload.attachment_id.is_(None)
        )
    )
    if (open_ones or 0) >= MOST_OPEN:
        raise TooMany(
            _(
                "You have %(count)s unfinished uploads. Finish or cancel some of them first.",
                count=MOST_OPEN,
            ),
            retry_after=3600,
        )
    new = NewFile(space, page, name, size)
    require_room(session, limits_of(settings), new, under_way(session, space, page))
    row = Upload(
        key=secrets.token_hex(16),
        person_id=actor.person_id,
        space=seen.space,
        page=page,
        name=path[len(page.path) :].lstrip("/") if page else path,
        keep_both=wanted.keep_both,
        size=size,
        received=0,
        expires_at=now() + KEPT_FOR,
    )
    session.add(row)
    session.flush()
    return Uploading(row, name)


def see_upload(session: Session, actor: Actor, key: str, *, locked: bool = False) -> Uploading:
    """Return an upload of the actor.

    :param locked: lock the row, so that it is not finished or cancelled concurrently.
    :raises NotFound: when the actor has no such upload, or it has expired.
    """
    if locked:
        session.execute(select(Upload.key).where(Upload.key == key).with_for_update())
    row = session.scalar(
        select(Upload)
        .where(Upload.key == key, Upload.person_id == actor.person_id, Upload.expires_at > now())
        .options(joinedload(Upload.space), joinedload(Upload.page), joinedload(Upload.attachment))
    )
    if row is None or actor.person_id is None:
        raise NotFound
    see_space_by_id(session, actor, row.space_id)
    return Uploading(row, name_of(row.name))


def add_piece(
    database: Database, settings: Settings, actor: Actor, key: str, piece: Piece
) -> Uploading:
    """Append a piece to an upload; attach the file if it was the last one.

    Concurrent pieces of one upload wait for each other. If a complete file could not be attached
    (its page is full, or the author may no longer edit), sending an empty piece at its end tries
    again.

    :raises WrongOffset: :raises WrongChecksum: :raises NotFound: :raises Forbidden:
    """
    digest = digest_for(piece.checksum)
    parts = Parts(settings)
    with database.read() as session:
        see_upload(session, actor, key)
    with parts.held(key) as file:
        with database.read() as session:
            if not _is_open(session, key):  # finished or cancelled: the file was made by opening it
                parts.forget(key)
            found = see_upload(session, actor, key)
            seen = see_space_by_id(session, actor, found.row.space_id)
            path = join(found.row.page.path if found.row.page else "", found.row.name)
            see_above(session, actor, seen, path_key(path)).require(May.EDIT)
        row = found.row
        if row.attachment_id is not None:
            if piece.offset != row.size:
                raise WrongOffset(row.size)
            return found
        received = min(row.received, os.fstat(file.fileno()).st_size)
        if piece.offset != received:
            raise WrongOffset(received)
        if received < row.size:
            received = append_piece(file, received, row.size, piece.stream, digest)
            found = _note(database, actor, key, received)
        if received == row.size:
            found = _finish(database, settings, actor, found, parts.path(key))
    if found.row.attachment_id is not None:
        parts.forget(key)
    return found


def _is_open(session: Session, key: str) -> bool:
    unfinished = exists().where(Upload.key == key, Upload.attachment_id.is_(None))
    return bool(session.scalar(select(unfinished)))


def cancel_upload(database: Database, settings: Settings, actor: Actor, key: str) -> None:
    """Cancel an upload, and delete the bytes that have arrived.

    :raises NotFound:
    """
    with database.write() as session:
        session.delete(see_upload(session, actor, key, locked=True).row)
    Parts(settings).forget(key)


def sweep_uploads(database: Database, settings: Settings) -> None:
    """Delete uploads that were not continued for a day, and pieces without an upload."""
    parts = Parts(settings)
    with database.read() as session:
        ended = session.scalars(select(Upload.key).where(Upload.expires_at <= now())).all()
    if ended:
        with database.write() as session:
            session.execute(delete(Upload).where(Upload.key.in_(ended), Upload.expires_at <= now()))
    strays = parts.old()
    if strays:
        with database.read() as session:
            strays -= set(session.scalars(select(Upload.key).where(Upload.key.in_(strays))))
    for key in {*ended, *strays}:
        parts.forget(key)


def _note(database: Database, actor: Actor, key: str, received: int) -> Uploading:
    """Store how many bytes have arrived, and extend the upload by a day."""
    with database.write() as session:
        session.execute(
            update(Upload)
            .where(Upload.key == key)
            .values(received=received, expires_at=now() + KEPT_FOR)
        )
        return see_upload(session, actor, key)


def _finish(
    database: Database, settings: Settings, actor: Actor, found: Uploading, part: Path
) -> Uploading:
    """Attach a complete file. After an interruption at any point, the next request repeats it."""
    try:
        stored = Storage(settings.data_dir).adopt(part)
    except FileNotFoundError:
        raise NotFound from None
    if stored.size != found.row.size:
        raise DamagedFile(f"The upload {found.row.key} does not have its bytes.")
    with database.write() as session:
        row = see_upload(session, actor, found.row.key, locked=True).row
        if row.page is not None:
            if not hold_live(session, row.page):
                raise Invalid(_("The page for this file has been deleted."))
            session.refresh(row.page)
        space = row.page.space if row.page else row.space
        path = join(row.page.path, row.name) if row.page else row.name
        attached = attach_file(
            session,
            actor,
            space,
            path,
            stored,
            AttachRules(limits_of(settings), row.keep_both),
        )
        row.attachment = attached.file
        row.expires_at = now() + KEPT_FOR
        session.flush()
        return Uploading(row, name_of(place_of(attached.file)))
