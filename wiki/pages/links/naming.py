"""Resolution of links by name: one rule selects the first of the pages that a link can name.

Candidates are, in this order: pages at the places that the readings of the link name; pages
elsewhere whose path ends with the written path, the shortest path first, then the one nearest to
the page with the link; pages with a matching alias. The rule is applied to all pages when links are
settled (``page_links.target_id``). For a reader from whom the target is hidden, it is applied again
to the pages that they may read, so that the hidden page makes no difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.orm import Session, aliased

from wiki.db import batches
from wiki.pages.links.candidates import Candidates, Named, Spot, Standing, candidates_for
from wiki.pages.links.models import LinkReading, PageAlias, PageLink
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.text.markdown.links import Link
from wiki.text.markdown.wikilinks import Reading
from wiki.text.paths import name_of, path_key


def spots_of(link: Link) -> tuple[Spot, ...]:
    """Return the readings of a link of a rendering, in order."""
    plain = Reading(0, link.space, link.path, link.fragment)
    return tuple(
        Spot(one.space, key, name_of(key) if link.named and key else None, one.section[:300])
        for one in sorted([plain, *link.others])
        for key in [path_key(one.path)]
    )


def meant_by(
    session: Session, space: str, path: str, links: Iterable[Link], actor: Actor | None = None
) -> dict[int, tuple[Standing, Spot]]:
    """Return the pages that the links by name of a text at the given place mean, by ordinal. The
    text need not be saved.

    :param actor: limits the candidates to pages that they may read.
    """
    asked = [
        Named(0, link.ordinal, space, path_key(path), spots := spots_of(link), spots[0])
        for link in links
        if link.kind == "page" and (link.named or link.others)
    ]
    found = candidates_for(session, asked, actor)
    chosen = {link.ordinal: found.choose(link) for link in asked}
    return {ordinal: one for ordinal, one in chosen.items() if one is not None}


def named_links(
    session: Session, *conditions: ColumnElement[bool], kinds: Sequence[str] = ("page",)
) -> list[Named]:
    """Return the links by name that satisfy conditions on ``PageLink``, in two queries.

    :param kinds: the kinds of the links, as they are written: ``page`` or ``file``.
    """
    rows = session.execute(
        select(
            PageLink.page_id, PageLink.ordinal, Space.slug, Page.path_key, PageLink.target_id,
            PageLink.fragment, PageLink.written_fragment, PageLink.space_slug,
            PageLink.path_key, PageLink.name_key,
        )
        .join(Page, Page.id == PageLink.page_id)
        .join(Space, Space.id == Page.space_id)
        .where(PageLink.by_name, PageLink.kind.in_(kinds), *conditions)
        .order_by(PageLink.page_id, PageLink.ordinal)
    ).all()  # fmt: skip
    others = _other_readings(session, {row[0] for row in rows})
    found = []
    for page_id, ordinal, space, stands, target_id, fragment, written, slug, key, name in rows:
        plain = Spot(slug, key, name, fragment if written is None else written)
        ranked = [(0, plain), *others.get((page_id, ordinal), ())]
        readings = tuple(one for _, one in sorted(ranked, key=lambda ranked: ranked[0]))
        found.append(Named(page_id, ordinal, space, stands, readings, plain, target_id, fragment))
    return found


def _other_readings(
    session: Session, page_ids: set[int]
) -> dict[tuple[int, int], list[tuple[int, Spot]]]:
    found: dict[tuple[int, int], list[tuple[int, Spot]]] = defaultdict(list)
    for ids in batches(sorted(page_ids)):
        rows = session.execute(
            select(
                LinkReading.page_id, LinkReading.ordinal, LinkReading.rank,
                LinkReading.space_slug, LinkReading.path_key, LinkReading.name_key,
                LinkReading.fragment,
            ).where(LinkReading.page_id.in_(ids))
        )  # fmt: skip
        for page_id, ordinal, rank, slug, key, name, fragment in rows:
            found[page_id, ordinal].append((rank, Spot(slug, key, name, fragment)))
    return found


def in_parts(
    session: Session, page_ids: Collection[int]
) -> Iterator[tuple[list[Named], Candidates]]:
    """Yield the links by name of pages in batches, each with the candidates for it."""
    for ids in batches(sorted(page_ids)):
        for some in batches(named_links(session, PageLink.page_id.in_(ids))):
            yield some, candidates_for(session, some)


def astray(session: Session, page_ids: Collection[int]) -> Iterator[tuple[Named, int | None, str]]:
    """Yield links by name of pages whose stored target is out of date, each with the page that it
    means, regardless of access, and the section."""
    for links, found in in_parts(session, page_ids):
        for link in links:
            chosen = found.choose(link)
            target = chosen[0].page_id if chosen else None
            fragment = chosen[1].fragment if chosen else link.plain.fragment
            if (target, fragment) != (link.target_id, link.fragment):
                yield link, target, fragment


def settle_named(session: Session, page_ids: Collection[int]) -> None:
    """Store the current targets of the links by name of pages."""
    changed = [
        {
            "of_page": link.page_id,
            "at": link.ordinal,
            "target": target,
            "name": fragment,
            "written": None if fragment == link.plain.fragment else link.plain.fragment,
        }
        for link, target, fragment in astray(session, page_ids)
    ]
    if changed:
        session.connection().execute(_LEAD, changed)


_TABLE: Any = PageLink.__table__
_LEAD = (
    update(_TABLE)
    .where(_TABLE.c.page_id == bindparam("of_page"), _TABLE.c.ordinal == bindparam("at"))
    .values(
        target_id=bindparam("target"),
        fragment=bindparam("name"),
        written_fragment=bindparam("written"),
    )
)


def pages_concerned(session: Session, slug: str, keys: Sequence[str]) -> set[int]:
    """Return the ids of pages with links by name that a change at these places (path keys of a
    space) can affect: their links name one of the places, or the pages are at one."""
    return set(session.scalars(union(*pages_naming(slug, keys))))


def pages_naming(slug: str, keys: Sequence[str]) -> list[Select[int]]:
    """Return the queries for these pages."""
    names = sorted({name_of(key) for key in keys if key})
    there = select(Page.id).join(Page.space).where(Space.slug == slug, Page.path_key.in_(keys))
    aliases = select(PageAlias.alias_key).where(PageAlias.page_id.in_(there))
    linking = select(PageLink.page_id).where(PageLink.by_name, PageLink.space_slug == slug)
    reading = select(LinkReading.page_id).where(LinkReading.space_slug == slug)
    return [
        linking.where(PageLink.path_key.in_(keys)),
        linking.where(PageLink.name_key.in_(names)),
        linking.where(PageLink.path_key.in_(aliases)),
        reading.where(LinkReading.path_key.in_(keys)),
        reading.where(LinkReading.name_key.in_(names)),
        select(PageLink.page_id).where(PageLink.by_name, PageLink.page_id.in_(there)),
    ]


def may_mean(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on ``PageLink`` that a link by name leads somewhere for the actor
    although its settled target is hidden from them."""
    page, space = aliased(Page), aliased(Space)

    def fits(key: Any, name: Any) -> ColumnElement[bool]:
        ending = func.substr(page.path_key, func.length(page.path_key) - func.length(key))
        called = exists().where(PageAlias.page_id == page.id, PageAlias.alias_key == key)
        elsewhere = and_(name == page.name_key, ending == literal("/") + key)
        return or_(page.path_key == key, elsewhere, and_(name.is_not(None), called))

    there = exists().where(
        page.space_id == space.id,
        space.slug == PageLink.space_slug,
        live_for(actor, page),
        fits(PageLink.path_key, PageLink.name_key),
    )
    read = exists().where(
        LinkReading.page_id == PageLink.page_id,
        LinkReading.ordinal == PageLink.ordinal,
        page.space_id == space.id,
        space.slug == LinkReading.space_slug,
        live_for(actor, page),
        fits(LinkReading.path_key, LinkReading.name_key),
    )
    return or_(there, read)
