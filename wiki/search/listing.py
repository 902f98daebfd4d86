"""Listed pages, with their breadcrumbs and without what the actor may not read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sqlalchemy import CompoundSelect, Select, bindparam, select, union
from sqlalchemy.orm import Session, contains_eager, joinedload

from wiki.outbox.models import Delivery, EventRow
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.redaction.models import RedactedPage, Redaction
from wiki.rules.access import Actor, May
from wiki.rules.roles import Role
from wiki.search.engine import Results
from wiki.search.excerpts import Pieces, marked
from wiki.spaces.gate import scopes_for, spaces_with
from wiki.text.paths import ancestors_of, path_key

SUBSCRIBERS = ("search.index_pages", "search.index_link_targets", "search.rebuild_index")
"""Names of the subscribers whose pending deliveries are the updates that the index lacks."""


@dataclass(frozen=True)
class Crumb:
    """An ancestor in the breadcrumbs of a page; `path` is within its space."""

    title: str
    path: str


@dataclass(frozen=True)
class Listed:
    """A hit as it is shown: the page, its breadcrumbs, its highlighted title and excerpt."""

    page: Page
    crumbs: tuple[Crumb, ...]
    title: Pieces
    excerpt: Pieces
    fragment: str = ""
    """The fragment of the section found, if it is one."""
    heading: str = ""
    score: float = 0.0
    matches: bool = False
    """True if every typed word begins a word of the title or path."""
    exact: bool = False
    """True if the typed text is the title, or names the page in a link."""


def hidden_pages(session: Session, actor: Actor) -> frozenset[int]:
    """Return the pages in readable spaces that the actor may not read: those hidden by labels or
    restrictions, and those with pending index updates that were deleted, moved, redacted or purged.

    Neither they nor the texts of their links find anything.
    """
    bounded, late = (session.scalars(statement) for statement in _hidden_pages(actor))
    return frozenset(bounded).union(id for id in late if id is not None)


# Built once for each actor, because building them takes longer than running them.
@lru_cache(maxsize=256)
def _hidden_pages(actor: Actor) -> tuple[Select[int], CompoundSelect[int | None]]:
    bounded = select(Page.id).where(
        Page.scope_id.is_not(None),
        Page.deleted_at.is_(None),
        Page.space_id.in_(spaces_with(actor, Role.READER)),
        Page.scope_id.not_in(scopes_for(actor, May.READ)),
    )
    under_way = (
        select(EventRow.page_id)
        .join(Delivery, Delivery.event_id == EventRow.id)
        .where(Delivery.subscriber.in_(SUBSCRIBERS), EventRow.page_id.is_not(None))
        .distinct()
    )
    # A purged page has no row.
    readable = select(Page.id).where(Page.id == EventRow.page_id, live_for(actor)).exists()
    # Redacted text is in the index until it is rebuilt.
    redacted = (
        select(RedactedPage.page_id)
        .join(Redaction, Redaction.id == RedactedPage.redaction_id)
        .where(Redaction.indexed_at.is_(None))
    )
    return bounded, union(under_way.where(~readable), redacted)


def listed_pages(session: Session, actor: Actor, found: Results) -> tuple[Listed, ...]:
    pages = pages_by_id(session, actor, [hit.page_id for hit in found.hits])
    there = [hit for hit in found.hits if hit.page_id in pages]
    listed = with_crumbs(session, [pages[hit.page_id] for hit in there])
    return tuple(
        replace(
            one,
            title=marked(one.page.title, found.terms),
            # An excerpt of an older revision may contain text that was removed.
            excerpt=hit.excerpt if hit.revision == one.page.head else (),
            fragment=hit.fragment if hit.revision == one.page.head else "",
            heading=hit.heading if hit.revision == one.page.head else "",
            score=hit.score,
        )
        for hit, one in zip(there, listed, strict=True)
    )


def pages_by_id(session: Session, actor: Actor, ids: Collection[int]) -> dict[int, Page]:
    """Return the pages that exist and that the actor may read, by id."""
    if not ids:
        return {}
    rows = session.scalars(_pages(actor), {"ids": list(ids)})
    return {page.id: page for page in rows.unique()}


@lru_cache(maxsize=64)
def _pages(actor: Actor) -> Select[Page]:
    return (
        select(Page)
        .join(Page.space)
        .where(Page.id.in_(bindparam("ids", expanding=True)), live_for(actor))
        .options(contains_eager(Page.space), joinedload(Page.updated_by))
    )


def with_crumbs(session: Session, pages: Sequence[Page]) -> list[Listed]:
    """Return the pages with the titles of their ancestors, found in one query."""
    above = {
        (page.space_id, path_key(path))
        for page in pages
        for path in ancestors_of(page.path)
        if path
    }
    titles: dict[tuple[int, str], str] = {}
    if above:
        rows = session.execute(
            select(Page.space_id, Page.path_key, Page.title).where(
                Page.space_id.in_({space for space, _ in above}),
                Page.path_key.in_({key for _, key in above}),
                Page.deleted_at.is_(None),
            )
        )
        titles = {(space, key): title for space, key, title in rows}
    return [
        Listed(
            page=page,
            crumbs=tuple(
                Crumb(titles.get((page.space_id, path_key(path))) or path.rpartition("/")[2], path)
                for path in ancestors_of(page.path)
                if path
            ),
            title=((page.title, False),),
            excerpt=(),
        )
        for page in pages
    ]
