"""Thumbnails of raster images: made in a separate process, kept until they are deleted.

The worker makes them when a file is added. A missing one is made when it is requested, one picture
at a time on the whole machine. A reader who would have to wait too long gets the picture itself.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from sqlalchemy import select

from wiki.attachments.kinds import SNIFFED, content_type_of
from wiki.attachments.models import Attachment, Picture
from wiki.attachments.pictures.thumbs import WIDTHS, widths_of
from wiki.attachments.storage import DamagedFile, Storage
from wiki.db import Database
from wiki.errors import Busy, Invalid
from wiki.i18n import gettext as _
from wiki.process import bare_environment, command_of, run

log = logging.getLogger(__name__)

KINDS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
}
"""The types that have thumbnails, each with the only decoder that may read it."""

SECONDS = 200
"""Seconds of elapsed time; the process has its own timers, which end it earlier."""
READERS_SECONDS = 22
"""The same limit while a reader waits."""
PATIENCE = 3.0
"""Seconds that a reader waits for other thumbnails before getting the picture itself."""
MOST_WAITING = 2
_waiting = threading.BoundedSemaphore(MOST_WAITING)


@dataclass(frozen=True)
class Made:
    """The result for a picture: its size as it is shown, whether it is animated, and its thumbnails
    by width; or, in ``failure``, why there are none."""

    width: int
    height: int
    moves: bool
    thumbs: dict[int, bytes]
    failure: str = ""


class NotNow(Exception):
    """An error for a failure that may be temporary; nothing is known about the picture."""


def is_raster(content_type: str) -> bool:
    """Return whether files of this type have thumbnails."""
    return content_type in KINDS


def thumbs_of(picture: Picture) -> list[int]:
    """Return the widths in which a picture has thumbnails."""
    if picture.failure:
        return []
    return sorted({WIDTHS[0], *widths_of(picture.width, picture.height)})


def make_thumbs(storage: Storage, sha256: str, size: int, content_type: str) -> Made:
    """Make and store the thumbnails of a picture, after any others in progress.

    :raises NotNow: when it has to be tried again.
    """
    with _alone(storage, patience=None):
        return _make(storage, sha256, size, content_type, SECONDS)


def thumb_of(
    storage: Storage, sha256: str, size: int, content_type: str, width: int
) -> Path | None:
    """Return the path of a thumbnail, made now if necessary; None if there is none, or none in
    time."""
    path = storage.thumbs.path(sha256, width)
    if path.exists():
        return path
    if not _waiting.acquire(blocking=False):
        return None
    try:
        with _alone(storage, patience=PATIENCE) as mine, suppress(NotNow):
            if mine and not path.exists():
                _make(storage, sha256, size, content_type, READERS_SECONDS)
    finally:
        _waiting.release()
    return path if path.exists() else None


def _make(storage: Storage, sha256: str, size: int, content_type: str, seconds: float) -> Made:
    try:
        file = storage.open(sha256, size)
    except DamagedFile as error:
        raise NotNow(str(error)) from error
    with file:
        made = _ask(file.fileno(), [KINDS[content_type]], seconds)
    storage.thumbs.keep(sha256, made.thumbs)
    return made


def fitted(storage: Storage, picture: IO[bytes], form: str, max_bytes: int) -> bytes:
    """Return a picture that somebody sends, in one of the forms of the thumbnail process: decoded
    there and encoded anew, so that nothing is left of it but its pixels.

    :raises Invalid: when it is not a raster image, one that cannot be read, or too large.
    :raises Busy: when other pictures take too long.
    """
    data = picture.read(max_bytes + 1)
    if len(data) > max_bytes:
        size = max_bytes >> 20
        sentence = _("The picture is too large. It can have up to %(size)s MiB.", size=size)
        raise Invalid(sentence, field=form)
    kind = KINDS.get(content_type_of(data[:SNIFFED]))
    if kind is None:
        raise Invalid(_("Choose a picture: PNG, JPEG, GIF, WebP or AVIF."), field=form)
    busy = Busy(_("The server is busy with other pictures. Try again in a minute."), retry_after=60)
    if not _waiting.acquire(blocking=False):
        raise busy
    try:
        with _alone(storage, patience=PATIENCE) as mine, TemporaryFile() as file:
            if not mine:
                raise busy
            file.write(data)
            file.seek(0)
            made = _ask(file.fileno(), [kind, form], READERS_SECONDS)
    except NotNow:
        raise busy from None
    finally:
        _waiting.release()
    if made.failure:
        raise Invalid(_("This picture can’t be read. Save it again and retry."), field=form)
    return next(iter(made.thumbs.values()))


def _ask(picture: int, arguments: Sequence[str], seconds: float) -> Made:
    """Return the answer of the thumbnail process for the open file ``picture``.

    :param arguments: its decoder and, to fit the picture into a form, the form.
    :param seconds: elapsed time after which the process is ended.
    """
    try:
        done = run(
            command_of("wiki.attachments.pictures.shrinker", *arguments),
            bare_environment(),
            stdin=picture,
            stderr=subprocess.DEVNULL,
            seconds=seconds,
        )
        if done.returncode == -signal.SIGXCPU:
            return _none("It takes too much computing time.")
        head, _, rest = done.stdout.partition(b"\n")
        about: dict[str, Any] = json.loads(head)
    except (subprocess.TimeoutExpired, OSError, ValueError) as error:
        raise NotNow("The process that makes thumbnails did not answer.") from error
    if about["failure"]:
        return _none(str(about["failure"]))
    thumbs = {}
    for width, length in zip(about["widths"], about["lengths"], strict=True):
        thumbs[int(width)], rest = rest[:length], rest[length:]
    return Made(about["width"], about["height"], about["moves"], thumbs)


def _none(failure: str) -> Made:
    return Made(0, 0, False, {}, failure[:200])


def unmeasured(database: Database) -> list[tuple[str, int, str]]:
    """Return the raster images that are not measured yet: hash, size in bytes and type."""
    known = select(Picture.sha256).where(Picture.sha256 == Attachment.sha256)
    with database.read() as session:
        rows = session.execute(
            select(Attachment.sha256, Attachment.size, Attachment.content_type)
            .where(Attachment.content_type.in_(KINDS), ~known.exists())
            .distinct()
        )
        return [(sha256, size, kind) for sha256, size, kind in rows]


def measure(database: Database, storage: Storage, sha256: str, size: int, kind: str) -> None:
    """Make a picture's thumbnails and store its measurements, unless they are stored.

    :raises NotNow: when it has to be tried again.
    """
    with database.read() as session:
        if session.get(Picture, sha256) is not None:
            return
    made = make_thumbs(storage, sha256, size, kind)
    with database.write() as session:
        if session.get(Picture, sha256) is None:
            session.add(
                Picture(
                    sha256=sha256,
                    width=made.width,
                    height=made.height,
                    moves=made.moves,
                    failure=made.failure,
                )
            )


@contextmanager
def _alone(storage: Storage, *, patience: float | None) -> Iterator[bool]:
    """Hold the lock under which thumbnails are made on this machine; yield False after waiting
    longer than ``patience`` seconds."""
    handle = storage.thumbs.making()
    try:
        if patience is None:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield True
            return
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    yield False
                    return
                time.sleep(0.02)
            else:
                yield True
                return
    finally:
        os.close(handle)
