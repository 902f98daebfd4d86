"""Resolution of links by name: one rule selects the first of the pages that a link can name.

Candidates are, in this order: pages at the places that the readings of the link name; pages
elsewhere whose path ends with the written path, the shortest path first, then the one nearest to
the page with the link; pages with a matching alias. The rule is applied to all pages when links are
settled (``page_links.target_id``). For a reader from whom the target is hidden, it is applied again
to the pages that they may read, so that the hidden page makes no difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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
    true,
    union,
    update,
)
from sqlalchemy.orm import Session, aliased

from wiki.db import batches
from wiki.pages.models import LinkReading, Page, PageAlias, PageLink, Redirect
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.spaces.gate import stands_in
from wiki.spaces.models import Space
from wiki.text.markdown.links import Link
from wiki.text.markdown.wikilinks import Reading
from wiki.text.paths import name_of, path_key

MOST = 1000
"""Maximum number of pages with the same name among which a link chooses; the shortest paths
count."""


class Spot(NamedTuple):
    """One reading of a link: the place that it names, its last segment if pages elsewhere can
    match, and the section."""

    space: str
    key: str
    name: str | None
    fragment: str


class Standing(NamedTuple):
    """A page as a candidate for links."""

    page_id: int
    space: str
    path: str
    key: str


@dataclass(frozen=True)
class Named:
    """A wiki link with its readings in order; ``stands`` is the path key of the page that contains
    it. For a stored link, also its settled target."""

    page_id: int
    ordinal: int
    space: str
    stands: str
    readings: tuple[Spot, ...]
    plain: Spot
    target_id: int | None = None
    fragment: str = ""


@dataclass
class Candidates:
    """Candidate pages by place (current or former), by last segment of the path, and by alias."""

    at: dict[tuple[str, str], Standing] = field(default_factory=dict)
    named: dict[tuple[str, str], list[Standing]] = field(default_factory=lambda: defaultdict(list))
    called: dict[tuple[str, str], list[Standing]] = field(default_factory=lambda: defaultdict(list))

    def choose(self, link: Named) -> tuple[Standing, Spot] | None:
        """Return the page that a link means and the reading that led to it."""
        for spot in link.readings:
            if (spot.space, spot.key) in self.at:
                return self.at[spot.space, spot.key], spot
        for spot in link.readings:
            among = self.named.get((spot.space, spot.name), ()) if spot.name else ()
            ending = f"/{spot.key}"
            fitting = [one for one in among if f"/{one.key}".endswith(ending)]
            if fitting:
                return min(fitting, key=distance(link.space, link.stands)), spot
        for spot in link.readings:
            among = self.called.get((spot.space, spot.key), ()) if spot.name else ()
            if among:
                return min(among, key=distance(link.space, link.stands)), spot
        return None

    def after(self, moved: Mapping[int, tuple[str, str]]) -> Candidates:
        """Return the candidates after some pages (by id) have moved to a new space and path,
        without redirects from their old places."""

        def now(one: Standing) -> Standing:
            space, path = moved.get(one.page_id, (one.space, one.path))
            return Standing(one.page_id, space, path, path_key(path))

        later = Candidates(
            {place: one for place, one in self.at.items() if one.page_id not in moved}
        )
        for id, (space, path) in moved.items():
            later.at[space, path_key(path)] = Standing(id, space, path, path_key(path))
        known = {one.page_id: now(one) for some in self.named.values() for one in some}
        known |= {id: Standing(id, *to, path_key(to[1])) for id, to in moved.items()}
        for one in known.values():
            later.named[one.space, name_of(one.key)].append(one)
        for (_, alias), some in self.called.items():
            for one in map(now, some):
                later.called[one.space, alias].append(one)
        return later


def distance(space: str, stands: str) -> Callable[[Standing], tuple[int, int, str]]:
    """Return the sort key for candidates as seen from a page: the shortest path first, then the
    longest common path."""
    here = stands.split("/")

    def order(one: Standing) -> tuple[int, int, str]:
        way = one.key.split("/")
        shared = 0
        if one.space == space:
            while shared < min(len(way) - 1, len(here)) and way[shared] == here[shared]:
                shared += 1
        return len(way), -shared, one.key

    return order


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


def candidates_for(
    session: Session,
    links: Iterable[Named],
    actor: Actor | None = None,
    among: ColumnElement[bool] | None = None,
) -> Candidates:
    """Return the pages that the links can mean, in four queries.

    :param actor: limits the candidates to pages that they may read.
    :param among: a condition on ``Page``.
    """
    spots = {spot for link in links for spot in link.readings}
    found = Candidates()
    if not spots:
        return found
    asked = {
        "slugs": sorted({spot.space for spot in spots}),
        "keys": sorted({spot.key for spot in spots}),
        "names": sorted({spot.name for spot in spots if spot.name}),
    }
    there = live_for(actor) if actor else Page.deleted_at.is_(None)
    if among is not None:
        there = and_(there, among)
    for slug, key, *page in session.execute(_moved(actor).where(there), asked):
        found.at[slug, key] = Standing(*page)
    for slug, *page in session.execute(_at().where(there), asked):
        one = Standing(*page)
        found.at[slug, one.key] = one
    if asked["names"]:
        for slug, name, *page in session.execute(_called(there), asked):
            found.named[slug, name].append(Standing(*page))
        for slug, alias, *page in session.execute(_known_as().where(there), asked):
            found.called[slug, alias].append(Standing(*page))
    return found


_PAGE = (Page.id, Space.slug, Page.path, Page.path_key)


def _in(column: Any, name: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.in_(bindparam(name, expanding=True))
    return found


def _at() -> Select[Any]:
    return (
        select(Space.slug, *_PAGE)  # type: ignore[return-value]
        .join(Page.space)
        .where(_in(Space.slug, "slugs"), _in(Page.path_key, "keys"))
    )


def _moved(actor: Actor | None) -> Select[Any]:
    former = aliased(Space)
    # Redirects of a space work only for its readers.
    open_to = stands_in(actor, former.id) if actor else true()
    return (
        select(former.slug, Redirect.path_key, *_PAGE)  # type: ignore[return-value]
        .select_from(Redirect)
        .join(former, former.id == Redirect.space_id)
        .join(Page, Page.id == Redirect.page_id)
        .join(Space, Space.id == Page.space_id)
        .where(_in(former.slug, "slugs"), _in(Redirect.path_key, "keys"), open_to)
    )


def _called(there: ColumnElement[bool]) -> Select[Any]:
    depth = func.length(Page.path_key) - func.length(func.replace(Page.path_key, "/", ""))
    nth = func.row_number().over(
        partition_by=(Page.space_id, Page.name_key), order_by=(depth, Page.path_key)
    )
    ranked = (
        select(Space.slug.label("in_space"), Page.name_key, *_PAGE, nth.label("nth"))
        .join(Page.space)
        .where(_in(Space.slug, "slugs"), _in(Page.name_key, "names"), there)
        .subquery()
    )
    return select(*list(ranked.c)[:-1]).where(ranked.c.nth <= MOST)


def _known_as() -> Select[Any]:
    return (
        select(Space.slug, PageAlias.alias_key, *_PAGE)  # type: ignore[return-value]
        .join(Page, Page.id == PageAlias.page_id)
        .join(Space, Space.id == Page.space_id)
        .where(_in(Space.slug, "slugs"), _in(PageAlias.alias_key, "keys"))
    )


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
