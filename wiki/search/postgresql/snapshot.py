"""Statistics of the index: its terms, and the number of pages that have each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from rapidfuzz.distance import OSA
from sqlalchemy import text
from sqlalchemy.orm import Session

from wiki.search.postgresql.schema import DOCUMENTS, TERMS
from wiki.search.ranking.index import SegmentView, rarity

MOST_LANGUAGES = 6
"""Maximum number of languages in which the words of a query are stemmed."""
MOST_ENDINGS = 50
"""Maximum number of terms with an ending."""
MOST_ALIKE = 300
"""Maximum number of terms with similar trigrams that are compared letter by letter."""
LEAST_SIMILARITY = 0.12
LAST = "\U0010ffff"


class Statistics:
    """The terms of all pages, in the snapshot of a session."""

    leaves: Sequence[SegmentView] = ()

    def __init__(self, session: Session) -> None:
        self.session = session
        self._pages: dict[tuple[str, str], int] = {}

    def look_up(self, terms: Iterable[tuple[str, str]]) -> None:
        """Read in one statement how many pages have terms, given with their fields."""
        wanted = list(dict.fromkeys(one for one in terms if one not in self._pages))
        if not wanted:
            return
        rows = self.session.execute(
            text(
                f"SELECT field, term, pages FROM {TERMS} JOIN unnest(CAST(:fields AS text[]),"
                " CAST(:terms AS text[])) AS w (field, term) USING (field, term)"
            ),
            {"fields": [name for name, _ in wanted], "terms": [term for _, term in wanted]},
        )
        self._pages.update(dict.fromkeys(wanted, 0))
        self._pages.update({(name, term): pages for name, term, pages in rows})

    def frequency(self, name: str, term: str) -> int:
        """Return the number of pages that have `term` in field `name`."""
        self.look_up([(name, term)])
        return self._pages[name, term]

    def known(self, name: str, terms: Iterable[str]) -> list[str]:
        """Return the terms of `terms` that some page has."""
        wanted = list(terms)
        self.look_up((name, term) for term in wanted)
        return [term for term in wanted if self._pages[name, term]]

    @cached_property
    def _languages(self) -> list[tuple[str, int]]:
        rows = self.session.execute(
            text(
                f"SELECT term, pages FROM {TERMS} WHERE field = 'language'"
                " ORDER BY pages DESC, term"
            )
        )
        return [(term, pages) for term, pages in rows]

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of the pages, the most frequent first."""
        return tuple(term for term, _ in self._languages[:MOST_LANGUAGES])

    @cached_property
    def size(self) -> int:
        """Number of pages; each has one language."""
        return sum(pages for _, pages in self._languages)

    @cached_property
    def newest(self) -> int:
        """The time of the latest change of any page, in seconds."""
        return self.session.scalar(text(f"SELECT max(updated) FROM {DOCUMENTS}")) or 0

    def rarity(self, frequency: int) -> float:
        """Return the inverse document frequency of something that so many pages have."""
        return rarity(self.size, frequency)

    def beginning(self, name: str, prefix: str, most: int) -> list[str]:
        """Return at most `most` terms that begin with `prefix`: the prefix itself, then the most
        frequent ones."""
        return self._terms(
            "term >= :prefix AND term < :last ORDER BY term <> :prefix, pages DESC, term",
            name,
            most,
            prefix=prefix,
            last=prefix + LAST,
        )

    def ending(self, name: str, end: str) -> list[str]:
        """Return the most frequent terms of a field that end in `end`."""
        return self._terms("term LIKE :end ORDER BY pages DESC", name, MOST_ENDINGS, end=f"%{end}")

    def alike(self, name: str, word: str, slips: int) -> dict[str, int]:
        """Return the terms of a field that differ from `word` by at most so many errors, each with
        its number of errors.

        An error changes at most four of the trigrams of a word. Terms with fewer in common are not
        compared, nor are those that are much less similar than others.
        """
        common, changed = len(word) + 1, 4 * slips
        least = max(LEAST_SIMILARITY, (common - changed) / (common + changed))
        self.session.execute(
            text("SELECT set_config('pg_trgm.similarity_threshold', :least, true)"),
            {"least": f"{least:.3f}"},
        )
        some = self._terms(
            "term % :word AND length(term) BETWEEN :short AND :long"
            " ORDER BY similarity(term, :word) DESC, pages DESC",
            name,
            MOST_ALIKE,
            word=word,
            short=len(word) - slips,
            long=len(word) + slips,
        )
        found = {term: int(OSA.distance(word, term)) for term in some}
        return {term: distance for term, distance in found.items() if distance <= slips}

    def _terms(self, condition: str, name: str, most: int, **values: Any) -> list[str]:
        """Return terms of a field, and remember how many pages have them."""
        rows = self.session.execute(
            text(
                f"SELECT term, pages FROM {TERMS} WHERE field = :name AND {condition} LIMIT :most"
            ),
            {"name": name, "most": most, **values},
        ).all()
        self._pages.update({(name, term): pages for term, pages in rows})
        return [term for term, _ in rows]
