"""Pieces of uploads on disk."""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

from wiki.attachments.storage import CHUNK
from wiki.config import Settings
from wiki.db import now
from wiki.errors import Invalid, TooLarge, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext

KEPT_FOR = timedelta(days=1)
"""Time after its last piece during which an upload can be continued."""
CHECKSUMS = {"sha256": hashlib.sha256, "sha1": hashlib.sha1}


class WrongChecksum(WikiError):
    """An error for a piece that does not match its checksum. Nothing of it was stored."""

    status = 460  # as in tus 1.0
    title = lazy_gettext("Damaged piece")

    def __init__(self) -> None:
        super().__init__(_("The piece doesn’t match the checksum sent with it. Send it again."))


class Parts:
    """The folder of the bytes of unfinished uploads."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.data_dir / "files" / "uploads"

    def path(self, key: str) -> Path:
        """Return the path for the bytes of an upload."""
        return self.folder / key

    @contextmanager
    def held(self, key: str) -> Iterator[IO[bytes]]:
        """Open and lock the file of an upload; other writers of it wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(key)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError:  # the file is complete and therefore read-only
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(handle, "rb" if not os.access(path, os.W_OK) else "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    def forget(self, key: str) -> None:
        """Delete the bytes of an upload."""
        self.path(key).unlink(missing_ok=True)

    def old(self) -> set[str]:
        """Return the keys of all files that were not written for longer than uploads are kept."""
        if not self.folder.exists():
            return set()
        before = (now() - KEPT_FOR).timestamp()
        found = set()
        for path in self.folder.iterdir():
            try:
                if path.stat().st_mtime < before:
                    found.add(path.name)
            except FileNotFoundError:
                continue  # finished in the meantime
        return found


def append_piece(
    file: IO[bytes], received: int, size: int, stream: IO[bytes], digest: tuple[str, bytes] | None
) -> int:
    """Write a piece and sync it to disk; return the number of bytes that have then arrived."""
    file.truncate(received)
    file.seek(received)
    check = CHECKSUMS[digest[0]]() if digest else None
    end = received
    while piece := stream.read(CHUNK):
        end += len(piece)
        if end > size:
            file.truncate(received)
            raise TooLarge(
                _("The file should have %(size)s bytes, but more were sent.", size=f"{size:,}")
            )
        if check:
            check.update(piece)
        file.write(piece)
    if check and digest and check.digest() != digest[1]:
        file.truncate(received)
        raise WrongChecksum
    file.flush()
    os.fsync(file.fileno())
    return end


def digest_for(checksum: str) -> tuple[str, bytes] | None:
    if not checksum:
        return None
    kind, _space, value = checksum.partition(" ")
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if kind not in CHECKSUMS or len(digest) != CHECKSUMS[kind]().digest_size:
        raise Invalid(_("A checksum is “sha256”, a space and the digest in base64."))
    return kind, digest
