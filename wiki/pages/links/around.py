"""Links into a part of the tree, and links to sections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from wiki.pages.links.models import TO_FILE, PageLink
from wiki.pages.models import Page
from wiki.pages.queries import editable_by, live_for
from wiki.rules.access import Actor

MAX_SECTIONS = 400
"""Maximum number of sections that are renamed at once."""


def select_to_sections(actor: Actor, page: Page, names: Iterable[str]) -> Select[Any]:
    return (
        select(*LINK_COLUMNS, PageLink.fragment)  # type: ignore[return-value]
        .join(Page, Page.id == PageLink.page_id)
        .where(
            PageLink.target_id == page.id,
            ~TO_FILE,
            PageLink.fragment.in_(list(names)[:MAX_SECTIONS]),
            live_for(actor),
        )
    )


def links_to_sections(
    session: Session, actor: Actor, page: Page, names: Iterable[str]
) -> dict[str, int]:
    """Return the number of links that lead to each of these sections, by section; only links in
    pages that the actor may read are counted."""
    found = select_to_sections(actor, page, names).subquery()
    rows = session.execute(select(found.c.fragment, func.count()).group_by(found.c.fragment))
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True)
class Around:
    """The number of pages that stay and link to the pages to be moved, the number of their links,
    and the number of further such pages that the actor may read but not edit."""

    pages: int
    links: int
    held: int


def links_into(session: Session, actor: Actor, page: Page) -> Around:
    """Count the links from other pages into a page and the pages below it."""
    inside = select(Page.id).where(
        Page.space_id == page.space_id,
        editable_by(actor),
        or_(Page.path_key == page.path_key, range_below(Page.path_key, page.path_key)),
    )
    counted = (
        select(func.count(PageLink.page_id.distinct()), func.count())
        .join(Page, Page.id == PageLink.page_id)
        .where(PageLink.target_id.in_(inside), PageLink.page_id.not_in(inside))
    )
    pages, links = session.execute(counted.where(editable_by(actor))).one()
    readable, _ = session.execute(counted.where(live_for(actor))).one()
    return Around(pages, links, readable - pages)


LINK_COLUMNS = (
    PageLink.page_id,
    PageLink.ordinal,
    PageLink.kind,
    PageLink.space_slug,
    PageLink.path_key,
    func.coalesce(PageLink.written_fragment, PageLink.fragment).label("written"),
)


def range_below(of: Any, key: str) -> ColumnElement[bool]:
    """Return the condition that a key lies below another, as an index range."""
    # "0" is the character after "/".
    return and_(of > f"{key}/", of < f"{key}0")
