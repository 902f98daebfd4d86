"""Resolution of links by name to files: the file at a place that a reading of the link names, or
one elsewhere whose path ends with it, the shortest path first, then the one nearest to the page
with the link.

A wiki link that finds no page (`[[report.pdf]]`) can mean a file. Files are looked up when links
are shown or listed and are not stored with the links, because each reader may have other files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from wiki.attachments.models import Attachment
from wiki.pages.links.candidates import MOST, Named, Standing, candidates_for, distance
from wiki.pages.links.models import LinkReading, PageLink
from wiki.pages.links.naming import named_links, spots_of
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.spaces.gate import stands_in
from wiki.spaces.models import Space
from wiki.text.markdown.destinations import file_url
from wiki.text.markdown.links import Link
from wiki.text.paths import join, name_of, path_key


def files_by_name(space: str, path: str, links: Iterable[Link]) -> list[Named]:
    """Return the links in a text at the given place that can mean a file by its name. The text need
    not be saved."""
    asked = [
        Named(0, link.ordinal, space, path_key(path), spots := spots_of(link), spots[0])
        for link in links
        if link.kind in ("page", "file") and (link.named or link.others)
    ]
    return [link for link in asked if can_mean_file(link)]


def can_mean_file(link: Named) -> bool:
    """Return whether a link has a reading with the name of a file."""
    return any("." in name_of(spot.key) for spot in link.readings)


def named_to_files(session: Session, actor: Actor, slug: str, names: Sequence[str]) -> list[Named]:
    """Return the links by name, on pages that the actor may read, that can mean files with these
    keys of names in a space."""
    reading = aliased(LinkReading)
    other = exists().where(
        reading.page_id == PageLink.page_id,
        reading.ordinal == PageLink.ordinal,
        reading.space_slug == slug,
        reading.name_key.in_(names),
    )
    plain = and_(PageLink.space_slug == slug, PageLink.name_key.in_(names))
    links = named_links(session, or_(plain, other), live_for(actor), kinds=("page", "file"))
    hidden = [link for link in links if link.target_id is not None]
    pages = candidates_for(session, hidden, actor)
    taken = {(link.page_id, link.ordinal) for link in hidden if pages.choose(link)}
    return [link for link in links if (link.page_id, link.ordinal) not in taken]


def address_of(file: Standing, link: Named) -> str:
    """Return the address of the file that a link means, with the place in it that the link
    names."""
    return file_url(file.space, file.path, link.plain.fragment)


def files_meant(
    session: Session,
    asked: Iterable[Named],
    actor: Actor | None = None,
    among: ColumnElement[bool] | None = None,
) -> dict[tuple[int, int], Standing]:
    """Return the places of the files that links mean, by page and ordinal, in two queries.

    :param actor: limits the candidates to files that they may read.
    :param among: a condition on ``Page``: only files of such pages are candidates.
    """
    found: dict[tuple[int, int], Standing] = {}
    asked = list(asked)
    if not asked:
        return found
    exact = _candidates(session, asked, actor, among, exact=True)
    at = {(file.space, file.key): file for some in exact.values() for file in some}
    for link in asked:
        for spot in link.readings:
            if (spot.space, spot.key) in at:
                found.setdefault((link.page_id, link.ordinal), at[spot.space, spot.key])
    left = [link for link in asked if (link.page_id, link.ordinal) not in found]
    elsewhere = [link for link in left if any(spot.name for spot in link.readings)]
    if not elsewhere:
        return found
    there = _candidates(session, elsewhere, actor, among, exact=False)
    for link in elsewhere:
        fitting = {
            file
            for spot in link.readings
            if spot.name
            for file in there.get((spot.space, spot.name), ())
            if f"/{file.key}".endswith(f"/{spot.key}")
        }
        if fitting:
            nearest = distance(link.space, link.stands)
            found[link.page_id, link.ordinal] = min(fitting, key=nearest)
    return found


def _candidates(
    session: Session,
    links: Iterable[Named],
    actor: Actor | None,
    among: ColumnElement[bool] | None,
    *,
    exact: bool,
) -> dict[tuple[str, str], list[Standing]]:
    """Return the files with the names of links, by space and name: those at the very places, or
    those with the shortest paths."""
    spots = {spot for link in links for spot in link.readings}
    slugs = {spot.space for spot in spots}
    bases = {name_of(spot.key) for spot in spots}
    named = (Attachment.base_key.in_(bases), Attachment.removed_at.is_(None), Space.slug.in_(slugs))
    place = _place_of(Page)
    live = live_for(actor) if actor else Page.deleted_at.is_(None)
    ways: list[Any] = [
        select(Space.slug, Page.path, Attachment.name, Attachment.base_key, place.label("place"))
        .select_from(Attachment)
        .join(Page, Page.id == Attachment.page_id)
        .join(Space, Space.id == Page.space_id)
        .where(*named, live, true() if among is None else among)
    ]
    if among is None:
        own = Attachment.name_key.label("place")
        ways.append(
            select(Space.slug, literal("").label("path"), Attachment.name, Attachment.base_key, own)
            .select_from(Attachment)
            .join(Space, Space.id == Attachment.space_id)
            .where(*named, stands_in(actor, Space.id) if actor else true())
        )
    files = union_all(*ways).subquery("files")
    depth = func.length(files.c.place) - func.length(func.replace(files.c.place, "/", ""))
    nth = func.row_number().over(
        partition_by=(files.c.slug, files.c.base_key), order_by=(depth, files.c.place)
    )
    if exact:
        keys = {spot.key for spot in spots}
        rows = session.execute(
            select(files.c.slug, files.c.path, files.c.name, files.c.base_key).where(
                files.c.place.in_(keys)
            )
        )
    else:
        ranked = select(*files.c, nth.label("nth")).subquery("ranked")
        rows = session.execute(
            select(ranked.c.slug, ranked.c.path, ranked.c.name, ranked.c.base_key).where(
                ranked.c.nth <= MOST
            )
        )
    found: dict[tuple[str, str], list[Standing]] = defaultdict(list)
    for slug, folder, name, base in rows:
        path = join(folder, name)
        found[slug, base].append(Standing(0, slug, path, path_key(path)))
    return found


def _place_of(page: type[Page]) -> ColumnElement[str]:
    """Return the key of the place of a file of a page."""
    below = page.path_key + "/" + Attachment.name_key
    return case((page.path_key == "", Attachment.name_key), else_=below)


def leads_to_file(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on ``PageLink`` that the link can mean a file that the actor may
    read."""

    def ends_with(links: Any, place: Any) -> ColumnElement[bool]:
        ending = func.substr(place, func.length(place) - func.length(links.path_key))
        return or_(place == links.path_key, ending == literal("/") + links.path_key)

    read = exists().where(
        LinkReading.page_id == PageLink.page_id,
        LinkReading.ordinal == PageLink.ordinal,
        _file_exists(actor, LinkReading, ends_with),
    )
    return and_(PageLink.by_name, or_(_file_exists(actor, PageLink, ends_with), read))


def leads_to_exact_file(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on ``PageLink`` that the actor may read a file at the exact place."""
    return _file_exists(actor, PageLink, lambda links, place: place == links.path_key)


def _file_exists(
    actor: Actor, links: Any, fits: Callable[[Any, Any], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Return the condition that the actor may read a file with the name of a link.

    :param links: ``PageLink`` or ``LinkReading``. :param fits: the condition on the link and the
        place of the file.
    """
    page, space = aliased(Page), aliased(Space)
    of_page = (
        select(literal(1))
        .select_from(Attachment)
        .join(page, page.id == Attachment.page_id)
        .join(space, space.id == page.space_id)
        .where(live_for(actor, page), fits(links, _place_of(page)))
    )
    of_space = (
        select(literal(1))
        .select_from(Attachment)
        .join(space, space.id == Attachment.space_id)
        .where(stands_in(actor, space.id), fits(links, Attachment.name_key))
    )
    named = (
        Attachment.base_key == links.name_key,
        Attachment.removed_at.is_(None),
        space.slug == links.space_slug,
    )
    return or_(*(one.where(*named).correlate(links).exists() for one in (of_page, of_space)))
