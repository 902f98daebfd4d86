"""Contents of files: each stored once, in the data folder under its SHA-256, and never changed."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO

from wiki.attachments.kinds import SNIFFED, content_type_of
from wiki.attachments.pictures.thumbs import Thumbs
from wiki.errors import TooLarge
from wiki.i18n import gettext as _

CHUNK = 1 << 20
STALE_SECONDS = 24 * 3600
_HASH = re.compile(r"[0-9a-f]{64}")


class DamagedFile(Exception):
    """An error for a stored file that is missing, or differs from what was stored."""


@dataclass(frozen=True)
class Stored:
    """A content that is safely on disk: hash, size in bytes, media type and path."""

    sha256: str
    size: int
    content_type: str
    path: Path

    def is_there(self) -> bool:
        """Return whether the content still exists (see :func:`actions.forget_unused`)."""
        return self.path.exists()


class Storage:
    """The folder ``files`` of a data folder: ``files/<first two digits>/<SHA-256>``."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "files"
        self.thumbs = Thumbs(data_dir)
        self._arriving = self.folder / "arriving"

    def put(self, stream: IO[bytes], *, name: str = "The file", max_bytes: int) -> Stored:
        """Store the bytes of ``stream`` to its end; they are synced to disk when this returns.

        :param name: the file's name in the error message.
        :raises TooLarge: beyond ``max_bytes``; nothing is stored then.
        """
        self._arriving.mkdir(parents=True, exist_ok=True)
        self._sweep()
        arriving = self._arriving / secrets.token_hex(16)
        digest, size, head = hashlib.sha256(), 0, b""
        try:
            with arriving.open("xb") as file:
                while chunk := stream.read(CHUNK):
                    size += len(chunk)
                    if size > max_bytes:
                        raise TooLarge(
                            _(
                                "%(name)s is too large. Files can have up to %(size)s MiB.",
                                name=name,
                                size=max_bytes >> 20,
                            )
                        )
                    head += chunk[: SNIFFED - len(head)]
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            return self._settle(arriving, digest.hexdigest(), size, head)
        finally:
            arriving.unlink(missing_ok=True)

    def adopt(self, path: Path) -> Stored:
        """Store a complete, synced file of the same file system by a hard link; ``path`` stays.

        Nothing may write to ``path`` afterwards, because both names share the bytes.
        """
        self._arriving.mkdir(parents=True, exist_ok=True)
        arriving = self._arriving / secrets.token_hex(16)
        with path.open("rb") as file:
            head = file.read(SNIFFED)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        os.link(path, arriving)
        try:
            return self._settle(arriving, sha256, size, head)
        finally:
            arriving.unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Return the path for the content with this hash, whether it exists or not.

        :raises ValueError: when it is no SHA-256.
        """
        if not _HASH.fullmatch(sha256):
            raise ValueError("That is no SHA-256 in hexadecimal.")
        return self.folder / sha256[:2] / sha256

    def open(self, sha256: str, size: int) -> BufferedReader:
        """Open the content with this hash.

        :raises DamagedFile: when it is missing or not of this size.
        """
        try:
            file = self.path(sha256).open("rb")
        except FileNotFoundError:
            raise DamagedFile(f"The file {sha256} is missing.") from None
        if os.fstat(file.fileno()).st_size != size:
            file.close()
            raise DamagedFile(f"The file {sha256} does not have its {size} bytes.")
        return file

    def verify(self, sha256: str, size: int) -> None:
        """Read a whole file and compare it with its hash.

        :raises DamagedFile: when they do not agree.
        """
        with self.open(sha256, size) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise DamagedFile(f"The file {sha256} has changed since it was stored.")

    def hashes(self) -> Iterator[str]:
        """Yield the hash of every stored file, in order."""
        for folder in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(folder.iterdir()):
                if _HASH.fullmatch(path.name):
                    yield path.name

    def forget(self, sha256: str) -> bool:
        """Delete the content with this hash and its thumbnails, even if files refer to it.

        :returns: whether it existed. See :func:`wiki.attachments.actions.forget_unused`.
        """
        self.thumbs.forget(sha256)
        path = self.path(sha256)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        _sync_folder(path.parent)
        return True

    def _settle(self, arriving: Path, sha256: str, size: int, head: bytes) -> Stored:
        """Move an arrived file to its name, unless the same content is there, intact."""
        target = self.path(sha256)
        target.parent.mkdir(exist_ok=True)
        try:
            self.verify(sha256, size)
        except DamagedFile:
            arriving.chmod(0o440)
            arriving.replace(target)
        _sync_folder(target.parent)
        _sync_folder(self.folder)
        return Stored(sha256, size, content_type_of(head), target)

    def _sweep(self) -> None:
        """Delete incomplete files of processes that were killed."""
        for path in self._arriving.iterdir():
            try:
                if path.stat().st_mtime < time.time() - STALE_SECONDS:
                    path.unlink()
            except FileNotFoundError:
                continue  # another process deleted it first


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
