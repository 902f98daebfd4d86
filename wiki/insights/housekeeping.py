"""Lists of problems in a space, read from the graph of links as far as the actor may read it.

Every list is a walk along an index from the end of the previous page, and stops when the page is
full. Counts stop at :data:`MANY` + 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from wiki.insights.wanted import SHOWN, count_up_to_many
from wiki.pages.below import holds_readable
from wiki.pages.links.backlinks import linked_by_hidden_names
from wiki.pages.links.models import TO_FILE, TO_PAGE, PageAnchor, PageLink
from wiki.pages.models import Folder, Page
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.text.markdown.headings import PREFIX
from wiki.web.paging import Slice, slice_of


@dataclass(frozen=True)
class BrokenSection:
    """A link of ``page`` to a section that ``target`` lacks; ``nearest`` is a similar one."""

    page: Page
    target: Page
    fragment: str
    nearest: str


def orphans(session: Session, actor: Actor, space: Space, after: str | None) -> Slice[Page]:
    """Return pages that no other page links to, by path. The home page and pages with pages below
    them are left out, because the tree leads to them."""
    return _pages(session, _orphans(session, actor, space), after)


def dead_ends(session: Session, actor: Actor, space: Space, after: str | None) -> Slice[Page]:
    """Return pages that link to no page, by path, except those with pages below them."""
    return _pages(session, _dead_ends(actor, space), after)


def _pages(session: Session, query: Select[Any], after: str | None) -> Slice[Page]:
    pages = query.with_only_columns(Page).options(joinedload(Page.updated_by))
    found = slice_of(session, pages, (Page.path_key,), after, SHOWN)
    return Slice([row[0] for row in found.rows], found.after)


def _leaves(actor: Actor, space: Space) -> Select[Any]:
    lower, folder = aliased(Page), aliased(Folder)
    return select(Page.id).where(
        Page.space_id == space.id,
        Page.path_key != "",
        live_for(actor),
        ~exists().where(
            lower.space_id == space.id,
            lower.parent_key == Page.path_key,
            live_for(actor, lower),
        ),
        ~exists().where(
            folder.space_id == space.id,
            folder.parent_key == Page.path_key,
            holds_readable(actor, folder),
        ),
    )


def _orphans(session: Session, actor: Actor, space: Space) -> Select[Any]:
    source = aliased(Page)
    linked = exists().where(
        PageLink.target_id == Page.id,
        PageLink.page_id != Page.id,
        source.id == PageLink.page_id,
        live_for(actor, source),
    )
    # To this actor, a link by name to a hidden page means another page, which is then no orphan.
    named = linked_by_hidden_names(session, actor, space)
    return _leaves(actor, space).where(~linked, Page.id.not_in(named))


def _dead_ends(actor: Actor, space: Space) -> Select[Any]:
    links = exists().where(
        PageLink.page_id == Page.id,
        TO_PAGE,
        or_(PageLink.target_id.is_(None), PageLink.target_id != Page.id),
    )
    return _leaves(actor, space).where(~links)


def broken_sections(
    session: Session, actor: Actor, space: Space, after: str | None
) -> Slice[BrokenSection]:
    """Return links of a space's pages to missing sections, by the path of the page."""
    target = aliased(Page)
    query = (
        _broken_sections(actor, space)
        .join(target, target.id == PageLink.target_id)
        .with_only_columns(Page, target, PageLink.fragment)
        .options(joinedload(target.space))
    )
    links = slice_of(session, query, (Page.path_key, PageLink.ordinal), after, SHOWN)
    names: dict[int, list[str]] = {}
    for id, anchor in session.execute(
        select(PageAnchor.page_id, PageAnchor.anchor).where(
            PageAnchor.page_id.in_({row[1].id for row in links.rows})
        )
    ):
        names.setdefault(id, []).append(anchor)
    found = [
        BrokenSection(page, to, fragment, _nearest(fragment, names.get(to.id, ())))
        for page, to, fragment, *_ in links.rows
    ]
    return Slice(found, links.after)


def _broken_sections(actor: Actor, space: Space) -> Select[Any]:
    there = exists().where(
        PageAnchor.page_id == PageLink.target_id, PageAnchor.anchor == PageLink.fragment
    )
    at = aliased(Page)
    readable = exists().where(at.id == PageLink.target_id, live_for(actor, at))
    return (
        select(PageLink.page_id)
        .join(Page, Page.id == PageLink.page_id)
        .where(
            Page.space_id == space.id,
            live_for(actor),
            PageLink.fragment != "",
            PageLink.fragment.not_like("fn%-%"),
            PageLink.target_id.is_not(None),
            ~TO_FILE,
            ~there,
            readable,
        )
    )


def _nearest(fragment: str, names: Iterable[str]) -> str:
    """Return the name most similar to ``fragment``; empty if none is similar."""

    def likeness(name: str) -> float:
        one, other = (each.removeprefix(PREFIX)[:100] for each in (fragment, name))
        return SequenceMatcher(None, one, other, autojunk=False).ratio()

    best = max(list(names)[:200], key=likeness, default="")
    return best if best and likeness(best) > 0.6 else ""


def count_orphans(session: Session, actor: Actor, space: Space) -> int:
    """Count the pages that :func:`orphans` lists, at most :data:`MANY` + 1."""
    return count_up_to_many(session, _orphans(session, actor, space))


def count_dead_ends(session: Session, actor: Actor, space: Space) -> int:
    """Count the pages that :func:`dead_ends` lists, at most :data:`MANY` + 1."""
    return count_up_to_many(session, _dead_ends(actor, space))


def count_broken_sections(session: Session, actor: Actor, space: Space) -> int:
    """Count the links that :func:`broken_sections` lists, at most :data:`MANY` + 1."""
    return count_up_to_many(session, _broken_sections(actor, space))
