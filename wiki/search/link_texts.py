"""The texts of links to pages, which say in other words than the pages' own what they are about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from wiki.db import batches
from wiki.pages.links.models import TO_PAGE, PageLink
from wiki.pages.models import Page
from wiki.pages.rendering.models import RenderingRow

MOST_LINKS = 40
"""Maximum number of links to a page whose texts count."""
LONGEST = 200
"""Maximum number of characters of a link's text that counts."""
CHUNK = 200
"""Number of renderings read from the database at once."""


@dataclass
class Linked:
    """The texts of links to a page, and the ids of the pages with these links."""

    texts: list[str] = field(default_factory=list)
    sources: set[int] = field(default_factory=set)


def link_texts(session: Session, pages: Sequence[Page]) -> Mapping[int, Linked]:
    """Return the texts of links to these pages, by page id.

    Only links from pages of the same space without restrictions of their own count. So whoever may
    read a page may read the texts of the links that lead to it.
    """
    homes = {page.id: page.space_id for page in pages if page.scope_id is None}
    wanted: dict[tuple[int, int], int] = {}
    counts: dict[int, int] = {}
    rows = session.connection().execute(_LINKS, {"targets": list(homes)})
    for source, ordinal, target, space_id in rows:
        if target is None or homes[target] != space_id or counts.get(target, 0) >= MOST_LINKS:
            continue
        counts[target] = counts.get(target, 0) + 1
        wanted[source, ordinal] = target
    found: dict[int, Linked] = {}
    for some in batches({source for source, _ in wanted}, CHUNK):
        for source, links in session.execute(
            select(RenderingRow.page_id, RenderingRow.links).where(RenderingRow.page_id.in_(some))
        ):
            for link in links:
                target = wanted.get((source, link["ordinal"]))
                if target is not None and link["text"]:
                    linked = found.setdefault(target, Linked())
                    linked.texts.append(link["text"][:LONGEST])
                    linked.sources.add(source)
    return found


_LINKS = (
    select(PageLink.page_id, PageLink.ordinal, PageLink.target_id, Page.space_id)
    .join(Page, Page.id == PageLink.page_id)
    .where(
        PageLink.target_id.in_(bindparam("targets", expanding=True)),
        PageLink.target_id != PageLink.page_id,
        TO_PAGE,
        PageLink.embedded.is_(False),
        Page.scope_id.is_(None),
        Page.deleted_at.is_(None),
    )
    .order_by(PageLink.page_id, PageLink.ordinal)
)


def targets_of(session: Session, sources: Collection[int], spaces: Collection[int]) -> set[int]:
    """Return the pages to which these pages, or restricted pages of these spaces, have links."""
    found = session.scalars(
        select(PageLink.target_id)
        .join(Page, Page.id == PageLink.page_id)
        .where(
            PageLink.target_id.is_not(None),
            or_(Page.id.in_(sources), Page.space_id.in_(spaces) & Page.scope_id.is_not(None)),
        )
        .distinct()
    )
    return {target for target in found if target is not None}
