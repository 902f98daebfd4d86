"""Resources of the API for results of a search."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.api.resources import PageLine
from wiki.web.shapes import told


@dataclass(frozen=True)
class FoundPiece:
    """A piece of a title or an excerpt."""

    text: str = told("Its text.")
    found: bool = told("Whether it is what was asked for.")


@dataclass(frozen=True)
class Hit:
    """A page that was found."""

    page: PageLine = told("The page.")
    title: list[FoundPiece] = told("Its title in pieces.")
    excerpt: list[FoundPiece] = told("In pieces, where in the text it was found.")


@dataclass(frozen=True)
class Excluded:
    """Words that a minus excludes."""

    text: str = told("The words.")
    query: str = told("The question that searches for them as text instead.")


@dataclass(frozen=True)
class Results:
    """Results of a search, best first."""

    query: str = told("What was asked.")
    total: int = told("Pages found.")
    total_is_exact: bool = told("False when the search was cut short: there may be more.")
    hits: list[Hit] = told("This slice of them.")
    excluded: list[Excluded] = told("Words behind a minus: pages with them were left out.")
    as_text: list[str] = told(
        "Operators, as typed, that no page answers: they were searched as text."
    )
    notes: list[str] = told("Sentences about what in the question could not be used.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")
