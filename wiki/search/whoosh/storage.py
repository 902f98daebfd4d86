"""The files of the index: read in place, written by one process at a time, and replaced as a whole.

    index/current        name of the folder in use
    index/lock           lock for writing
    index/building       lock for building a new index
    index/suspect        damage found by a reader
    index/<name>/        one Whoosh index

Nothing is flushed to the physical disk: the index can be rebuilt from the database, and
reconciliation finds pages that were lost in a crash.
"""

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from whoosh.codec.whoosh3 import W3Codec, W3Segment
from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.filestore import FileStorage, StorageError
from whoosh.filedb.structfile import StructFile
from whoosh.index import FileIndex

from wiki.search.whoosh.fields import schema
from wiki.search.whoosh.terms import TermsWriter

FORMAT = 6
"""Increased when the fields or their meaning change; older indexes are then rebuilt."""
READ_AHEAD = 4096
"""Number of bytes read at once for Whoosh's many small reads."""


class _Reader:
    """A file object for reading a section of an open file.

    The file is not copied into memory, as Whoosh does, nor mapped: if it is truncated while it is
    open, a mapped read kills the process, and this one returns fewer bytes.
    """

    def __init__(self, fd: int, start: int, length: int) -> None:
        self.fd = fd
        self.start = start
        self.length = length
        self.at = 0
        self.ahead = b""
        self.ahead_at = 0

    def get(self, position: int, length: int) -> bytes:
        length = min(length, self.length - position)
        return os.pread(self.fd, length, self.start + position) if length > 0 else b""

    def peek(self, size: int = 0) -> bytes:
        place = self.at - self.ahead_at
        if place < 0 or place + max(size, 1) > len(self.ahead):
            self.ahead = self.get(self.at, max(size, READ_AHEAD))
            self.ahead_at = self.at
            place = 0
        return self.ahead[place:]

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            found = self.get(self.at, self.length)
        elif size > READ_AHEAD:
            found = self.get(self.at, size)
        else:
            found = self.peek(size)[:size]
        self.at += len(found)
        return found

    def readline(self) -> bytes:
        line = b""
        while piece := self.peek():
            cut = piece.find(b"\n") + 1
            line += self.read(cut or len(piece))
            if cut:
                break
        return line

    def seek(self, where: int, whence: int = 0) -> int:
        self.at = (0, self.at, self.length)[whence] + where
        return self.at

    def tell(self) -> int:
        return self.at


class _Part(StructFile):  # type: ignore[misc]
    """One of Whoosh's files inside a segment's file."""

    def __init__(self, fd: int, start: int, length: int, name: str) -> None:
        self.file: _Reader = _Reader(fd, start, length)
        self._name = name
        self.onclose = None
        self.is_real = False
        self.is_closed = False

    def get(self, position: int, length: int) -> bytes:
        return self.file.get(position, length)

    def subset(self, position: int, length: int, name: str | None = None) -> "_Part":
        part = self.file
        return _Part(part.fd, part.start + position, length, name or self._name)


class _SegmentFile(CompoundStorage):  # type: ignore[misc]
    """A segment's file whose parts are read in place."""

    def open_file(self, name: str, *_: Any, **__: Any) -> _Part:
        if self.is_closed:
            raise StorageError("the segment is closed")
        offset, length = self.range(name)
        return _Part(self._file.fileno(), offset, length, name)


class Segment(W3Segment):  # type: ignore[misc]
    """Whoosh's segment, read in place."""

    def open_compound_file(self, storage: FileStorage) -> CompoundStorage:
        """Open the segment's file (a hook of Whoosh)."""
        file = storage.open_file(self.make_filename(self.COMPOUND_EXT))
        return _SegmentFile(file, use_mmap=False)


class Codec(W3Codec):  # type: ignore[misc]
    """Whoosh's codec with our segments, and without lengths of fields, which the weights
    include."""

    length_stats = False

    def field_writer(self, storage: FileStorage, segment: Segment) -> TermsWriter:
        """Return a writer of terms (a hook of Whoosh)."""
        return TermsWriter(storage, segment)

    def new_segment(self, _storage: FileStorage, indexname: str) -> Segment:
        """Return a new segment (a hook of Whoosh)."""
        return Segment(self, indexname)


class IndexDirectory:
    """The folder of the index in use, the one being built, and their locks."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def name(self) -> str | None:
        """Return the name of the folder in use, or None if there is none of this format."""
        try:
            name = (self.root / "current").read_text().strip()
        except (OSError, UnicodeDecodeError):
            return None
        if not name.startswith(f"v{FORMAT}-") or "/" in name or not (self.root / name).is_dir():
            return None
        return name

    def open(self, name: str) -> FileIndex:
        """Open Whoosh's index in a folder. Raises Whoosh's errors if it is damaged."""
        return FileIndex(FileStorage(str(self.root / name)), schema=schema())

    def create(self) -> str:
        """Create an empty index, not yet in use. Return the name of its folder."""
        name = f"v{FORMAT}-{secrets.token_hex(6)}"
        folder = self.root / name
        folder.mkdir(parents=True)
        FileIndex.create(FileStorage(str(folder)), schema(), "MAIN")
        return name

    def segments(self, name: str) -> int:
        """Return the number of segments of an index."""
        return len(list((self.root / name).glob("*.seg")))

    def swap(self, name: str) -> None:
        """Make `name` the index in use; readers switch at their next search."""
        new = self.root / f"current.{os.getpid()}"
        new.write_text(name)
        new.replace(self.root / "current")
        self.trust()

    def sweep(self) -> None:
        """Remove every folder but the one in use. Call it with both locks held."""
        keep = self.name()
        for folder in self.root.glob("v*-*"):
            if folder.is_dir() and folder.name != keep:
                shutil.rmtree(folder, ignore_errors=True)

    def clear(self) -> None:
        """Remove every folder. Call it with both locks held."""
        (self.root / "current").unlink(missing_ok=True)
        self.sweep()
        self.trust()

    def size(self) -> int:
        """Return the size of the index in use, in bytes."""
        name = self.name()
        files = (self.root / name).iterdir() if name else ()
        return sum(file.stat().st_size for file in files)

    def distrust(self, reason: str) -> None:
        """Record that the index in use seems damaged."""
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "suspect").write_text(reason[:500])

    def trust(self) -> None:
        """Remove the record of damage."""
        (self.root / "suspect").unlink(missing_ok=True)

    def suspicion(self) -> str:
        """Return the damage that a reader recorded; empty if there is none."""
        try:
            return (self.root / "suspect").read_text()
        except OSError:
            return ""

    @contextmanager
    def lock(self, name: str = "lock", wait: float = 30.0) -> Iterator[None]:
        """Hold a lock between processes; the kernel releases it when its holder dies.

        :raises TimeoutError: after `wait` seconds.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + wait
        with (self.root / name).open("a") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise TimeoutError(
                            "Another process has been writing the search index for "
                            f"{wait:.0f} seconds."
                        ) from None
                    time.sleep(0.02)
            yield
