"""Spaces as places to start from, for people who have not edited anything yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from wiki.kind_registry import registered_kinds
from wiki.pages.models import Page, Revision
from wiki.pages.ordering.siblings import IN_ORDER
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.spaces.models import Space

SPACES = 6
"""Number of spaces that are shown with their pages."""
_PAGES = 8


@dataclass(frozen=True)
class Start:
    """A space with its description, or else that of its home page, and its first pages; ``more``
    is True if it has others at its top."""

    space: Space
    description: str
    pages: Sequence[Page]
    more: bool


def starts_in(session: Session, actor: Actor, spaces: Sequence[Space]) -> Sequence[Start]:
    """Return the first of these spaces with the pages at their top that the actor may read, in the
    order of the tree."""
    some = spaces[:SPACES]
    if not some:
        return ()
    ids = [space.id for space in some]
    apart = [kind.name for kind in registered_kinds() if not kind.in_tree]
    top = (
        select(
            Page, func.row_number().over(partition_by=Page.space_id, order_by=IN_ORDER).label("row")
        )
        .where(
            Page.space_id.in_(ids),
            Page.parent_key == "",
            Page.path_key != "",
            Page.kind.not_in(apart),
            live_for(actor),
        )
        .subquery()
    )
    page = aliased(Page, top)
    first = select(page).where(top.c.row <= _PAGES + 1).order_by(top.c.row)
    pages: dict[int, list[Page]] = {id: [] for id in ids}
    for each in session.scalars(first):
        pages[each.space_id].append(each)
    described = (
        select(Page.space_id, Revision.description)
        .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .where(Page.space_id.in_(ids), Page.path_key == "", live_for(actor))
    )
    homes = {row.space_id: row.description for row in session.execute(described)}
    return [
        Start(
            space,
            space.description or homes.get(space.id, ""),
            pages[space.id][:_PAGES],
            len(pages[space.id]) > _PAGES,
        )
        for space in some
    ]
