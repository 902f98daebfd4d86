"""Disk space: detection of a full disk, and a reserve for signing in.

On a full disk nothing can be saved, but people must still be able to read and therefore to sign in,
which writes a few rows to the database. All other writes are therefore refused a little before the
disk is full. In case other programs fill the disk, the data folder contains a file of a few
megabytes, which is released piece by piece when a user signs in or the wiki is started.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
from pathlib import Path

from wiki.errors import WikiError
from wiki.i18n import lazy_gettext

RESERVE = 8 << 20
"""Bytes that are reserved for sign-ins."""
PIECE = 1 << 20
"""Bytes of the reserve that are released at once, enough for a few hundred sign-ins."""
OPENING = 256 << 10
"""Bytes of free space that SQLite may need to open a database, for its log and shared memory."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# SQLite reports a full disk as an I/O error for the shared memory and the log beside the database.
_IO = sqlite3.SQLITE_IOERR & 0xFF


class DiskFull(WikiError):
    """There is no disk space left to store anything."""

    status = 507
    title = lazy_gettext("The disk is full")

    def __init__(self) -> None:
        super().__init__(
            lazy_gettext(
                "The disk of this wiki is full, so nothing was saved. Pages can still be read. An "
                "administrator has to make room; then send this again."
            )
        )


def is_full(error: BaseException | None, folder: Path | None = None) -> bool:
    """Return whether an error or one of its causes says that a disk or a quota is full.

    :param folder: the data folder; an I/O error of SQLite counts if hardly any space is free there.
    """
    while error is not None:
        original = getattr(error, "orig", None) or error
        if isinstance(original, OSError) and original.errno in _FULL:
            return True
        if getattr(original, "sqlstate", None) == "53100":  # PostgreSQL's disk_full
            return True
        code = getattr(original, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return True
        if code == _IO and folder is not None and free(folder) < PIECE:
            return True
        error = error.__cause__ or error.__context__
    return False


def free(folder: Path) -> int:
    """Return the number of bytes that can still be written in a folder."""
    return shutil.disk_usage(folder).free


def require_room(folder: Path) -> None:
    """Check that more space is free than sign-ins need.

    :raises DiskFull: otherwise.
    """
    if is_short(folder):
        raise DiskFull


def is_short(folder: Path) -> bool:
    """Return whether no more space is free than sign-ins need."""
    return free(folder) < 2 * PIECE


def keep_reserve(folder: Path) -> None:
    """Restore the reserve to its full size if there is plenty of space for it."""
    path = folder / "reserve"
    with contextlib.suppress(OSError):
        if (path.stat().st_size if path.exists() else 0) < RESERVE < free(folder) // 4:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(handle, 0, RESERVE)
            finally:
                os.close(handle)


def use_reserve(folder: Path, need: int = PIECE) -> None:
    """Release a piece of the reserve if fewer than `need` bytes are free; the default is enough for
    sign-ins."""
    path = folder / "reserve"
    with contextlib.suppress(OSError):
        if free(folder) < need:
            os.truncate(path, max(path.stat().st_size - PIECE, 0))
