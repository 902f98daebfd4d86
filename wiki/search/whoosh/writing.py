"""The writer of a new state of the index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from whoosh.index import FileIndex
from whoosh.reading import SegmentReader
from whoosh.writing import SegmentWriter

from wiki.search.whoosh.storage import Codec
from wiki.search.whoosh.terms import Pool, Term, merged, stored_terms


class Writer(SegmentWriter):  # type: ignore[misc]
    """Whoosh's writer, which merges segments term by term. The caller holds the lock."""

    def __init__(self, index: FileIndex) -> None:
        super().__init__(index, codec=Codec(), _lk=False)
        self.pool = Pool()
        self._readers: list[SegmentReader] = []
        self._stored: list[Iterator[Term]] = []

    def add_reader(self, reader: SegmentReader) -> None:
        """Take the pages of a segment into the new one, after all that were added so far. The
        reader is closed with the writer (a hook of Whoosh)."""
        base = self.docnum
        documents: dict[int, int] | None = self.write_per_doc(set(self.schema.names()), reader)
        self._readers.append(reader)
        self._stored.append(stored_terms(reader._terms, base, documents))
        self._added = True

    def _flush_segment(self, *_: Any) -> None:
        self.perdocwriter.close()
        self.fieldwriter.write(merged([self.pool.terms(), *self._stored]))
        self.fieldwriter.close()

    def _close_segment(self) -> None:
        super()._close_segment()
        while self._readers:
            self._readers.pop().close()
