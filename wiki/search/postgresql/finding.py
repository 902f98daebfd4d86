"""Ranked search: PostgreSQL chooses candidates, and they are ranked as in every engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import text

from wiki.search.asking import asked, compounds
from wiki.search.engine import Filters
from wiki.search.language.stems import stem
from wiki.search.postgresql.conditions import Conditions
from wiki.search.postgresql.memory import Candidates
from wiki.search.postgresql.schema import DOCUMENTS, TEXTS
from wiki.search.postgresql.snapshot import Statistics
from wiki.search.query import Field, Query
from wiki.search.ranking.entries import whole
from wiki.search.ranking.finding import (
    CERTAIN,
    COVERED,
    KEPT,
    MORE_USUAL,
    RARELY,
    WHOLE_TITLE,
    Finder,
    Limits,
)
from wiki.search.ranking.found import FRESH, LINKED, OWN, YEAR, Found
from wiki.search.ranking.index import SegmentView
from wiki.search.ranking.matching import frequency
from wiki.search.ranking.parts import Part, part
from wiki.search.ranking.titles import Groups, Pools
from wiki.search.words import forms

MOST = 5_000
"""Maximum number of pages that a search compares; its results then say that it was cut."""
BLOCK = 100
"""Number of best candidates that are ranked together; further screens show the next ones."""
MOST_TITLES = 200
"""Maximum number of pages whose titles are compared during typing."""
MOST_TITLED = 5_000
"""Maximum number of pages with typed words from which these are chosen."""


@dataclass(frozen=True)
class Summary:
    """A summary of all pages that match."""

    total: int = 0
    compared: int = 0
    best: float = 0.0
    """Largest share of the query that a page has."""
    ids: Sequence[int] = ()
    """The best pages, the best first."""
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    since: Sequence[int] = ()


class DatabaseFinder(Finder):
    """A search of the database.

    :param most: the number of candidates that are ranked, a multiple of :data:`BLOCK`.
    """

    snapshot: Statistics

    def __init__(
        self,
        statistics: Statistics,
        query: Query,
        filters: Filters,
        limits: Limits,
        most: int = BLOCK,
    ) -> None:
        statistics.look_up(_terms(query, statistics.languages))
        super().__init__(statistics, query, filters, limits)
        self.most = most
        self.summary = Summary()
        self.candidates: Candidates | None = None

    def find(self) -> list[Found]:
        """Return the best matching pages, best first."""
        found = super().find()
        self.loosened = bool(found) and bool(self.parts) and self.summary.best < CERTAIN
        if not self.query.by_date:
            found.sort(key=lambda one: one.document // BLOCK)
        return found

    @cached_property
    def pools(self) -> list[tuple[SegmentView, set[int]]]:
        """The candidates."""
        self.summary = self._summary()
        self.candidates = Candidates(self.snapshot.session, self.summary.ids)
        every = frozenset(range(self.candidates.size))
        view = SegmentView(self.candidates, every)
        return [(view.without_links_from(self.filters.hidden), set(every))]

    def load_bodies(self, shown: Sequence[Found]) -> None:
        """Read the texts of the pages that are shown together."""
        if self.candidates is not None:
            self.candidates.load_bodies(one.document for one in shown)

    def _is_frequent(self, one: Part) -> bool:
        return len(self._pages_with(Part(one.field, stems=one.stems), RARELY + 1)) > RARELY

    def _readable(self, one: Part) -> set[tuple[int, int]]:
        enough = MORE_USUAL * RARELY + 1
        return {(0, page_id) for page_id in self._pages_with(one, enough)}

    def _pages_with(self, one: Part, most: int) -> list[int]:
        """Return a few of the pages that satisfy a part and that the actor may read."""
        if not frequency(self.snapshot, one):
            return []
        conditions = Conditions(self.filters, self.snapshot.languages)
        has = conditions.having(one, nearly=False)
        where = " AND ".join([*self._gate(conditions), has])
        rows = self.snapshot.session.execute(
            text(f"SELECT d.page_id FROM {DOCUMENTS} d WHERE {where} LIMIT {most}"),
            conditions.values,
        )
        return [page_id for (page_id,) in rows]

    def _gate(self, conditions: Conditions) -> list[str]:
        """Return the conditions on pages: what may be read, and what is not excluded."""
        found = conditions.gate(self.query)
        options = dict(self.options)
        for clause in self.query.without:
            if clause.field not in (Field.ANY, Field.TITLE):
                continue
            if (one := part(self.snapshot, clause)) is None:
                continue
            gone = conditions.having(one)
            if option := options.get(clause):
                gone = f"({gone} AND NOT {conditions.having(option)})"
            found.append(f"NOT {gone}")
        return found

    def _summary(self) -> Summary:
        """Choose the candidates, and count all pages that match.

        A page is only a result if it has enough of what the best one has. So a page without any of
        the rarest parts is none if the others are not enough together, and few pages are compared
        when a query has both rare and frequent words.
        """
        rarities = [
            one.importance * self.snapshot.rarity(frequency(self.snapshot, one))
            for one in self.parts
        ]
        best = 1.0
        while True:
            needed = _needed_for(rarities, best)
            found = self._run(rarities, needed)
            if len(needed) == len(rarities) or found.best >= best - 1e-6:
                return found
            best = found.best

    def _run(self, rarities: Sequence[float], needed: Sequence[int]) -> Summary:
        conditions = Conditions(self.filters, self.snapshot.languages)
        where = self._gate(conditions)
        required = [one for one in self.parts if one.needed]
        where += [conditions.having(one) for one in required]
        if not required and self.parts:
            some = [conditions.having(self.parts[at]) for at in needed]
            where.append(f"({' OR '.join(some)})")
        statement = _STATEMENT.format(
            documents=DOCUMENTS,
            weights="".join(
                f", {conditions.weight(one)} AS w{at}" for at, one in enumerate(self.parts)
            ),
            where=" AND ".join(where),
            most=MOST,
            covered=_sum(
                f"CASE WHEN w{at} > 0 THEN {one:.6f} ELSE 0 END" for at, one in enumerate(rarities)
            ),
            score=_sum(f"w{at} * {one:.6f}" for at, one in enumerate(rarities)),
            options=_sum(
                f"CASE WHEN {conditions.having(one)} THEN 1 ELSE 0 END" for _, one in self.options
            ),
            whole=sum(rarities) or 1.0,
            enough=_ENOUGH if self.parts else "true",
            order=self._order(conditions),
            shown=self.most,
            since=_since(conditions, self.filters.moments),
        )
        row = self.snapshot.session.execute(text(statement), conditions.values).one()
        return Summary(row.total, row.compared, row.best or 0.0, row.ids, row.counts, row.since)

    def _order(self, conditions: Conditions) -> str:
        """Return the order of candidates: that of results, but of weights that are less exact."""
        if self.query.by_date:
            return "updated DESC"
        title = "".join(whole(c.text) for c in self.query.words() if not c.prefix)
        own = conditions.bound(sorted(self.filters.own), "bigint[]")
        prior = (
            f"(1 + {LINKED} * least(1, log(2.0, 1.0 + links) / 5)"
            f" + {FRESH} * power(0.5, ({self.snapshot.newest} - updated) / {float(YEAR)})"
            f" + CASE WHEN space_id = ANY({own}) THEN {OWN} ELSE 0 END)"
        )
        order = f"score * power(covered, {COVERED}) * {prior}"
        if title:
            is_whole = f"whole_title = {conditions.bound(title, 'text')}"
            order += f" + CASE WHEN {is_whole} THEN {WHOLE_TITLE} ELSE 0 END"
        return f"options DESC, {order} DESC"


def title_pools(statistics: Statistics, query: Query, filters: Filters, groups: Groups) -> Pools:
    """Return the pages with most of the words being typed in their titles or paths."""
    conditions = Conditions(filters, statistics.languages)
    some = [
        f"({' OR '.join(conditions.having(one) for one in group)})" for group in groups if group
    ]
    if not some:
        return []
    gate = " AND ".join([*conditions.gate(query), f"({' OR '.join(some)})"])
    count = _sum(f"CAST({one} AS integer)" for one in some)
    titled = _sum(
        f"CAST({conditions.having(one)} AS integer)"
        for group in groups
        for one in group
        if one.field == "title"
    )
    rows = statistics.session.execute(
        text(
            f"""
            WITH typed AS MATERIALIZED (
              SELECT d.page_id, {count} AS had, {titled} AS titled FROM {DOCUMENTS} d
              WHERE {gate} LIMIT {MOST_TITLED}
            )
            SELECT page_id FROM typed JOIN {TEXTS} USING (page_id)
            ORDER BY had DESC, titled DESC, length(title), page_id LIMIT {MOST_TITLES}
            """
        ),
        conditions.values,
    )
    candidates = Candidates(statistics.session, [page_id for (page_id,) in rows])
    every = frozenset(range(candidates.size))
    return [(SegmentView(candidates, every), set(every))]


def counts_of(summary: Summary, moments: Sequence[datetime]) -> dict[str, Any]:
    """Return the summaries of `Results`: pages by space, tag, kind and author, each with the most
    frequent first, and those changed since some moments."""

    def ranked(name: str, kind: type[int] | type[str]) -> dict[Any, int]:
        pairs = [(kind(value), count) for value, count in summary.counts.get(name, {}).items()]
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    return {
        "spaces": ranked("space", int),
        "tags": ranked("tag", str),
        "kinds": ranked("kind", str),
        "authors": ranked("author", int),
        "since": dict(zip(moments, summary.since, strict=False)),
    }


_STATEMENT = """
WITH weighed AS MATERIALIZED (
  SELECT d.page_id, d.space_id, d.updated, d.links, d.kind, d.whole_title, d.tags, d.authors,
    {options} AS options {weights}
  FROM {documents} d WHERE {where} LIMIT {most}
), matched AS MATERIALIZED (
  SELECT *, ({covered}) / {whole} AS covered, {score} AS score FROM weighed
), kept AS MATERIALIZED (
  SELECT * FROM matched WHERE {enough}
), counted AS (
  SELECT 'space' AS name, space_id::text AS value, count(*) AS pages FROM kept GROUP BY 2
  UNION ALL SELECT 'kind', kind, count(*) FROM kept GROUP BY 2
  UNION ALL SELECT 'tag', tag, count(*) FROM kept, unnest(tags) AS tag GROUP BY 2
  UNION ALL SELECT 'author', author::text, count(*) FROM kept, unnest(authors) AS author GROUP BY 2
)
SELECT
  (SELECT CAST(max(covered) AS double precision) FROM matched) AS best,
  (SELECT count(*) FROM weighed) AS compared,
  (SELECT count(*) FROM kept) AS total,
  ARRAY(SELECT page_id FROM kept ORDER BY {order}, updated DESC, page_id LIMIT {shown}) AS ids,
  coalesce((
    SELECT jsonb_object_agg(name, pages) FROM (
      SELECT name, jsonb_object_agg(value, pages) AS pages FROM counted GROUP BY name
    ) AS by_name
  ), '{{}}') AS counts,
  ARRAY[{since}]::bigint[] AS since
