"""The interface through which matching and ranking read an index of any engine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any, Protocol, Self


class Segment(Protocol):
    """Postings, and columns of pages by document number."""

    @property
    def page_ids(self) -> Sequence[int]:
        """The id of every page."""

    @property
    def space_ids(self) -> Sequence[int]:
        """The id of the space of every page."""

    @property
    def revisions(self) -> Sequence[int]:
        """The number of the indexed revision of every page."""

    @property
    def updated(self) -> Sequence[int]:
        """The time of the last change of every page, in seconds."""

    @property
    def links(self) -> Sequence[int]:
        """The number of texts of links to every page."""

    @property
    def tags(self) -> Sequence[tuple[str, ...]]:
        """The tags of every page as written."""

    @property
    def kinds(self) -> Sequence[tuple[str, ...]]:
        """The kind of every page."""

    @property
    def authors(self) -> Sequence[tuple[int, ...]]:
        """The ids of the authors of every page."""

    @property
    def linked_from(self) -> Mapping[int, Sequence[int]]:
        """The documents that are indexed with the texts of links from a page, by its id."""

    def title(self, document: int) -> str:
        """Return a page's title as written."""

    def body(self, document: int) -> str:
        """Return a page's plain text, as far as it is stored."""

    def sections(self, document: int) -> Sequence[tuple[int, str, str]]:
        """Return the sections of a page: places in its text, fragments and headings."""

    def numbers_of(self, page_ids: Collection[int]) -> set[int]:
        """Return the documents of pages, as far as they are in this segment."""

    def frequency(self, name: str, term: str) -> int:
        """Return the number of pages that have `term` in field `name`."""

    def weights(self, name: str, term: str) -> Mapping[int, float]:
        """Return the weight of `term` in field `name` by document."""

    def postings(self, name: str, term: str) -> Any:
        """Return a cursor over the documents with `term`, or None if there are none."""

    def beginning(self, name: str, prefix: str) -> Iterable[str]:
        """Return the terms of a field that begin with `prefix`, in order."""


@dataclass(frozen=True, eq=False)
class SegmentView:
    """A segment in a snapshot, with the documents that are not deleted."""

    segment: Segment
    live: frozenset[int]
    own_words_only: frozenset[int] = frozenset()
    """Documents that are not found by the texts of links to them."""

    def without_links_from(self, page_ids: Collection[int]) -> Self:
        """Return a view in which texts of links from these pages find no others."""
        known = self.segment.linked_from
        some = known.keys() & page_ids
        return replace(self, own_words_only=frozenset(d for one in some for d in known[one]))


class Snapshot(Protocol):
    """One state of an index."""

    @property
    def leaves(self) -> Sequence[SegmentView]:
        """The segments, with their documents."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the pages, the most frequent first."""

    @property
    def newest(self) -> int:
        """The time of the latest change of any page, in seconds."""

    def frequency(self, name: str, term: str) -> int:
        """Return the approximate number of pages that have `term` in field `name`."""

    def rarity(self, frequency: int) -> float:
        """Return the inverse document frequency of something that so many pages have."""

    def known(self, name: str, terms: Iterable[str]) -> list[str]:
        """Return the terms of `terms` that some page has."""

    def beginning(self, name: str, prefix: str, most: int) -> list[str]:
        """Return at most `most` terms that begin with `prefix`: the prefix itself, then the most
        frequent ones."""

    def ending(self, name: str, end: str) -> list[str]:
        """Return terms of a field that end in `end`."""

    def alike(self, name: str, word: str, slips: int) -> dict[str, int]:
        """Return the terms of a field that differ from `word` by at most so many errors, each with
        its number of errors."""


def rarity(size: int, frequency: int) -> float:
    """Return the inverse document frequency (BM25's) of something that so many of the pages of an
    index have."""
    frequency = min(frequency, size)
    return log(1 + (size - frequency + 0.5) / (frequency + 0.5))
