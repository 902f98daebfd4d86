"""The interface of a search engine, independent of its implementation."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from wiki.kind import DEFAULT
from wiki.search.language.synonyms import Synonyms
from wiki.search.query import Query


class IndexUnavailable(Exception):
    """There is no usable index at the moment; a rebuild is due or in progress."""


@dataclass(frozen=True)
class Document:
    """A page as it is indexed."""

    page_id: int
    revision: int
    """Number of the revision; with the page id it tells whether the index is up to date."""
    space_id: int
    path: str
    title: str
    body: str
    """Plain text, headings included."""
    headings: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    """The fragments of the headings' addresses, as many as headings, or none."""
    link_texts: tuple[str, ...] = ()
    """The texts of links to the page that all its readers may read."""
    link_sources: tuple[int, ...] = ()
    """The ids of the pages with these links."""
    tags: tuple[str, ...] = ()
    author_ids: tuple[int, ...] = ()
    """All authors of the page's revisions."""
    kind: str = DEFAULT
    updated: datetime | None = None


@dataclass(frozen=True)
class Filters:
    """The search scope of an actor: only pages of `spaces` can be found.

    A page must have an author of each group in `authors`, and none of `not_authors`. Pages in
    `hidden` are never found, even if the index still contains them, nor do the texts of their links
    find other pages.
    """

    spaces: frozenset[int]
    authors: tuple[frozenset[int], ...] = ()
    not_authors: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()
    within: frozenset[int] | None = None
    """The only pages to search; None for all."""
    beyond: frozenset[int] = frozenset()
    """Pages that are excluded."""
    own: frozenset[int] = frozenset()
    """The spaces of which the actor is a member; their pages rank a little higher."""
    moments: tuple[datetime, ...] = ()
    """Moments since which changed pages are counted."""


@dataclass(frozen=True)
class Hit:
    """A page found. The excerpt consists of pieces of plain text, each with a flag that is True for
    matches."""

    page_id: int
    revision: int
    score: float
    excerpt: tuple[tuple[str, bool], ...] = ()
    fragment: str = ""
    """The fragment of the section that the excerpt is from, if the query means a section."""
    heading: str = ""
    """The heading of that section."""


@dataclass(frozen=True)
class Results:
    """The hits of one screen, and summaries of all hits."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    """Number of matching pages; a lower bound when `cut`."""
    cut: bool = False
    """True if the search stopped early because it took too long."""
    spaces: Mapping[int, int] = field(default_factory=dict)
    """Number of matching pages by space id."""
    tags: Mapping[str, int] = field(default_factory=dict)
    """Number of matching pages by tag, the most frequent first."""
    kinds: Mapping[str, int] = field(default_factory=dict)
    """Number of matching pages by kind, the most frequent first."""
    authors: Mapping[int, int] = field(default_factory=dict)
    """Number of matching pages by the id of an author, the most frequent first."""
    since: Mapping[datetime, int] = field(default_factory=dict)
    """Number of matching pages that have changed since each of the moments asked for."""
    corrected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words of the query that were also searched under other spellings."""
    terms: tuple[str, ...] = ()
    """The words to highlight in a title, folded."""
    groups: tuple[frozenset[str], ...] = ()
    """For each part of the query, the words on these pages that satisfy it, folded."""
    loosened: bool = False
    """True if no page has all the words, so that the hits have some of them."""


@dataclass(frozen=True)
class TitleHit:
    """A page whose title (or path) matches what is being typed."""

    page_id: int
    space_id: int
    title: str


class Engine(Protocol):
    """An index of all pages, with many reading threads and processes and one writer."""

    keeps_words: bool
    """True if the index keeps words of pages as they were, until it is rebuilt."""

    def search(
        self,
        query: Query,
        filters: Filters,
        *,
        synonyms: Synonyms | None = None,
        offset: int = 0,
        limit: int = 10,
    ) -> Results:
        """Return the best hits.

        :param synonyms: the synonyms to search for too; the built-in ones if None.

        :raises IndexUnavailable: when there is no usable index.
        """

    def titles(
        self, text: str, filters: Filters, *, limit: int = 10, near: bool = False
    ) -> list[TitleHit]:
        """Return pages whose title begins with `text`; with `near`, similar titles too.

        :raises IndexUnavailable: when there is no usable index.
        """

    def revisions(self, page_ids: Collection[int] | None = None) -> dict[int, int]:
        """Return the indexed revision number of every page, or of the given ones, by page id.

        :raises IndexUnavailable: when there is no usable index.
        """

    def linked_from(self, page_ids: Collection[int]) -> set[int]:
        """Return the pages that are indexed with the texts of links from the given ones.

        :raises IndexUnavailable: when there is no usable index.
        """

    def update(self, documents: Iterable[Document], removed: Collection[int] = ()) -> None:
        """Add or replace pages and remove others, in one step.

        :raises IndexUnavailable: when the index is lost or damaged.
        :raises TimeoutError: when another process has held the lock for too long.
        """

    def rebuild(
        self,
        documents: Callable[[Collection[int] | None], Iterable[Document]],
        current: Callable[[], Mapping[int, int]],
    ) -> int:
        """Build a new index beside the old one and swap them. Return the number of pages in it.

        Pages that change during the build are updated before the swap.

        :param documents: returns every page for None, or the pages with the given ids.
        :param current: returns the revision number of every page.
        """

    def wanted(self) -> str:
        """Return a sentence that says why a rebuild is due; empty if it is not."""

    def exists(self) -> bool:
        """Return whether there is an index, even if it is damaged."""

    def merge_at_rest(self) -> bool:
        """Tidy the index if nothing was written for a while. Return whether anything was done."""

    def drop(self) -> None:
        """Remove the index, because another engine is used."""
