"""Lists of pages and tags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wiki.api.resources.lines import PageLine, Somebody
from wiki.web.shapes import told


@dataclass(frozen=True)
class ListedPage(PageLine):
    """A page in a list."""

    created_at: datetime = told("When the page was created.")
    updated_at: datetime = told("When its latest revision was saved.")
    updated_by: Somebody | None = told("Who saved it; null for an import or the shell.")


@dataclass(frozen=True)
class PageList:
    """Pages, in the requested order."""

    pages: list[ListedPage] = told("The entries of this slice.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class Tag:
    """A tag of pages that the user can read."""

    name: str = told("Spelled as on the most recently changed page with it.")
    pages: int = told("How many pages have it.")
    url: str = told("Address of the list of its pages in the browser.", format="uri-reference")


@dataclass(frozen=True)
class TagList:
    """Tags, in the requested order."""

    tags: list[Tag] = told("The entries of this slice.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")
