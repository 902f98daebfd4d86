"""Pages that link to a page, limited to those that the reader may read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased, contains_eager

from wiki.db import batches
from wiki.pages.links.candidates import candidates_for
from wiki.pages.links.models import PageLink
from wiki.pages.links.naming import named_links, pages_concerned
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.spaces.models import Space


@dataclass(frozen=True)
class Backlink:
    """A page that links to another one, and the sections that it links to."""

    page: Page
    sections: tuple[str, ...]


def backlinks(session: Session, actor: Actor, page: Page, limit: int = 200) -> list[Backlink]:
    """Return pages that link to ``page`` at its path or a former one and that the actor may
    read."""
    sections: dict[int, set[str]] = _by_hidden_names(session, actor, page)
    linking = select(PageLink.page_id).where(PageLink.target_id == page.id)
    pages = (
        session.scalars(
            select(Page)
            .join(Page.space)
            .where(Page.id.in_(linking) | Page.id.in_(list(sections)))
            .where(Page.id != page.id, live_for(actor))
            .options(contains_eager(Page.space))
            .order_by(Page.title, Page.id)
            .limit(limit)
        )
        .unique()
        .all()
    )
    for id, fragment in session.execute(
        select(PageLink.page_id, PageLink.fragment)
        .where(
            PageLink.target_id == page.id,
            PageLink.page_id.in_([one.id for one in pages]),
            PageLink.fragment != "",
        )
        .distinct()
    ):
        sections.setdefault(id, set()).add(fragment)
    return [Backlink(one, tuple(sorted(sections.get(one.id, set()) - {""}))) for one in pages]


def linked_by_hidden_names(session: Session, actor: Actor, space: Space) -> set[int]:
    """Return the pages of a space that links by name of other pages mean for the actor only because
    the settled target of the link is hidden from them."""
    concerned = session.scalars(
        select(PageLink.page_id)
        .join(Page, Page.id == PageLink.page_id)
        .where(PageLink.space_slug == space.slug, *_to_hidden(actor), live_for(actor))
        .distinct()
    ).all()
    meant = _meant_by_hidden_names(session, actor, concerned)
    return {page_id for linking, page_id, _ in meant if linking != page_id}


def _by_hidden_names(session: Session, actor: Actor, page: Page) -> dict[int, set[str]]:
    """Return the pages, with sections, whose links by name mean a page that is hidden from the
    actor, and for the actor mean this one."""
    found: dict[int, set[str]] = {}
    concerned = pages_concerned(session, page.space.slug, [page.path_key])
    for linking, page_id, fragment in _meant_by_hidden_names(session, actor, concerned):
        if page_id == page.id:
            found.setdefault(linking, set()).add(fragment)
    return found


def _meant_by_hidden_names(
    session: Session, actor: Actor, page_ids: Collection[int]
) -> Iterator[tuple[int, int, str]]:
    """Yield, for links by name of some pages whose settled targets are hidden from the actor: the
    page with the link, the page that it means for the actor, and the section."""
    for ids in batches(sorted(page_ids)):
        links = named_links(session, PageLink.page_id.in_(ids), *_to_hidden(actor))
        candidates = candidates_for(session, links, actor)
        for link in links:
            chosen = candidates.choose(link)
            if chosen:
                yield link.page_id, chosen[0].page_id, chosen[1].fragment


def _to_hidden(actor: Actor) -> list[ColumnElement[bool]]:
    """Return the conditions that a link by name leads to a page that is hidden from the actor."""
    target = aliased(Page)
    readable = exists().where(target.id == PageLink.target_id, live_for(actor, target))
    return [PageLink.by_name.is_(True), PageLink.target_id.is_not(None), ~readable]
