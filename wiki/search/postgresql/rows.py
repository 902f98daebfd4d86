"""The conversion of pages to rows of the index."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from wiki.search.engine import Document
from wiki.search.ranking.entries import entry

MOST_BYTES = 1_000_000
"""Maximum number of bytes of a vector; PostgreSQL allows 1 MiB. The last words of larger pages, in
their first occurrence, are not indexed."""
LAST_POSITION = 16_383
MOST_POSITIONS = 255
"""Largest position, and maximum number of positions of a word, in a vector of PostgreSQL."""
TIERS = (("A", 5.0, 7.0), ("B", 2.5, 3.5), ("C", 1.0, 1.7), ("D", 0.0, 0.7))
"""The labels of stems in a vector: the least weight of a stem with the label, and the weight that
all stems with it count for while candidates are chosen."""
FIELDS = {"stem": "stems", "text": "words", "title": "title_words", "path": "path_words"}
"""Columns of vectors by the name of their field."""


class Row:
    """A page as it is stored: the columns of its two rows, and its terms by field."""

    def __init__(self, document: Document) -> None:
        fields = entry(document)
        positions = {term: places for term, _, places in fields["text"]}
        words = _Vector((term, _placed(some), len(some)) for term, some in positions.items())
        stems = _Vector((term, f"1{_tier(weight)}", 1) for term, weight in fields["stem"].items())
        title, path = (
            _Vector((term, _placed(places), len(places)) for term, _, places in fields[name])
            for name in ("title", "path")
        )
        (language,) = fields["language"]
        self.terms = {
            ("language", language),
            *(("stem", term) for term in stems.terms),
            *(("text", term) for term in words.terms),
            *(("title", term) for term in title.terms),
            *(("path", term) for term in path.terms),
        }
        self.columns: dict[str, Any] = {
            "page_id": document.page_id,
            "revision": document.revision,
            "space_id": document.space_id,
            "updated": fields["updated"],
            "links": fields["links"],
            "kind": fields["kind"][0],
            "language": language,
            "whole_title": fields["whole_title"][0],
            "tags": [_clean(tag) for tag in document.tags],
            "marks": [_clean(tag) for tag in fields["tag"]],
            "authors": list(document.author_ids),
            "link_sources": list(document.link_sources),
            "is_clipped": words.is_clipped or _is_clipped(positions.values()),
            "stems": str(stems),
            "words": str(words),
            "title_words": str(title),
            "path_words": str(path),
            "title": _clean(document.title),
            "path": _clean(document.path),
            "body": _clean(fields["body"]),
            "sections": json.dumps(fields["sections"]),
            "weights": json.dumps({term: round(one, 4) for term, one in fields["stem"].items()}),
            "positions": json.dumps(positions, separators=(",", ":")),
        }


class _Vector:
    """A vector of terms as PostgreSQL reads it.

    :param postings: terms, each with its positions as text and their number.
    """

    def __init__(self, postings: Iterable[tuple[str, str, int]]) -> None:
        self.terms: list[str] = []
        self.is_clipped = False
        pieces = []
        room = MOST_BYTES
        for term, places, count in postings:
            size = len(term.encode()) + 6 + 2 * min(count, MOST_POSITIONS)
            if size > room:
                self.is_clipped = True
                continue
            room -= size
            self.terms.append(term)
            pieces.append(f"{quoted(term)}:{places}" if places else quoted(term))
        self._text = " ".join(pieces)

    def __str__(self) -> str:
        return self._text


def quoted(term: str) -> str:
    """Return a term as PostgreSQL reads it in vectors and queries."""
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


def _placed(places: list[int]) -> str:
    """Return positions as a vector has them: they begin at 1, and those too large are left out."""
    return ",".join(str(one + 1) for one in places[:MOST_POSITIONS] if one + 1 < LAST_POSITION)


def _is_clipped(positions: Iterable[list[int]]) -> bool:
    return any(len(some) > MOST_POSITIONS or some[-1] + 1 >= LAST_POSITION for some in positions)


def _tier(weight: float) -> str:
    return next(label for label, least, _ in TIERS if weight >= least)


def _clean(text: str) -> str:
    """Return a text without the one character that PostgreSQL cannot store."""
    return text.replace("\0", " ")
