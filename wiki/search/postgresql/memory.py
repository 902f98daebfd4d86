"""Candidates of a search in memory, read like a segment of an index."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from wiki.search.postgresql.schema import DOCUMENTS, TEXTS
from wiki.search.ranking.entries import plain_positions

_ROWS = text(
    f"""
    SELECT d.page_id, d.revision, d.space_id, d.updated, d.links, d.kind, d.whole_title, d.tags,
      d.authors, d.link_sources, t.title, t.path, t.weights, t.positions
    FROM {DOCUMENTS} d JOIN {TEXTS} t USING (page_id) WHERE page_id = ANY(:ids)
    """
)
_BODIES = text(f"SELECT page_id, body, sections FROM {TEXTS} WHERE page_id = ANY(:ids)")


class Candidates:
    """Some pages of the index, with document numbers in the order of their ids in ``page_ids``."""

    def __init__(self, session: Session, page_ids: Sequence[int]) -> None:
        self._session = session
        found = {row.page_id: row for row in session.execute(_ROWS, {"ids": list(page_ids)})}
        rows = [found[one] for one in page_ids if one in found]
        self.size = len(rows)
        self.page_ids: list[int] = [row.page_id for row in rows]
        self.space_ids: list[int] = [row.space_id for row in rows]
        self.revisions: list[int] = [row.revision for row in rows]
        self.updated: list[int] = [row.updated for row in rows]
        self.links: list[int] = [row.links for row in rows]
        self.tags: list[tuple[str, ...]] = [tuple(row.tags) for row in rows]
        self.kinds: list[tuple[str, ...]] = [(row.kind,) for row in rows]
        self.authors: list[tuple[int, ...]] = [tuple(row.authors) for row in rows]
        self._rows = rows
        self._bodies: dict[int, tuple[str, list[tuple[int, str, str]]]] = {}

    @cached_property
    def _weights(self) -> list[dict[str, float]]:
        return [json.loads(row.weights) for row in self._rows]

    @cached_property
    def _positions(self) -> dict[str, list[dict[str, list[int]]]]:
        return {
            "text": [json.loads(row.positions) for row in self._rows],
            "title": [plain_positions(row.title) for row in self._rows],
            "path": [plain_positions(row.path) for row in self._rows],
            "whole_title": [{row.whole_title: []} for row in self._rows],
        }

    @cached_property
    def linked_from(self) -> Mapping[int, Sequence[int]]:
        """The documents that are indexed with the texts of links from a page, by its id."""
        found: dict[int, list[int]] = {}
        for document, row in enumerate(self._rows):
            for source in row.link_sources:
                found.setdefault(source, []).append(document)
        return found

    def title(self, document: int) -> str:
        """Return a page's title as written."""
        return str(self._rows[document].title)

    def load_bodies(self, documents: Iterable[int]) -> None:
        """Read the texts of pages together."""
        ids = [self.page_ids[one] for one in documents]
        for page_id, body, sections in self._session.execute(_BODIES, {"ids": ids}):
            self._bodies[page_id] = body, json.loads(sections)

    def body(self, document: int) -> str:
        """Return a page's plain text, as far as it is stored."""
        return self._loaded(document)[0]

    def sections(self, document: int) -> Sequence[tuple[int, str, str]]:
        """Return the sections of a page: places in its text, fragments and headings."""
        return self._loaded(document)[1]

    def _loaded(self, document: int) -> tuple[str, list[tuple[int, str, str]]]:
        page_id = self.page_ids[document]
        if page_id not in self._bodies:
            self.load_bodies([document])
        return self._bodies.get(page_id, ("", []))

    def numbers_of(self, page_ids: Collection[int]) -> set[int]:
        """Return the documents of pages, as far as they are candidates."""
        return {document for document, one in enumerate(self.page_ids) if one in page_ids}

    def frequency(self, name: str, term: str) -> int:
        """Return the number of candidates that have `term` in field `name`."""
        return len(self.weights(name, term))

    def weights(self, name: str, term: str) -> Mapping[int, float]:
        """Return the weight of `term` in field `name` by document."""
        if name == "stem":
            return {d: some[term] for d, some in enumerate(self._weights) if term in some}
        return dict.fromkeys(self._places(name, term), 1.0)

    def postings(self, name: str, term: str) -> Cursor | None:
        """Return a cursor over the documents with `term`, or None if there are none."""
        found = self._places(name, term)
        return Cursor(found) if found else None

    def beginning(self, name: str, prefix: str) -> Iterable[str]:
        """Return the terms of a field that begin with `prefix`, in order."""
        every = {term for some in self._positions.get(name, ()) for term in some}
        return sorted(term for term in every if term.startswith(prefix))

    def _places(self, name: str, term: str) -> dict[int, list[int]]:
        every = self._positions[name]
        return {d: some[term] for d, some in enumerate(every) if term in some}


class Cursor:
    """A cursor over the documents with a term, in order."""

    def __init__(self, positions: Mapping[int, list[int]]) -> None:
        self._positions = positions
        self._documents = list(positions)
        self._at = 0

    def is_active(self) -> bool:
        """Return whether the cursor is at a document."""
        return self._at < len(self._documents)

    def id(self) -> int:
        """Return the document at the cursor."""
        return self._documents[self._at]

    def skip_to(self, document: int) -> None:
        """Move to this document, or the next one that has the term."""
        while self.is_active() and self.id() < document:
            self._at += 1

    def value_as(self, _name: str) -> list[int]:
        """Return the positions in the document at the cursor."""
        return self._positions[self.id()]

    def all_ids(self) -> Any:
        """Return all documents."""
        return iter(self._documents)
