"""A read-only state of the index.

Whoosh's own refreshing of a searcher is not used: it keeps segments that a merge has replaced, and
the deletions as of the first opening of a segment, so removed pages would still be found. Segments
never change, so their open readers are kept; deletions are read again each time.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from operator import itemgetter
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA
from whoosh.codec.whoosh3 import W3LeafMatcher
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, FileIndex
from whoosh.matching.wrappers import FilterMatcher
from whoosh.reading import SegmentReader, TermNotFound

from wiki.search.ranking.index import SegmentView, rarity
from wiki.search.whoosh.fields import schema
from wiki.search.whoosh.terms import counted_terms

MOST_LANGUAGES = 6
"""Maximum number of languages in which the words of a query are stemmed."""


SHORT = 2
"""Maximum number of characters of a prefix whose terms are kept in memory."""
KEPT_PER_PAGE = 20
"""Maximum number of weights that a segment keeps in memory for each of its pages."""


class Segment:
    """One segment of the index: postings, and columns of its pages by document number."""

    def __init__(self, storage: FileStorage, segment: Any) -> None:
        self.reader = SegmentReader(storage, schema(), segment)
        self.size: int = self.reader.doc_count_all()
        self.page_ids = self._numbers("page_id")
        self.space_ids = self._numbers("space_id")
        self.revisions = self._numbers("revision")
        self.updated = self._numbers("updated")
        self.links = self._numbers("links")

        self._kept: dict[tuple[str, str], dict[int, float]] = {}
        self._size_kept = 0
        self._most_frequent: dict[tuple[str, str, int], tuple[str, ...]] = {}

    def _numbers(self, name: str) -> array[int]:
        column = self.reader.column_reader(name, translate=False)
        return column.load() if hasattr(column, "load") else array("q", column)

    @property
    def id(self) -> str:
        """The name of the segment."""
        return str(self.reader.segment().segment_id())

    @cached_property
    def documents(self) -> dict[int, int]:
        """The document number of every page, including deleted ones."""
        return {page_id: document for document, page_id in enumerate(self.page_ids)}

    def title(self, document: int) -> str:
        """Return a page's title as written."""
        found: str = self._titles[document]
        return found

    @cached_property
    def _titles(self) -> Any:
        return self.reader.column_reader("title")

    def body(self, document: int) -> str:
        """Return a page's plain text, as far as it is stored."""
        return str(self.reader.stored_fields(document).get("body", ""))

    def sections(self, document: int) -> Sequence[tuple[int, str, str]]:
        """Return the sections of a page: places in its text, fragments and headings."""
        found: Sequence[tuple[int, str, str]] = self.reader.stored_fields(document)["sections"]
        return found

    @cached_property
    def tags(self) -> list[tuple[str, ...]]:
        """The tags of every page as written."""
        column = self.reader.column_reader("tag")
        texts = (column[document] for document in range(self.size))
        return [tuple(text.split("\x1f")) if text else () for text in texts]

    def numbers_of(self, page_ids: Collection[int]) -> set[int]:
        """Return the documents of pages, as far as they are in this segment."""
        return {self.documents[one] for one in self.documents.keys() & page_ids}

    @cached_property
    def kinds(self) -> list[tuple[str, ...]]:
        """The kind of every page."""
        return self._values("kind")

    @cached_property
    def authors(self) -> list[tuple[int, ...]]:
        """The ids of the authors of every page."""
        return [tuple(map(int, some)) for some in self._values("author")]

    def _values(self, name: str) -> list[tuple[str, ...]]:
        """Return the values of every page in a field without a column."""
        found: list[tuple[str, ...]] = [()] * self.size
        for term in self.beginning(name, ""):
            for document in self.postings(name, term).all_ids():
                found[document] += (term,)
        return found

    @cached_property
    def linked_from(self) -> dict[int, tuple[int, ...]]:
        """The documents that are indexed with the texts of links from a page, by its id."""
        column = self.reader.column_reader("link_sources")
        found: dict[int, list[int]] = {}
        for document in range(self.size):
            for source in column[document].split():
                found.setdefault(int(source), []).append(document)
        return {source: tuple(documents) for source, documents in found.items()}

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

    def weights(self, name: str, term: str) -> dict[int, float]:
        """Return the weight of `term` in field `name` by page; deleted pages included. Those read
        last are kept."""
        key = (name, term)
        found = self._kept.pop(key, None)
        if found is None:
            found = self._read_weights(name, term)
            self._size_kept += len(found) + 1
        self._kept[key] = found
        while self._size_kept > KEPT_PER_PAGE * self.size + len(found) + 1:
            oldest = next(iter(self._kept))
            self._size_kept -= len(self._kept.pop(oldest)) + 1
        return found

    def _read_weights(self, name: str, term: str) -> dict[int, float]:
        """Return the weights from the file. Whole blocks are read, because Whoosh's cursor takes
        longer for each step than the search has."""
        found: dict[int, float] = {}
        cursor = self.postings(name, term)
        while cursor is not None and cursor.is_active():
            if not isinstance(cursor, W3LeafMatcher):
                found[cursor.id()] = cursor.weight()
                cursor.next()
                continue
            cursor.id()
            cursor.weight()
            found.update(zip(cursor._ids, cursor._weights, strict=True))
            cursor._next_block()
        return found

    def beginning(self, name: str, prefix: str) -> Iterator[str]:
        """Yield the terms of a field that begin with `prefix`, in order."""
        for term, _ in counted_terms(self.reader, name, prefix.encode()):
            yield term.decode()

    def most_frequent(self, name: str, prefix: str, most: int) -> tuple[str, ...]:
        """Return those terms of a field that begin with `prefix` and that most pages have.

        The results for short prefixes are kept, because these have many terms and everything typed
        begins with one.
        """
        found = self._most_frequent.get((name, prefix, most))
        if found is None:
            terms = counted_terms(self.reader, name, prefix.encode())
            best = nlargest(most, terms, key=itemgetter(1))
            found = tuple(term.decode() for term, _ in best)
            if len(prefix) <= SHORT:
                self._most_frequent[name, prefix, most] = found
        return found

    def has_field(self, name: str) -> bool:
        """Return whether any page of the segment has that field."""
        return name in self.reader.indexed_field_names()

    def lexicon(self, name: str) -> list[str]:
        """Return every term of a field; the list is cached."""
        if name not in self._lexicons:
            self._lexicons[name] = list(self.beginning(name, ""))
        return self._lexicons[name]

    def ending(self, name: str, end: str) -> list[str]:
        """Return the terms of a field that end in `end`."""
        if name not in self._joined:
            self._joined[name] = "\n" + "\n".join(self.lexicon(name)) + "\n"
        text, found, at = self._joined[name], [], 0
        while (at := text.find(end + "\n", at)) >= 0:
            found.append(text[text.rfind("\n", 0, at) + 1 : at + len(end)])
            at += len(end)
        return found

    @cached_property
    def _joined(self) -> dict[str, str]:
        return {}

    @cached_property
    def _lexicons(self) -> dict[str, list[str]]:
        return {}