"""


_ENOUGH = f"covered > {KEPT} * (SELECT max(covered) FROM matched)"


def _since(conditions: Conditions, moments: Sequence[datetime]) -> str:
    times = (conditions.bound(one.timestamp(), "double precision") for one in moments)
    return ", ".join(f"(SELECT count(*) FROM kept WHERE updated >= {one})" for one in times)


def _sum(expressions: Iterator[str]) -> str:
    return " + ".join(expressions) or "0"


def _needed_for(rarities: Sequence[float], best: float) -> list[int]:
    """Return the numbers of the rarest parts, one of which a page must have to be a result if the
    best page has a share `best` of the query."""
    room = KEPT * best * sum(rarities)
    needed = sorted(range(len(rarities)), key=lambda at: -rarities[at])
    while needed and rarities[needed[-1]] < room:
        room -= rarities[needed.pop()]
    return needed


def _terms(query: Query, languages: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the terms that a query is about to be looked up by, with their fields."""
    for clause in query.words():
        found = asked(clause.text)
        names = [one.whole for one in found]
        words = {term for one in found for chain in one.chains for term in chain.terms}
        words |= {name for name in names if name}
        words |= {compound for _, _, compound in compounds(names)}
        for word in words:
            yield "text", word
            yield from (("text", form) for form in forms(word))
            yield from (("stem", stem(word, language)) for language in languages)
