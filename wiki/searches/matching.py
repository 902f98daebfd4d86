"""Pages that match a query with all its words, among given ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.orm import Session

from wiki.pages.models import Page
from wiki.rules.access import Actor
from wiki.search.engine import Engine, Filters, Results
from wiki.search.listing import pages_by_id
from wiki.search.query import Query, parse
from wiki.search.scope import scope_of
from wiki.search.synonyms.queries import synonyms_in_force
from wiki.spaces.queries import list_spaces

MOST = 20
"""Maximum number of pages that are returned."""


def list_matches(
    session: Session,
    actor: Actor,
    engine: Engine,
    text: str,
    *,
    space: str = "",
    among: Collection[int],
) -> list[Page]:
    """Return those of some pages that the actor may read and that a search for the text finds
    without leaving out or respelling a word; the best first.

    :param among: ids of pages; of their hits, the first :data:`MOST` are looked at.
    :raises IndexUnavailable: when there is no usable index at the moment.
    """
    query = parse(text)
    if query.in_comments or query.empty or not among:
        return []
    filters, _notes = scope_of(session, actor, query, list_spaces(session, actor), space)
    within = frozenset(among)
    if filters.within is not None:
        within &= filters.within
    synonyms = synonyms_in_force(session)

    def search(query: Query, filters: Filters, limit: int) -> Results:
        return engine.search(query, filters, synonyms=synonyms, limit=limit)

    found = search(query, replace(filters, within=within), MOST)
    pages = pages_by_id(session, actor, [hit.page_id for hit in found.hits])
    matches = []
    for hit in found.hits:
        # Among several pages, one with some of the words is a hit too; alone it has to have all.
        alone = search(query, replace(filters, within=frozenset({hit.page_id})), 1)
        if hit.page_id in pages and alone.total and not (alone.loosened or alone.corrected):
            matches.append(pages[hit.page_id])
    return matches
