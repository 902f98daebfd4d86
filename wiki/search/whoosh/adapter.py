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
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from whoosh.index import TOC

from wiki.disk import free, is_full
from wiki.search.engine import Document, Filters, IndexUnavailable, Results, TitleHit
from wiki.search.language.synonyms import Synonyms, standard
from wiki.search.query import Query
from wiki.search.ranking.entries import entry
from wiki.search.ranking.facets import facets
from wiki.search.ranking.finding import Finder, Limits
from wiki.search.ranking.hits import hit
from wiki.search.ranking.matching import allowed
from wiki.search.ranking.titles import titles
from wiki.search.whoosh.merging import (
    FANOUT,
    delete_pages,
    discard,
    merge_all,
    merge_segments,
    merge_smallest,
    read_postings,
)
from wiki.search.whoosh.snapshot import Snapshot
from wiki.search.whoosh.storage import IndexDirectory
from wiki.search.whoosh.writing import Writer

log = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE = 1.0
"""Time limit of a search in seconds; its results then say that it was cut."""
TOGETHER = 256
"""Number of pages of a new index that are held in memory at once; they take some 40 MB."""
REST = 20.0
"""Seconds without a change after which the segments that have piled up are merged."""
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

    keeps_words = True

    def __init__(self, root: Path, patience: float = PATIENCE) -> None:
        self.shelf = IndexDirectory(root)
        self.patience = patience
        self._mutex = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._written_at: float | None = time.monotonic()

    # -- reading ---------------------------------------------------------------------------

    def search(
        self,
        query: Query,
        filters: Filters,
        *,
        synonyms: Synonyms | None = None,
        offset: int = 0,
        limit: int = 10,
    ) -> Results:
        """Return the best hits among the pages of `filters.spaces`.

        :param synonyms: the synonyms to search for too; the built-in ones if None.
        :raises IndexUnavailable: when there is no usable index.
        """
        if query.empty:
            return Results()
        known = standard() if synonyms is None else synonyms
        limits = Limits(self.patience, known, offset + limit)
        return self._reading(
            lambda s: self._search(Finder(s, query, filters, limits), offset, limit)
        )

    def titles(
        self, text: str, filters: Filters, *, limit: int = 10, near: bool = False
    ) -> list[TitleHit]:
        """Return pages whose title begins with `text`; with `near`, similar ones too.

        :raises IndexUnavailable: when there is no usable index.
        """

        def read(snapshot: Snapshot) -> list[TitleHit]:
            pools = [(leaf, allowed(leaf, Query(text), filters)) for leaf in snapshot.leaves]
            return titles(snapshot, text, lambda _groups: pools, limit, near)

        return self._reading(read)

    def revisions(self, page_ids: Collection[int] | None = None) -> dict[int, int]:
        """Return the indexed revision number of every page, or of the given ones, by page id.

        :raises IndexUnavailable: when there is no usable index.
        """
        if page_ids is None:
            return self._reading(lambda s: s.revisions())
        return self._reading(lambda s: s.revisions_of(page_ids))

    def linked_from(self, page_ids: Collection[int]) -> set[int]:
        """Return the pages that are indexed with the texts of links from the given ones.

        :raises IndexUnavailable: when there is no usable index.
        """
        return self._reading(lambda s: s.linked_from(page_ids))

    def _search(self, finder: Finder, offset: int, limit: int) -> Results:
        found = finder.find()
        shown = found[offset : offset + limit]
        terms = finder.terms(shown)
        hits = tuple(hit(one, finder, terms) for one in shown)
        return Results(
            hits=hits,
            total=len(found),
            cut=finder.deadline.passed,
            **facets(found, finder.filters.moments),
            corrected=finder.corrected,
            terms=terms,
            groups=finder.groups(terms),
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
                with self._mutex:
                    snapshot = self._fresh()
                self._write(snapshot, entries, set(removed) | set(entries))
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

    def exists(self) -> bool:
        """Return whether there is an index, even if it is damaged."""
        return self.shelf.name() is not None

    def drop(self) -> None:
        """Remove the index, because another engine is used."""
        if self.shelf.root.exists():
            with self.shelf.lock("building", wait=1.0), self.shelf.lock():
                self.shelf.clear()

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
                read_postings(leaf.segment.reader)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def merge_at_rest(self) -> bool:
        """Merge segments if there are many and nothing was written for :data:`REST` seconds. Return
        whether any were merged.

        Costs nothing until this process writes again.
        """
        if self._written_at is None or time.monotonic() < self._written_at + REST:
            return False
        with self.shelf.lock():
            name = self.shelf.name()
            before = self.shelf.segments(name) if name else 0
            if name and before > FANOUT:
                with self._writing(name) as writer:
                    writer.commit(mergetype=partial(merge_smallest, room=self._room()))
            if name is None or self.shelf.segments(name) == before:
                self._written_at = None
                return False
        return True

    def _fill(self, name: str, documents: Iterable[Document]) -> None:
        """Write a new index in segments, and merge them."""
        left, needed = iter(documents), 0
        while some := list(islice(left, TOGETHER)):
            with self._writing(name) as writer:
                for document in some:
                    fields = entry(document)
                    needed += _need(fields)
                    self._require_room(needed)
                    writer.add_document(**fields)
                writer.commit(merge=False)
        if self.shelf.segments(name) > 1:
            with self._writing(name) as writer:
                writer.commit(mergetype=partial(merge_all, room=self._room()))

    def _write(
        self, snapshot: Snapshot, entries: Mapping[int, dict[str, Any]], gone: set[int]
    ) -> None:
        """Write a new generation of the index whose newest state is in a snapshot."""
        with self._writing(snapshot.name) as writer:
            delete_pages(writer, snapshot, gone)
            for fields in entries.values():
                writer.add_document(**fields)
            writer.commit(mergetype=partial(merge_segments, room=self._room()))
        self._written_at = time.monotonic()

    def _catch_up(
        self,
        name: str,
        documents: Callable[[Collection[int] | None], Iterable[Document]],
        current: Callable[[], Mapping[int, int]],
    ) -> int:
        """Add the changes since the build began to a new index. Call it with the lock held."""
        snapshot = Snapshot.open(name, self.shelf.open(name), None)
        have = snapshot.revisions()
        want = current()
        stale = [page for page, revision in want.items() if have.get(page) != revision]
        gone = [page for page in have if page not in want]
        if stale or gone:
            entries = {d.page_id: entry(d) for d in (documents(stale) if stale else ())}
            self._write(snapshot, entries, set(gone) | set(stale))
        return len(want)

    def _require_room(self, wanted: float) -> None:
        """Check that writing this many bytes leaves most of the free disk space to others.

        :raises OSError: the error of a full disk, if it does not.
        """
        if max(wanted, LEAST) > SHARE * free(self.shelf.root.parent):
            raise OSError(errno.ENOSPC, "Too little room for the index", str(self.shelf.root))

    def _room(self) -> float:
        """Return the number of bytes of segments that may be merged."""
        return SHARE * free(self.shelf.root) / MERGED

    @contextmanager
    def _writing(self, name: str) -> Iterator[Writer]:
        """Yield a writer, which is discarded after an exception."""
        writer = Writer(self.shelf.open(name))
        try:
            yield writer
        except BaseException:
            discard(writer)
            raise


def _need(fields: Mapping[str, Any]) -> int:
    return WORD * len(fields["text"])
