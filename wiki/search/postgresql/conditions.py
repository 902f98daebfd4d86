"""Parts of a query and filters as conditions of SQL on the documents ``d``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from wiki.search.engine import Filters
from wiki.search.language.stems import stem
from wiki.search.postgresql.rows import FIELDS, TIERS, quoted
from wiki.search.query import Clause, Field, Query
from wiki.search.ranking.entries import mark
from wiki.search.ranking.parts import Alternative, Part

LARGEST_STEP = 16_384
LIKE_A_SYNONYM = 1.0
"""Weight, while candidates are chosen, of a page that has a part only as a synonym."""
AS_A_PHRASE = 1.7
"""The same for a page that has a part only as a phrase."""


class Conditions:
    """Builds conditions, and collects their values.

    :param languages: the languages in which words are stemmed.
    """

    def __init__(self, filters: Filters, languages: Sequence[str]) -> None:
        self.filters = filters
        self.languages = languages
        self.values: dict[str, Any] = {}

    def bound(self, value: Any, kind: str) -> str:
        """Return a parameter with a value of a type of PostgreSQL."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {kind})"

    def having(self, one: Part, *, nearly: bool = True) -> str:
        """Return the condition that a page satisfies a part.

        :param nearly: whether a page of which not all positions are stored satisfies a phrase if it
            has its words.
        """
        pieces = []
        if one.stems:
            pieces.append(self._with_stems(one, [term for term, _ in one.stems]))
        column = FIELDS[one.field]
        if one.ways:
            pieces.append(self._matches(column, map(_phrase, one.ways)))
        long = [way for way in one.ways if len(way.terms) > 1]
        if long and nearly:
            loose = self._matches(column, (f"({' & '.join(map(quoted, w.terms))})" for w in long))
            pieces.append(f"d.is_clipped AND {loose}")
        return f"({' OR '.join(pieces)})" if pieces else "false"

    def weight(self, one: Part) -> str:
        """Return an expression for about the weight of a part in a page; 0 if the page does not
        satisfy it."""
        own = [term for term, boost in one.stems if boost >= 1.0]
        if not one.stems:
            terms = {term for way in one.ways for term in way.terms}
            own = [stem(term, language) for term in terms for language in self.languages]
        # Every page that is compared has the needed parts.
        lacks = "false" if one.needed else f"NOT {self.having(one)}"
        cases = [f"WHEN {lacks} THEN 0.0"]
        labels = ""
        for label, _, value in TIERS if own else ():
            labels += label
            texts = (f"{quoted(term)}:{labels}" for term in dict.fromkeys(own))
            cases.append(f"WHEN {self._matches('stems', texts)} THEN {value}")
        other = LIKE_A_SYNONYM if one.stems else AS_A_PHRASE
        return f"CASE {' '.join(cases)} ELSE {other} END"

    def gate(self, query: Query) -> list[str]:
        """Return the conditions on pages other than their words: what the actor may read, and what
        the operators say."""
        filters = self.filters
        found = [f"d.space_id = ANY({self.bound(sorted(filters.spaces), 'bigint[]')})"]
        if filters.hidden:
            found.append(f"NOT d.page_id = ANY({self.bound(sorted(filters.hidden), 'bigint[]')})")
        if filters.within is not None:
            found.append(f"d.page_id = ANY({self.bound(sorted(filters.within), 'bigint[]')})")
        if filters.beyond:
            found.append(f"NOT d.page_id = ANY({self.bound(sorted(filters.beyond), 'bigint[]')})")
        found += self._within(query.updated.start, query.updated.end)
        for period in query.not_updated:
            inside = self._within(period.start, period.end)
            found.append(f"NOT ({' AND '.join(inside)})" if inside else "false")
        for clause in query.must:
            if clause.field in (Field.TAG, Field.KIND):
                found.append(self._marked(clause))
        for clause in query.without:
            if clause.field in (Field.TAG, Field.KIND):
                found.append(f"NOT {self._marked(clause)}")
        for group in filters.authors:
            found.append(f"d.authors && {self.bound(sorted(group), 'bigint[]')}")
        if filters.not_authors:
            found.append(f"NOT d.authors && {self.bound(sorted(filters.not_authors), 'bigint[]')}")
        return found

    def _within(self, start: datetime | None, end: datetime | None) -> list[str]:
        found = []
        if start:
            found.append(f"d.updated >= {self.bound(start.timestamp(), 'double precision')}")
        if end:
            found.append(f"d.updated < {self.bound(end.timestamp(), 'double precision')}")
        return found

    def _marked(self, clause: Clause) -> str:
        value = self.bound(mark(clause.text).replace("\0", " "), "text")
        if clause.field is Field.KIND:
            return f"starts_with(d.kind, {value})" if clause.prefix else f"d.kind = {value}"
        if clause.prefix:
            return f"EXISTS (SELECT FROM unnest(d.marks) AS m WHERE starts_with(m, {value}))"
        return f"d.marks @> ARRAY[{value}]"

    def _with_stems(self, one: Part, terms: Iterable[str]) -> str:
        """Return the condition that a page has a stem. In a page with texts of links from hidden
        pages only its own words count."""
        has = self._matches("stems", map(quoted, terms))
        if not self.filters.hidden:
            return has
        hidden = self.bound(sorted(self.filters.hidden), "bigint[]")
        own = dict.fromkeys((*one.near, *(term for term, _ in one.stems)))
        in_words = self._matches("words", map(quoted, own))
        return f"({has} AND (NOT d.link_sources && {hidden} OR {in_words}))"

    def _matches(self, column: str, texts: Iterable[str]) -> str:
        return f"d.{column} @@ {self.bound(' | '.join(texts), 'tsquery')}"


def _phrase(way: Alternative) -> str:
    """Return consecutive terms as a query: each pair of neighbours at its distance. A larger word
    has several positions, so more than two are not compared at once."""
    if len(way.terms) == 1:
        return quoted(way.terms[0])
    pairs = zip(pairwise(way.terms), way.steps, strict=True)
    return (
        "("
        + " & ".join(
            f"({quoted(first)} <{min(step, LARGEST_STEP)}> {quoted(second)})"
            for (first, second), step in pairs
        )
        + ")"
    )
