"""Updates of links whose places have other pages now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import groupby

from sqlalchemy import (
    ColumnElement,
    Delete,
    Select,
    Update,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    select,
    union,
    update,
)
from sqlalchemy.orm import Session, aliased

from wiki.db import batches
from wiki.outbox.actions import take_turn
from wiki.pages.links.models import TO_FILE, TO_SECTION, LinkReading, PageAnchor, PageLink
from wiki.pages.links.naming import pages_naming, settle_named
from wiki.pages.models import Page, Redirect
from wiki.spaces.models import Space
from wiki.text.paths import name_of

_BY_PATH = 0
"""Stands for all pages with links to a place among the ids of pages with links by name."""


def settle_links(session: Session, places: Iterable[tuple[str, str]]) -> None:
    """Update the targets of the links to these places (slug of the space, key of the path).

    Called by every action that has changed the page at a place, after the rows of pages are
    written.
    """
    take_turn(session)
    for slug, group in groupby(sorted(set(places)), key=lambda place: place[0]):
        for keys in batches([key for _, key in group]):
            linked = exists().where(
                PageLink.space_slug == slug, PageLink.path_key.in_(keys), ~TO_FILE
            )
            by_path = select(literal(_BY_PATH)).where(linked)
            concerned = set(session.scalars(union(by_path, *pages_naming(slug, keys))))
            if _BY_PATH in concerned:
                session.execute(_resolve_places(), {"at_slug": slug, "at_keys": keys})
            settle_named(session, concerned - {_BY_PATH})


def relink(session: Session, links: Sequence[tuple[int, int, tuple[str, str, str, str]]]) -> None:
    """Store the new values of links that were repaired, by page and ordinal: kind, slug, path key,
    fragment.

    Called before the places are settled. A stored link to a missing section of its own page is
    deleted if the section with its new name exists.
    """
    changed, found = [], []
    for page_id, ordinal, (kind, slug, key, fragment) in links:
        at = {"of_page": page_id, "at": ordinal}
        key_of_name = name_of(key) or None
        changed.append({**at, "slug": slug, "key": key, "name": fragment, "last": key_of_name})
        if kind == "anchor":
            found.append(at)
    if changed:
        take_turn(session)
        session.connection().execute(_relink(), changed)
        session.connection().execute(_forget_reading(), changed)
    if found:
        session.connection().execute(_forget_found(), found)


def places_of(session: Session, slug: str, pages: Sequence[Page]) -> list[tuple[str, str]]:
    """Return the places (slug, path key) at which pages of a space are, and those with redirects to
    them."""
    found = [(slug, page.path_key) for page in pages]
    return found + former_places(session, [page.id for page in pages])


def former_places(session: Session, page_ids: Sequence[int]) -> list[tuple[str, str]]:
    """Return the places from which there are redirects to pages."""
    found: list[tuple[str, str]] = []
    for ids in batches(page_ids):
        found += [(slug, key) for slug, key in session.execute(_former_places(), {"ids": ids})]
    return found


@cache
def _former_places() -> Select[str, str]:
    return (
        select(Space.slug, Redirect.path_key)
        .join(Space, Space.id == Redirect.space_id)
        .where(Redirect.page_id.in_(bindparam("ids", expanding=True)))
    )


@lru_cache(maxsize=1)
def page_there() -> ColumnElement[int | None]:
    """Return a subquery of the live page at the place of a link, or of the one that has moved from
    it."""
    space, page = aliased(Space), aliased(Page)
    at = (
        select(page.id)
        .join(space, space.id == page.space_id)
        .where(
            space.slug == PageLink.space_slug,
            page.path_key == PageLink.path_key,
            page.deleted_at.is_(None),
        )
        .correlate(PageLink)
        .scalar_subquery()
    )
    moved = (
        select(page.id)
        .join(Redirect, Redirect.page_id == page.id)
        .join(space, space.id == Redirect.space_id)
        .where(
            space.slug == PageLink.space_slug,
            Redirect.path_key == PageLink.path_key,
            page.deleted_at.is_(None),
        )
        .correlate(PageLink)
        .scalar_subquery()
    )
    return func.coalesce(at, moved)


@cache
def _relink() -> Update:
    return (
        update(PageLink)
        .where(PageLink.page_id == bindparam("of_page"), PageLink.ordinal == bindparam("at"))
        .values(
            space_slug=bindparam("slug"),
            path_key=bindparam("key"),
            fragment=bindparam("name"),
            written_fragment=None,
            name_key=case((PageLink.name_key.is_not(None), bindparam("last"))),
        )
    )


@cache
def _forget_reading() -> Delete:
    return delete(LinkReading).where(
        LinkReading.page_id == bindparam("of_page"), LinkReading.ordinal == bindparam("at")
    )


@cache
def _forget_found() -> Delete:
    """Delete a link to a missing section of its own page if the section exists now."""
    named = select(PageAnchor.anchor).where(PageAnchor.page_id == PageLink.page_id)
    return delete(PageLink).where(
        PageLink.page_id == bindparam("of_page"),
        PageLink.ordinal == bindparam("at"),
        TO_SECTION,
        PageLink.fragment.in_(named),
    )


@cache
def _resolve_places() -> Update:
    return (
        update(PageLink)
        .where(
            PageLink.space_slug == bindparam("at_slug"),
            PageLink.path_key.in_(bindparam("at_keys", expanding=True)),
            ~TO_FILE,
        )
        .values(target_id=page_there())
        .execution_options(synchronize_session=False)
    )
