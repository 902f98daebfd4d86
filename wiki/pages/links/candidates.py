"""Pages that a link by name can mean, and the rule that selects the first of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select, true
from sqlalchemy.orm import Session, aliased

from wiki.pages.links.models import PageAlias
from wiki.pages.models import Page, Redirect
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.spaces.gate import stands_in
from wiki.spaces.models import Space
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
