"""Token buckets in memory that the processes of a server share."""

from __future__ import annotations

import fcntl
import mmap
import struct
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from tempfile import TemporaryFile

from wiki.rules.limits import Bucket, Pace, draw

PLACES = 4096
"""Number of places that a key can have."""
AT_A_PLACE = 8
"""Number of buckets at a place; a new one replaces the one that was not used for longest."""

_ROW = struct.Struct("=16sdd")
_FREE = bytes(16)


class SharedBuckets:
    """Buckets by key, in a file without a name that is mapped into memory. Processes that are
    forked afterwards use the same ones; the kernel frees the lock of one that dies.

    The buckets take a megabyte, however many keys there are.
    """

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 open as long as the process runs
        weakref.finalize(self, self._file.close)
        self._file.truncate(PLACES * AT_A_PLACE * _ROW.size)
        self._memory = mmap.mmap(self._file.fileno(), 0)
        self._own = threading.Lock()  # a file lock is of the whole process

    def draw(self, key: str, pace: Pace, at: float, price: float) -> float:
        """Take ``price`` from the bucket of a key and return 0, or return the seconds to wait and
        take nothing.

        :param at: the time in seconds, by a clock that all processes have.
        """
        name = blake2b(key.encode(), digest_size=16).digest()
        place = int.from_bytes(name[:4]) % PLACES
        begin = place * AT_A_PLACE * _ROW.size
        rows = range(begin, begin + AT_A_PLACE * _ROW.size, _ROW.size)
        with self._locked(place):
            found = {row: _ROW.unpack_from(self._memory, row) for row in rows}
            row = next((row for row in rows if found[row][0] == name), None)
            bucket = None if row is None else Bucket(*found[row][1:])
            if row is None:
                row = min(rows, key=lambda one: (found[one][0] != _FREE, found[one][2]))
            after, seconds = draw(bucket, pace, at, price)
            _ROW.pack_into(self._memory, row, name, after.left, after.at)
        return seconds

    @contextmanager
    def _locked(self, place: int) -> Iterator[None]:
        with self._own:
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, place)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)
