"""A read-only state of the index.

Whoosh's own refreshing of a searcher is not used: it keeps segments that a merge has replaced, and
the deletions as of the first opening of a segment, so removed pages would still be found. Segments
never change, so their open readers are kept; deletions are read again each time.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import log
from typing import Any

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, FileIndex
from whoosh.matching.wrappers import FilterMatcher
from whoosh.reading import SegmentReader, TermNotFound

from wiki.search.fields import schema


class Segment:
    """One segment of the index: postings, and columns of its pages by document number."""

    def __init__(self, storage: FileStorage, segment: Any) -> None:
        self.reader = SegmentReader(storage, schema(), segment)
        self.size: int = self.reader.doc_count_all()
        self.page_ids = self._numbers("page_id")
        self.space_ids = self._numbers("space_id")
        self.revisions = self._numbers("revision")
        self.updated = self._numbers("updated")

    def _numbers(self, name: str) -> "array[int]":
        column = self.reader.column_reader(name, translate=False)
        return column.load() if hasattr(column, "load") else array("q", column)

    def title(self, document: int) -> str:
        """Return a page's title as written."""
        found: str = self.reader.column_reader("title")[document]
        return found

    def body(self, document: int) -> str:
        """Return a page's plain text, as far as it is stored."""
        return str(self.reader.stored_fields(document).get("body", ""))

    @cached_property
    def tags(self) -> list[tuple[str, ...]]:
        """The tags of every page as written."""
        column = self.reader.column_reader("tag")
        texts = (column[document] for document in range(self.size))
        return [tuple(text.split("\x1f")) if text else () for text in texts]

    def has(self, name: str, term: str) -> bool:
        """Return whether any page, including deleted ones, has `term` in field `name`."""
        return (name, term.encode()) in self.reader

    def frequency(self, name: str, term: str) -> int:
        """Return the number of pages, including deleted ones, that have `term` in field `name`."""
        return int(self.reader.doc_frequency(name, term))

    def postings(self, name: str, term: str) -> Any:
        """Return Whoosh's cursor over the pages with `term`, or None if there are none.

        It includes deleted pages, which callers must filter out.
        """
        try:
            cursor = self.reader.postings(name, term)
        except TermNotFound:
            return None
        return cursor.child if isinstance(cursor, FilterMatcher) else cursor

    def beginning(self, name: str, prefix: str) -> Iterator[str]:
        """Yield the terms of a field that begin with `prefix`, in order."""
        if not self.has_field(name):
            return
        for term in self.reader.expand_prefix(name, prefix):
            yield term.decode()

    def has_field(self, name: str) -> bool:
        """Return whether any page of the segment has that field."""
        return name in self.reader.indexed_field_names()

    def lexicon(self, name: str) -> list[str]:
        """Return every term of a field; the list is cached."""
        if name not in self._lexicons:
            self._lexicons[name] = list(self.beginning(name, ""))
        return self._lexicons[name]

    @cached_property
    def _lexicons(self) -> dict[str, list[str]]:
        return {}


@dataclass
class SegmentView:
    """A segment in a snapshot, with the documents that are not deleted."""

    segment: Segment
    live: frozenset[int]


@dataclass
class Snapshot:
    """All segments of one generation of one index folder."""

    name: str
    generation: int
    leaves: list[SegmentView]
    _weights: dict[str, float] = field(default_factory=dict)

    @classmethod
    def open(cls, name: str, index: FileIndex, before: "Snapshot | None") -> "Snapshot":
        """Open the newest generation, and reuse the open segments of `before`.

        Raises Whoosh's errors if files are missing or damaged.
        """
        known: dict[str, Segment] = {}
        if before and before.name == name:
            known = {leaf.segment.reader.segment().segment_id(): leaf.segment
                     for leaf in before.leaves}  # fmt: skip
        state = TOC.read(index.storage, index.indexname, schema=schema())
        leaves = []
        for segment in state.segments:
            leaf = known.get(segment.segment_id()) or Segment(index.storage, segment)
            gone = set(segment.deleted_docs())
            leaves.append(
                SegmentView(leaf, frozenset(d for d in range(leaf.size) if d not in gone))
            )
        return cls(name, state.generation, leaves)

    @property
    def size(self) -> int:
        """Number of pages that are not deleted."""
        return sum(len(leaf.live) for leaf in self.leaves)

    def frequency(self, name: str, term: str) -> int:
        """Return the approximate number of pages that have `term` in field `name`; deleted ones
        count too."""
        return sum(leaf.segment.frequency(name, term) for leaf in self.leaves)

    def rarity(self, term: str) -> float:
        """Return the inverse document frequency of a word over whole pages."""
        if term not in self._weights:
            size = sum(leaf.segment.size for leaf in self.leaves)
            self._weights[term] = 1 + log((size + 1) / (self.frequency("text", term) + 1))
        return self._weights[term]

    def known(self, name: str, terms: Iterable[str]) -> list[str]:
        """Return the terms of `terms` that some page has."""
        return [t for t in terms if any(leaf.segment.has(name, t) for leaf in self.leaves)]

    def beginning(self, name: str, prefix: str, most: int) -> list[str]:
        """Return at most `most` terms that begin with `prefix`: the prefix itself, then the most
        frequent ones."""
        found: set[str] = set()
        for leaf in self.leaves:
            found.update(islice(leaf.segment.beginning(name, prefix), most * 20))
        return sorted(found, key=lambda t: (t != prefix, -self.frequency(name, t), t))[:most]

    def revisions(self) -> dict[int, int]:
        """Return the revision number of every page."""
        return {
            leaf.segment.page_ids[d]: leaf.segment.revisions[d]
            for leaf in self.leaves
            for d in leaf.live
        }
