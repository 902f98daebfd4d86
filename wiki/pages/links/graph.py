"""The graph of links between the heads of pages, and the section names of each head.

It is derived from renderings and from the pages at each place; every action that changes the page
at a place updates the links to it. ``target_id`` is the same for all readers, so queries must not
return it without checking access; `marks_of` returns the targets for a reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Delete,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from wiki.db import batches
from wiki.outbox.actions import take_turn
from wiki.pages.links.models import TO_FILE, TO_PAGE, TO_SECTION, LinkReading, PageAnchor, PageLink
from wiki.pages.links.naming import astray, settle_named
from wiki.pages.links.relinking import page_there
from wiki.text.markdown.markup import Link, Rendering
from wiki.text.paths import name_of, path_key

_NOTE = re.compile(r"fn(?:ref)?-[0-9-]+")
"""Maximum number of values in one statement."""


def keep_links(session: Session, page_id: int, rendering: Rendering) -> frozenset[str]:
    """Store the links and section names of a page's head where they differ from the stored ones. If
    the rendering was cut off, its section names are unknown, and the stored ones are kept.

    :returns: the section names that no longer exist.
    """
    anchors = {anchor[:300] for anchor in rendering.anchors}
    kept_links = [
        link
        for link in rendering.links
        if link.kind in ("page", "file")
        or (link.kind == "anchor" and is_section(link.fragment) and link.fragment not in anchors)
    ]
    links = [_kept(vars(link)) for link in kept_links]
    readings = [reading for link in kept_links for reading in _other_readings(link)]
    of_page = {"of_page": page_id}
    connection = session.connection()
    if [tuple(row) for row in connection.execute(_links(), of_page)] != links or [
        tuple(row) for row in connection.execute(_readings(), of_page)
    ] != readings:
        take_turn(session)
        connection.execute(_forget_links(), of_page)
        connection.execute(_forget_readings(), of_page)
        if links:
            rows = [dict(zip(_FIELDS, (page_id, *link), strict=True)) for link in links]
            connection.execute(_LINK, rows)
            connection.execute(_resolve_page(), of_page)
        if readings:
            connection.execute(
                _READING,
                [dict(zip(_READ, (page_id, *reading), strict=True)) for reading in readings],
            )
        if connection.scalar(_unsettled(), of_page) is not None:
            settle_named(session, [page_id])
    if rendering.cut_off:
        return frozenset()
    kept = set(connection.scalars(_anchors(), of_page))
    if kept - anchors:
        connection.execute(_forget_anchors(), {**of_page, "gone": list(kept - anchors)})
    if anchors - kept:
        new = [{"page_id": page_id, "anchor": anchor} for anchor in anchors - kept]
        connection.execute(_NAME, new)
    return frozenset(kept - anchors)


Kept = tuple[int, str, str, str, str, bool, bool, str | None]
"""A stored link: ordinal, kind, slug, path key, fragment, whether a file is embedded, whether it is
a link by name, and the last segment of its path if pages elsewhere can match it."""


def _kept(link: Mapping[str, Any]) -> Kept:
    key = path_key(link["path"])
    return (
        link["ordinal"],
        link["kind"],
        link["space"],
        key,
        link["fragment"][:300],
        link["embedded"],
        bool(link["named"] or link["others"]),
        name_of(key) if link["named"] and key else None,
    )


def _other_readings(link: Link) -> list[tuple[int, int, str, str, str | None, str]]:
    return sorted(
        (
            link.ordinal,
            rank,
            space,
            key := path_key(path),
            name_of(key) if link.named and key else None,
            fragment[:300],
        )
        for rank, space, path, fragment in link.others
    )


def links_in(links: Iterable[Mapping[str, Any]]) -> list[Kept]:
    """Return the links to pages and files among the links of a stored rendering, in the form in
    which they are stored."""
    return [_kept(link) for link in links if link["kind"] in ("page", "file")]


def links_of(session: Session, page_ids: Sequence[int]) -> dict[int, list[Kept]]:
    """Return the stored links of pages to pages and files, by page."""
    found: dict[int, list[Kept]] = {}
    for ids in batches(page_ids):
        rows = session.execute(
            select(PageLink.page_id, *_written())
            .where(PageLink.page_id.in_(ids), ~TO_SECTION)
            .order_by(PageLink.page_id, PageLink.ordinal)
        )
        for page_id, *link in rows:
            found.setdefault(page_id, []).append(tuple(link))
    return found


def count_astray(session: Session) -> int:
    """Return the number of links whose stored target differs from the page that they mean."""
    wrong = and_(
        ~TO_FILE,
        ~PageLink.by_name,
        PageLink.target_id.is_distinct_from(page_there()),
    )
    count = session.scalar(select(func.count()).select_from(PageLink).where(wrong)) or 0
    return count + sum(1 for _ in astray(session, _with_names(session)))


def settle_all_links(session: Session) -> None:
    """Update the targets of all links."""
    take_turn(session)
    session.execute(
        update(PageLink)
        .where(~TO_FILE)
        .values(target_id=page_there())
        .execution_options(synchronize_session=False)
    )
    settle_named(session, _with_names(session))


def _with_names(session: Session) -> Sequence[int]:
    return session.scalars(select(PageLink.page_id).where(PageLink.by_name).distinct()).all()


def has_links_to_sections(session: Session, page_id: int) -> bool:
    """Return whether any page links to a section of this one, regardless of access."""
    return session.connection().scalar(_to_sections(), {"of_page": page_id}) is not None


def is_section(fragment: str) -> bool:
    """Return whether a fragment names a section (and not a footnote, and is not empty)."""
    return bool(fragment) and not _NOTE.fullmatch(fragment)


# Building a statement costs more than running it, so these are built once.
_FIELDS = (
    *("page_id", "ordinal", "kind", "space_slug", "path_key", "fragment", "embedded"),
    *("by_name", "name_key"),
)
_READ = ("page_id", "ordinal", "rank", "space_slug", "path_key", "name_key", "fragment")
_LINK, _READING = insert(PageLink), insert(LinkReading)
_NAME = insert(PageAnchor)


@cache
def _links() -> Select[Any]:
    return (
        select(*_written())
        .where(PageLink.page_id == bindparam("of_page"))
        .order_by(PageLink.ordinal)
    )


def _written() -> list[Any]:
    """Return the columns of a link as it is written in its text."""
    columns = {name: getattr(PageLink, name) for name in _FIELDS[1:]}
    columns["fragment"] = func.coalesce(PageLink.written_fragment, PageLink.fragment)
    return list(columns.values())


@cache
def _readings() -> Select[Any]:
    return (
        select(*(getattr(LinkReading, name) for name in _READ[1:]))
        .where(LinkReading.page_id == bindparam("of_page"))
        .order_by(LinkReading.ordinal, LinkReading.rank)
    )


@cache
def _forget_readings() -> Delete:
    return (
        delete(LinkReading)
        .where(LinkReading.page_id == bindparam("of_page"))
        .execution_options(synchronize_session=False)
    )


@cache
def _unsettled() -> Select[int]:
    """Select a link by name of a page that may mean another page than the one at its written
    place."""
    before = select(LinkReading.rank).where(
        LinkReading.page_id == PageLink.page_id,
        LinkReading.ordinal == PageLink.ordinal,
        LinkReading.rank < 0,
    )
    return (
        select(PageLink.ordinal)
        .where(
            PageLink.page_id == bindparam("of_page"),
            PageLink.by_name,
            TO_PAGE,
            or_(PageLink.target_id.is_(None), before.exists()),
        )
        .limit(1)
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
def _resolve_page() -> Update:
    return (
        update(PageLink)
        .where(PageLink.page_id == bindparam("of_page"), ~TO_FILE)
        .values(target_id=page_there())
        .execution_options(synchronize_session=False)
    )