@dataclass(frozen=True, eq=False)
class Leaf(SegmentView):
    """A segment of Whoosh in a snapshot."""

    segment: Segment


@dataclass
class Snapshot:
    """All segments of one generation of one index folder."""

    name: str
    generation: int
    leaves: list[Leaf]

    @classmethod
    def open(cls, name: str, index: FileIndex, before: Snapshot | None) -> Snapshot:
        """Open the newest generation, and reuse the open segments of `before`.

        Raises Whoosh's errors if files are missing or damaged.
        """
        known: dict[str, Segment] = {}
        if before and before.name == name:
            known = {leaf.segment.id: leaf.segment for leaf in before.leaves}
        state = TOC.read(index.storage, index.indexname, schema=schema())
        leaves = []
        for segment in state.segments:
            leaf = known.get(segment.segment_id()) or Segment(index.storage, segment)
            gone = set(segment.deleted_docs())
            leaves.append(Leaf(leaf, frozenset(d for d in range(leaf.size) if d not in gone)))
        return cls(name, state.generation, leaves)

    @property
    def size(self) -> int:
        """Number of pages that are not deleted."""
        return sum(len(leaf.live) for leaf in self.leaves)

    def frequency(self, name: str, term: str) -> int:
        """Return the approximate number of pages that have `term` in field `name`; deleted ones
        count too."""
        return sum(leaf.segment.frequency(name, term) for leaf in self.leaves)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of the pages, the most frequent first."""
        counts = {
            one: self.frequency("language", one)
            for leaf in self.leaves
            for one in leaf.segment.beginning("language", "")
        }
        ranked = sorted(counts, key=lambda one: (-counts[one], one))
        return tuple(one for one in ranked if counts[one])[:MOST_LANGUAGES]

    @cached_property
    def newest(self) -> int:
        """The time of the latest change of any page, in seconds."""
        return max((max(one.segment.updated, default=0) for one in self.leaves), default=0)

    def rarity(self, frequency: int) -> float:
        """Return the inverse document frequency of something that so many pages have (BM25's)."""
        return rarity(sum(leaf.segment.size for leaf in self.leaves), frequency)

    def known(self, name: str, terms: Iterable[str]) -> list[str]:
        """Return the terms of `terms` that some page has."""
        return [t for t in terms if any(leaf.segment.has(name, t) for leaf in self.leaves)]

    def beginning(self, name: str, prefix: str, most: int) -> list[str]:
        """Return at most `most` terms that begin with `prefix`: the prefix itself, then the most
        frequent ones."""
        found: set[str] = {prefix} if self.known(name, (prefix,)) else set()
        for leaf in self.leaves:
            found.update(leaf.segment.most_frequent(name, prefix, most))
        return sorted(found, key=lambda t: (t != prefix, -self.frequency(name, t), t))[:most]

    def ending(self, name: str, end: str) -> list[str]:
        """Return the terms of a field that end in `end`."""
        return [term for leaf in self.leaves for term in leaf.segment.ending(name, end)]

    def alike(self, name: str, word: str, slips: int) -> dict[str, int]:
        """Return the terms of a field that differ from `word` by at most so many errors, each with
        its number of errors."""
        found: dict[str, int] = {}
        for leaf in self.leaves:
            for term, distance, _ in process.extract(
                word, leaf.segment.lexicon(name), scorer=OSA.distance, score_cutoff=slips, limit=50
            ):
                found[term] = int(distance)
        return found

    def revisions_of(self, page_ids: Iterable[int]) -> dict[int, int]:
        """Return the revision numbers of those of the pages that are in the index."""
        return {
            page_id: leaf.segment.revisions[document]
            for page_id in page_ids
            for leaf in self.leaves
            if (document := leaf.segment.documents.get(page_id)) is not None
            and document in leaf.live
        }

    def linked_from(self, page_ids: Collection[int]) -> set[int]:
        """Return the pages that are indexed with the texts of links from the given ones."""
        return {
            leaf.segment.page_ids[document]
            for leaf in self.leaves
            for one in leaf.segment.linked_from.keys() & page_ids
            for document in leaf.segment.linked_from[one]
            if document in leaf.live
        }

    def revisions(self) -> dict[int, int]:
        """Return the revision number of every page."""
        return {
            leaf.segment.page_ids[d]: leaf.segment.revisions[d]
            for leaf in self.leaves
            for d in leaf.live
        }
