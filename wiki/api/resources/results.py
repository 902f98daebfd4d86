"""Resources of the API for results of a search."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.api.resources.lines import PageLine
from wiki.web.shapes import told


@dataclass(frozen=True)
class FoundPiece:
    """A piece of a title or an excerpt."""

    text: str = told("Its text.")
    found: bool = told("Whether it matches the search.")


@dataclass(frozen=True)
class Hit:
    """A page that was found."""

    page: PageLine = told("The page.")
    title: list[FoundPiece] = told("Its title in pieces.")
    excerpt: list[FoundPiece] = told("The matching passage, in pieces.")
    fragment: str = told(
        "The fragment of the section that the excerpt is from; empty for the page."
    )
    heading: str = told("The heading of that section; empty for the page.")


@dataclass(frozen=True)
class Excluded:
    """Words that a minus excludes."""

    text: str = told("The words.")
    query: str = told("The query that searches for them as text instead.")


@dataclass(frozen=True)
class Results:
    """Results of a search, best first."""

    query: str = told("The query.")
    total: int = told("Number of pages found.")
    total_is_exact: bool = told("False if the search was cut short and there may be more.")
    hits: list[Hit] = told("This slice of them.")
    excluded: list[Excluded] = told("Words after a minus; pages with them were excluded.")
    as_text: list[str] = told(
        "Operators, as typed, that no page matches and that were searched as text."
    )
    notes: list[str] = told("Sentences about parts of the query that were ignored.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")
