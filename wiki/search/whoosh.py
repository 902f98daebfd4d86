"""Search engine with Whoosh: one index of all pages, beside the database.

Searches of a process run one at a time, because Whoosh's open files have one read position, and
Python would not run two at once anyway. Each search has a time limit. An error while reading marks
the index as suspect: the caller gets IndexUnavailable, and the worker checks the index and rebuilds
it if needed.
"""

import errno
import logging
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from whoosh.index import TOC
from whoosh.reading import SegmentReader
from whoosh.writing import SegmentWriter

from wiki.disk import free, is_full
from wiki.search.engine import Document, Filters, Hit, IndexUnavailable, Results, TitleHit
from wiki.search.excerpts import excerpt
from wiki.search.fields import entry
from wiki.search.finding import Finder, titles
from wiki.search.query import Query
from wiki.search.snapshot import Snapshot
from wiki.search.storage import Codec, IndexDirectory

log = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE = 1.0
"""Time limit of a search in seconds; its results then say that it was cut."""
SMALL = 512
"""Number of pages of a segment up to which it is merged with others as pages change."""
MEMORY = 256
"""Megabytes that writing may use before it spills to disk."""
SHARE = 0.5
"""Share of the free disk space that writing the index may use temporarily."""
LEAST = 4 << 20
"""Bytes that writing the index needs in any case."""
MERGED = 3
"""Bytes that merging needs for each byte of a segment: for its parts, and for the new segment."""
WORD = 300
"""Bytes that writing needs for each word of a page in the worst case, when no other page has it."""


class WhooshEngine:
    """The index in one folder. Create one per process and share it among threads."""

    def __init__(self, root: Path, patience: float = PATIENCE) -> None:
        self.shelf = IndexDirectory(root)
        self.patience = patience
        self._mutex = threading.Lock()
        self._snapshot: Snapshot | None = None

    # -- reading ---------------------------------------------------------------------------

    def search(
        self, query: Query, filters: Filters, *, offset: int = 0, limit: int = 10
    ) -> Results:
        """Return the best hits among the pages of `filters.spaces`.

        :raises IndexUnavailable: when there is no usable index.
        """
        if query.empty:
            return Results()
        return self._reading(lambda s: self._search(s, query, filters, offset, limit))

    def titles(
        self, text: str, filters: Filters, *, limit: int = 10, near: bool = False
    ) -> list[TitleHit]:
        """Return pages whose title begins with `text`; with `near`, similar ones too.

        :raises IndexUnavailable: when there is no usable index.
        """
        return self._reading(lambda s: titles(s, text, filters, limit, near))

    def revisions(self) -> dict[int, int]:
        """Return the indexed revision number of every page by page id.

        :raises IndexUnavailable: when there is no usable index.
        """
        return self._reading(lambda s: s.revisions())

    def _search(
        self, snapshot: Snapshot, query: Query, filters: Filters, offset: int, limit: int
    ) -> Results:
        finder = Finder(snapshot, query, filters, self.patience)
        found = finder.find()
        spaces: Counter[int] = Counter()
        tags: Counter[str] = Counter()
        for one in found:
            spaces[one.leaf.segment.space_ids[one.document]] += 1
            tags.update(one.leaf.segment.tags[one.document])
        shown = found[offset : offset + limit]
        terms = finder.terms(shown)
        hits = tuple(
            Hit(
                page_id=one.leaf.segment.page_ids[one.document],
                revision=one.leaf.segment.revisions[one.document],
                score=one.score,
                excerpt=excerpt(one.leaf.segment.body(one.document), terms),
            )
            for one in shown
        )
        return Results(
            hits=hits,
            total=len(found),
            cut=finder.deadline.passed,
            spaces=dict(spaces.most_common()),
            tags=dict(sorted(tags.items(), key=lambda pair: (-pair[1], pair[0]))),
            corrected=finder.corrected,
            terms=terms,
            loosened=finder.loosened,
        )

    def _reading(self, read: Callable[[Snapshot], T]) -> T:
        with self._mutex:
            try:
                return read(self._fresh())
            except IndexUnavailable:
                self._snapshot = None
                raise
            except Exception as error:
                self._snapshot = None
                if not self.shelf.suspicion():
                    log.exception("the search index could not be read")
                    self.shelf.distrust(f"{type(error).__name__}: {error}")
                raise IndexUnavailable("The search index cannot be read.") from error

    def _fresh(self) -> Snapshot:
        """Return the newest snapshot. Retries if a writer removes files while they are being
        opened."""
        for attempt in range(10):
            name = self.shelf.name()
            if name is None:
                raise IndexUnavailable("There is no search index.")
            try:
                index = self.shelf.open(name)
                held = self._snapshot
                if not (
                    held
                    and held.name == name
                    and held.generation == TOC._latest_generation(index.storage, index.indexname)
                ):
                    self._snapshot = held = Snapshot.open(name, index, held)
                return held
            except FileNotFoundError:
                if attempt == 9:
                    raise
                time.sleep(0.01)
        raise AssertionError("unreachable")

    # -- writing ---------------------------------------------------------------------------

    def update(self, documents: Iterable[Document], removed: Collection[int] = ()) -> None:
        """Add or replace pages and remove others, in one step.

        :raises IndexUnavailable: when there is no usable index.
        :raises TimeoutError: when another process keeps the index locked.
        """
        entries = {document.page_id: entry(document) for document in documents}
        if not entries and not removed:
            return
        self._require_room(sum(map(_need, entries.values())))
        with self.shelf.lock():
            name = self.shelf.name()
            if name is None:
                raise IndexUnavailable("There is no search index.")
            try:
                self._write(name, entries, set(removed) | set(entries))
            except Exception as error:
                if is_full(error):  # the index in use is unchanged
                    raise
                self.shelf.distrust(f"{type(error).__name__}: {error}")
                raise IndexUnavailable("The search index cannot be written.") from error

    def rebuild(
        self,
        documents: Callable[[Collection[int] | None], Iterable[Document]],
        current: Callable[[], Mapping[int, int]],
    ) -> int:
        """Build a new index beside the one in use and swap them. Return the number of pages in it.

        :raises TimeoutError: when another process is already building one.
        """
        with self.shelf.lock("building", wait=1.0):
            self.shelf.sweep()
            self._require_room(MERGED * self.shelf.size())
            name = self.shelf.create()
            try:
                self._fill(name, documents(None))
                with self.shelf.lock():
                    count = self._catch_up(name, documents, current)
                    self.shelf.swap(name)
            except BaseException:
                shutil.rmtree(self.shelf.root / name, ignore_errors=True)
                raise
            self.shelf.sweep()
            return count

    def wanted(self) -> str:
        """Return why the index has to be rebuilt; empty if it does not."""
        if self.shelf.name() is None:
            return "There is no search index yet."
        suspicion = self.shelf.suspicion()
        if not suspicion:
            return ""
        if damage := self.damage():
            return f"The search index is damaged ({damage})."
        log.warning("the search index is sound; what was suspected: %s", suspicion)
        self.shelf.trust()
        return ""

    def damage(self) -> str:
        """Read every byte that a search could read. Return the damage found; empty if there is
        none."""
        name = self.shelf.name()
        if name is None:
            return "there is no index"
        try:
            snapshot = Snapshot.open(name, self.shelf.open(name), None)
            for leaf in snapshot.leaves:
                for document in range(leaf.segment.size):
                    leaf.segment.title(document)
                    leaf.segment.body(document)
                _ = leaf.segment.tags
                _read_postings(leaf.segment.reader)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def _fill(self, name: str, documents: Iterable[Document]) -> None:
        writer = self._writer(name)
        try:
            needed = 0
            for document in documents:
                fields = entry(document)
                needed += _need(fields)
                self._require_room(needed)
                writer.add_document(**fields)
            writer.commit(merge=False)
        except BaseException:
            _discard(writer)
            raise

    def _write(self, name: str, entries: Mapping[int, dict[str, Any]], gone: set[int]) -> None:
        writer = self._writer(name)
        try:
            for page_id in gone:
                writer.delete_by_term("page", str(page_id))
            for fields in entries.values():
                writer.add_document(**fields)
            room = SHARE * free(self.shelf.root) / MERGED
            writer.commit(mergetype=partial(_merge, room=room))
        except BaseException:
            _discard(writer)
            raise

    def _catch_up(
        self,
        name: str,
        documents: Callable[[Collection[int] | None], Iterable[Document]],
        current: Callable[[], Mapping[int, int]],
    ) -> int:
        """Add the changes since the build began to a new index. Call it with the lock held."""
        have = Snapshot.open(name, self.shelf.open(name), None).revisions()
        want = current()
        stale = [page for page, revision in want.items() if have.get(page) != revision]
        gone = [page for page in have if page not in want]
        if stale or gone:
            entries = {d.page_id: entry(d) for d in (documents(stale) if stale else ())}
            self._write(name, entries, set(gone) | set(stale))
        return len(want)

    def _require_room(self, wanted: float) -> None:
        """Check that writing this many bytes leaves most of the free disk space to others.

        :raises OSError: the error of a full disk, if it does not.
        """
        if max(wanted, LEAST) > SHARE * free(self.shelf.root.parent):
            raise OSError(errno.ENOSPC, "Too little room for the index", str(self.shelf.root))

    def _writer(self, name: str) -> SegmentWriter:
        return SegmentWriter(self.shelf.open(name), codec=Codec(), limitmb=MEMORY, _lk=False)


