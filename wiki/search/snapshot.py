"""One state of the index, open for reading.

Whoosh's own refreshing of a searcher is not used: it keeps the segments that a merge has replaced
and the deletions known when a segment was first opened, so pages that were taken out would still
be found. Segments never change, so their open readers are kept; what is deleted is read anew.
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
    """One segment of the index: postings, and the facts of its pages by document number."""

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
        """A page's title as written."""
        found: str = self.reader.column_reader("title")[document]
        return found

    def body(self, document: int) -> str:
        """A page's plain text, as far as it is kept."""
        return str(self.reader.stored_fields(document).get("body", ""))

    @cached_property
    def tags(self) -> list[tuple[str, ...]]:
        """Every page's tags as written."""
        column = self.reader.column_reader("tag")
        texts = (column[document] for document in range(self.size))
        return [tuple(text.split("\x1f")) if text else () for text in texts]

    def has(self, name: str, term: str) -> bool:
        """Whether any page, deleted ones included, has `term` in field `name`."""
        return (name, term.encode()) in self.reader

    def frequency(self, name: str, term: str) -> int:
        """How many pages, deleted ones included, have `term` in field `name`."""
        return int(self.reader.doc_frequency(name, term))

    def postings(self, name: str, term: str) -> Any:
        """Whoosh's cursor over the pages with `term`; None where there are none.

        Deleted pages are in it: whoever reads it looks only at pages that are there.
        """
        try:
            cursor = self.reader.postings(name, term)
        except TermNotFound:
            return None
        return cursor.child if isinstance(cursor, FilterMatcher) else cursor

    def beginning(self, name: str, prefix: str) -> Iterator[str]:
        """The terms of a field that begin so, in order."""
        if not self.has_field(name):
            return
        for term in self.reader.expand_prefix(name, prefix):
            yield term.decode()

    def has_field(self, name: str) -> bool:
        """Whether any page of the segment has that field."""
        return name in self.reader.indexed_field_names()

    def lexicon(self, name: str) -> list[str]:
        """Every term of a field, read once."""
        if name not in self._lexicons:
            self._lexicons[name] = list(self.beginning(name, ""))
        return self._lexicons[name]

    @cached_property
    def _lexicons(self) -> dict[str, list[str]]:
        return {}


@dataclass
class Leaf:
    """A segment in a snapshot: the segment, and which of its documents are there now."""

    segment: Segment
    live: frozenset[int]


@dataclass
class Snapshot:
    """All segments of one generation of one index folder."""

    name: str
    generation: int
    leaves: list[Leaf]
    _weights: dict[str, float] = field(default_factory=dict)

    @classmethod
    def open(cls, name: str, index: FileIndex, before: "Snapshot | None") -> "Snapshot":
        """Opens the newest generation, keeping open what `before` already has.

        Raises whatever Whoosh raises when files are missing or damaged.
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
            leaves.append(Leaf(leaf, frozenset(d for d in range(leaf.size) if d not in gone)))
        return cls(name, state.generation, leaves)

    @property
    def size(self) -> int:
        """How many pages there are."""
        return sum(len(leaf.live) for leaf in self.leaves)

    def frequency(self, name: str, term: str) -> int:
        """How many pages, about, have `term` in field `name`."""
        return sum(leaf.segment.frequency(name, term) for leaf in self.leaves)

    def rarity(self, term: str) -> float:
        """How much a word tells: its inverse document frequency over whole pages."""
        if term not in self._weights:
            size = sum(leaf.segment.size for leaf in self.leaves)
            self._weights[term] = 1 + log((size + 1) / (self.frequency("text", term) + 1))
        return self._weights[term]

    def known(self, name: str, terms: Iterable[str]) -> list[str]:
        """Those of `terms` that some page has."""
        return [t for t in terms if any(leaf.segment.has(name, t) for leaf in self.leaves)]

    def beginning(self, name: str, prefix: str, most: int) -> list[str]:
        """Terms that begin so, the most frequent first, at most `most`."""
        found: set[str] = set()
        for leaf in self.leaves:
            found.update(islice(leaf.segment.beginning(name, prefix), most * 20))
        return sorted(found, key=lambda t: (t != prefix, -self.frequency(name, t), t))[:most]

    def revisions(self) -> dict[int, int]:
        """The revision number of every page."""
        return {
            leaf.segment.page_ids[d]: leaf.segment.revisions[d]
            for leaf in self.leaves
            for d in leaf.live
        }
