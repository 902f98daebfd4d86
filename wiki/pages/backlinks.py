"""Pages that link to a page, limited to those that the reader may read."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased, contains_eager

from wiki.pages.graph import some_at_once
from wiki.pages.models import Page, PageLink
from wiki.pages.naming import candidates_for, named_links, pages_concerned
from wiki.pages.queries import live_for
from wiki.rules.access import Actor


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
            .where(Page.id.in_(linking) | Page.id.in_(list(sections)[:limit]))
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


def _by_hidden_names(session: Session, actor: Actor, page: Page) -> dict[int, set[str]]:
    """Return the pages, with sections, whose links by name mean a page that is hidden from the
    actor, and for the actor mean this one."""
    target = aliased(Page)
    readable = exists().where(target.id == PageLink.target_id, live_for(actor, target))
    found: dict[int, set[str]] = {}
    concerned = pages_concerned(session, page.space.slug, [page.path_key])
    for ids in some_at_once(sorted(concerned)):
        links = named_links(
            session,
            PageLink.page_id.in_(ids),
            PageLink.target_id.is_not(None),
            PageLink.target_id != page.id,
            ~readable,
        )
        candidates = candidates_for(session, links, actor)
        for link in links:
            chosen = candidates.choose(link)
            if chosen and chosen[0].page_id == page.id:
                found.setdefault(link.page_id, set()).add(chosen[1].fragment)
    return found
