"""The graph of links: which page's head links to what, and which names its sections have.

Derived of renderings and of what is at each place; whoever changes what is at a place settles the
links to it. Readers are told by `missing_links` what is there *for them*; ``target_id`` is the same
for everybody and never leaves a query that does not ask what the reader may read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Delete,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from wiki.outbox.actions import take_turn
from wiki.pages.models import Page, PageAnchor, PageLink, Redirect
from wiki.spaces.models import Space
from wiki.text.markup import Rendering
from wiki.text.paths import path_key

_NOTE = re.compile(r"fn(?:ref)?-[0-9-]+")
_AT_ONCE = 400
"""Values in one statement."""

Value = TypeVar("Value")


def keep_links(session: Session, page_id: int, rendering: Rendering) -> frozenset[str]:
    """Write down what a page's head links to, and the names of its sections, where they differ
    from what is there already. Of a rendering that was cut off no names are known.

    :returns: the names that are gone.
    """
    anchors = {anchor[:300] for anchor in rendering.anchors}
    links = [
        (
            link.ordinal,
            link.kind,
            link.space,
            path_key(link.path),
            link.fragment[:300],
            link.embedded,
        )
        for link in rendering.links
        if link.kind in ("page", "file")
        or (link.kind == "anchor" and is_section(link.fragment) and link.fragment not in anchors)
    ]
    of_page = {"of_page": page_id}
    connection = session.connection()
    if [tuple(row) for row in connection.execute(_links(), of_page)] != links:
        take_turn(session)
        connection.execute(_forget_links(), of_page)
        if links:
            rows = [dict(zip(_FIELDS, (page_id, *link), strict=True)) for link in links]
            connection.execute(_LINK, rows)
            connection.execute(_resolve_page(), of_page)
    if rendering.cut_off:
        return frozenset()
    kept = set(connection.scalars(_anchors(), of_page))
    if kept - anchors:
        connection.execute(_forget_anchors(), {**of_page, "gone": list(kept - anchors)})
    if anchors - kept:
        new = [{"page_id": page_id, "anchor": anchor} for anchor in anchors - kept]
        connection.execute(_NAME, new)
    return frozenset(kept - anchors)


Kept = tuple[int, str, str, str, str, bool]
"""A link as it is kept: ordinal, kind, slug, path key, fragment, whether a file is shown."""


def links_in(links: Iterable[Mapping[str, Any]]) -> list[Kept]:
    """The links to pages and files among those of a stored rendering."""
    return [
        (
            link["ordinal"],
            link["kind"],
            link["space"],
            path_key(link["path"]),
            link["fragment"][:300],
            link["embedded"],
        )
        for link in links
        if link["kind"] in ("page", "file")
    ]


def links_of(session: Session, page_ids: Sequence[int]) -> dict[int, list[Kept]]:
    """The links to pages and files that are kept of pages."""
    found: dict[int, list[Kept]] = {}
    for ids in some_at_once(page_ids):
        columns = [getattr(PageLink, name) for name in _FIELDS]
        rows = session.execute(
            select(*columns)
            .where(PageLink.page_id.in_(ids), PageLink.kind != "anchor")
            .order_by(PageLink.page_id, PageLink.ordinal)
        )
        for page_id, *link in rows:
            found.setdefault(page_id, []).append(tuple(link))
    return found


def count_astray(session: Session) -> int:
    """How many links are kept as leading elsewhere than to what is at their place."""
    wrong = and_(PageLink.kind != "file", PageLink.target_id.is_distinct_from(_there()))
    return session.scalar(select(func.count()).select_from(PageLink).where(wrong)) or 0


def settle_all_links(session: Session) -> None:
    """Let every link lead to what is at its place."""
    take_turn(session)
    session.execute(
        update(PageLink)
        .where(PageLink.kind != "file")
        .values(target_id=_there())
        .execution_options(synchronize_session=False)
    )


def has_links_to_sections(session: Session, page_id: int) -> bool:
    """Whether some page, whoever may read it, links to a section of this one."""
    return session.connection().scalar(_to_sections(), {"of_page": page_id}) is not None


def is_section(fragment: str) -> bool:
    """Whether a fragment means a section, not a note or nothing."""
    return bool(fragment) and not _NOTE.fullmatch(fragment)


def settle_links(session: Session, places: Iterable[tuple[str, str]]) -> None:
    """Let the links to these places (slug of the space, key of the path) lead to what is there.

    Called by whoever has changed that; after the rows of pages are written.
    """
    take_turn(session)
    for slug, group in groupby(sorted(set(places)), key=lambda place: place[0]):
        for keys in some_at_once([key for _, key in group]):
            session.execute(_resolve_places(), {"at_slug": slug, "at_keys": keys})


def relink(session: Session, links: Sequence[tuple[int, int, tuple[str, str, str, str]]]) -> None:
    """Write down what links (by page and ordinal) have become: kind, slug, path key, fragment.

    Called before the places are settled. A link to a section of its own page that was kept because
    it led nowhere and has another name now is kept no longer.
    """
    changed, found = [], []
    for page_id, ordinal, (kind, slug, key, fragment) in links:
        at = {"of_page": page_id, "at": ordinal}
        changed.append({**at, "slug": slug, "key": key, "name": fragment})
        if kind == "anchor":
            found.append(at)
    if changed:
        take_turn(session)
        session.connection().execute(_relink(), changed)
    if found:
        session.connection().execute(_forget_found(), found)


def places_of(session: Session, slug: str, pages: Sequence[Page]) -> list[tuple[str, str]]:
    """The places (slug, path key) at which pages of a space are and have been."""
    found = [(slug, page.path_key) for page in pages]
    return found + former_places(session, [page.id for page in pages])


def former_places(session: Session, page_ids: Sequence[int]) -> list[tuple[str, str]]:
    """The places at which pages have been before, and from which there are redirects."""
    found: list[tuple[str, str]] = []
    for ids in some_at_once(page_ids):
        found += [(slug, key) for slug, key in session.execute(_former_places(), {"ids": ids})]
    return found


def some_at_once(values: Sequence[Value]) -> Iterator[list[Value]]:
    """The values in parts that fit a statement."""
    for start in range(0, len(values), _AT_ONCE):
        yield list(values[start : start + _AT_ONCE])


# Building a statement costs more than running it, so these are built once.
_FIELDS = ("page_id", "ordinal", "kind", "space_slug", "path_key", "fragment", "embedded")
_LINK = insert(PageLink)
_NAME = insert(PageAnchor)


@cache
def _links() -> Select[Any]:
    columns = [getattr(PageLink, name) for name in _FIELDS[1:]]
    return (
        select(*columns).where(PageLink.page_id == bindparam("of_page")).order_by(PageLink.ordinal)
    )


@cache
def _to_sections() -> Select[int]:
    return (
        select(PageLink.page_id)
        .where(PageLink.target_id == bindparam("of_page"), PageLink.fragment != "")
        .limit(1)
    )


@cache
def _anchors() -> Select[str]:
    return select(PageAnchor.anchor).where(PageAnchor.page_id == bindparam("of_page"))


@cache
def _forget_links() -> Delete:
    return (
        delete(PageLink)
        .where(PageLink.page_id == bindparam("of_page"))
        .execution_options(synchronize_session=False)
    )


@cache
def _forget_anchors() -> Delete:
    return (
        delete(PageAnchor)
        .where(
            PageAnchor.page_id == bindparam("of_page"),
            PageAnchor.anchor.in_(bindparam("gone", expanding=True)),
        )
        .execution_options(synchronize_session=False)
    )


@cache
def _former_places() -> Select[str, str]:
    return (
        select(Space.slug, Redirect.path_key)
        .join(Space, Space.id == Redirect.space_id)
        .where(Redirect.page_id.in_(bindparam("ids", expanding=True)))
    )


@lru_cache(maxsize=1)
def _there() -> ColumnElement[int | None]:
    """The live page at the place of a link, or the one that has moved from it."""
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
        .values(space_slug=bindparam("slug"), path_key=bindparam("key"), fragment=bindparam("name"))
    )


@cache
def _forget_found() -> Delete:
    """Of a link to a section of its own page, when the section is there."""
    named = select(PageAnchor.anchor).where(PageAnchor.page_id == PageLink.page_id)
    return delete(PageLink).where(
        PageLink.page_id == bindparam("of_page"),
        PageLink.ordinal == bindparam("at"),
        PageLink.kind == "anchor",
        PageLink.fragment.in_(named),
    )


@cache
def _resolve_page() -> Update:
    return (
        update(PageLink)
        .where(PageLink.page_id == bindparam("of_page"), PageLink.kind != "file")
        .values(target_id=_there())
        .execution_options(synchronize_session=False)
    )


@cache
def _resolve_places() -> Update:
    return (
        update(PageLink)
        .where(
            PageLink.space_slug == bindparam("at_slug"),
            PageLink.path_key.in_(bindparam("at_keys", expanding=True)),
            PageLink.kind != "file",
        )
        .values(target_id=_there())
        .execution_options(synchronize_session=False)
    )
