"""What a search engine must do for the wiki, whichever one does it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from wiki.search.query import Query


class IndexUnavailable(Exception):
    """There is no usable index at the moment; a rebuild is due or under way."""


@dataclass(frozen=True)
class Document:
    """A page as the index knows it."""

    page_id: int
    revision: int
    """Number of the revision; with the id it tells whether the index is up to date."""
    space_id: int
    path: str
    title: str
    body: str
    """Plain text, headings included."""
    headings: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    author_ids: tuple[int, ...] = ()
    """Everyone who wrote on the page."""
    kind: str = "article"
    updated: datetime | None = None


@dataclass(frozen=True)
class Filters:
    """Who asks, in facts: only pages of `spaces` exist for this question.

    Of each group in `authors` one must have written on the page, of `not_authors` nobody. Pages in
    `hidden` do not exist either, wherever the index still has them.
    """

    spaces: frozenset[int]
    authors: tuple[frozenset[int], ...] = ()
    not_authors: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Hit:
    """A page found. The excerpt is pieces of plain text, each with whether it is a match."""

    page_id: int
    revision: int
    score: float
    excerpt: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True)
class Results:
    """The hits of one screen, and what is known about all of them."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    """Pages that match; a lower bound when `cut`."""
    cut: bool = False
    """Whether the search stopped before the end because it took too long."""
    spaces: Mapping[int, int] = field(default_factory=dict)
    """Matching pages by space id."""
    tags: Mapping[str, int] = field(default_factory=dict)
    """Matching pages by tag, the most frequent first."""
    corrected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words asked for that were also searched under other spellings."""
    terms: tuple[str, ...] = ()
    """The words to mark in a title, folded."""
    loosened: bool = False
    """Whether no page has all the words, so that these have some of them."""


@dataclass(frozen=True)
class TitleHit:
    """A page whose title (or path) matches what is being typed."""

    page_id: int
    space_id: int
    title: str


class Engine(Protocol):
    """One index of all pages. Readers may be many threads and processes; one writes."""

    def search(
        self, query: Query, filters: Filters, *, offset: int = 0, limit: int = 10
    ) -> Results:
        """The best hits; raises IndexUnavailable."""

    def titles(
        self, text: str, filters: Filters, *, limit: int = 10, near: bool = False
    ) -> list[TitleHit]:
        """Pages whose title begins so, as typed; with `near`, similar titles also.

        Raises IndexUnavailable.
        """

    def revisions(self) -> dict[int, int]:
        """The revision number indexed of every page id; raises IndexUnavailable."""

    def update(self, documents: Iterable[Document], removed: Collection[int] = ()) -> None:
        """Puts pages in (replacing what was there) and takes others out, all at once.

        Raises IndexUnavailable when the index is lost or damaged, TimeoutError when another
        process has been writing for too long.
        """

    def rebuild(
        self,
        documents: Callable[[Collection[int] | None], Iterable[Document]],
        current: Callable[[], Mapping[int, int]],
    ) -> int:
        """Builds a new index beside the old one and swaps them; how many pages are in it.

        `documents(None)` gives every page, `documents(ids)` those; `current()` the revision
        number of every page. What changed while building is put in before the swap.
        """

    def wanted(self) -> str:
        """Why a rebuild is due, in a sentence; empty when it is not."""