def _merge(writer: SegmentWriter, segments: list[Any], room: float) -> list[Any]:
    """Choose the segments that a commit merges into the one it writes (a hook of Whoosh).

    Small segments are merged as soon as the new one is half their size, so that each page is copied
    only a few times. Segments of which more than half is deleted are merged too. Both happen only
    as far as there is room.

    :param room: bytes of segments that may be merged.
    """
    kept = []
    total = writer.doc_count()
    for segment in sorted(segments, key=lambda one: one.doc_count()):
        live = segment.doc_count()
        wasteful = 2 * live < segment.doc_count_all()
        size = writer.storage.file_length(segment.make_filename(segment.COMPOUND_EXT))
        if size <= room and ((live <= SMALL and live <= 2 * max(total, 4)) or wasteful):
            total += live
            room -= size
            if live:
                with_reader = SegmentReader(writer.storage, writer.schema, segment)
                writer.add_reader(with_reader)
                with_reader.close()
        else:
            kept.append(segment)
    return kept


def _need(fields: Mapping[str, Any]) -> int:
    return WORD * len(fields["text"])


def _discard(writer: SegmentWriter) -> None:
    """Discard a writer after an exception; it may be in a state in which it cannot be closed."""
    try:
        writer.cancel()
    except Exception:
        log.debug("a writer could not be closed", exc_info=True)


def _read_postings(reader: SegmentReader) -> None:
    for name, term in reader.all_terms():
        cursor = reader.postings(name, term)
        positions = cursor.supports("positions")
        while cursor.is_active():
            cursor.id()
            cursor.weight()
            if positions:
                cursor.value_as("positions")
            cursor.next()
