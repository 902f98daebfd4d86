"""Resolution of links by name to files: the file at the written place, or one elsewhere whose path
ends with it, the shortest path first, then the one nearest to the page with the link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import column, literal, select, table, true, union_all
from sqlalchemy.orm import Session

from wiki.pages.models import Page
from wiki.pages.naming import Standing, distance
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.spaces.gate import stands_in
from wiki.spaces.models import Space
from wiki.text.links import Link
from wiki.text.paths import join, name_of, path_key

MOST = 2000
"""Maximum number of files with the requested names among which links choose."""

# Files belong to a higher layer than this module.
_files = table(
    "attachments",
    *map(column, ("page_id", "space_id", "name", "name_key", "base_key", "removed_at")),
)


@dataclass(frozen=True)
class NamedFile:
    """A link by name to a file, and the place of the page that contains it."""

    page_id: int
    ordinal: int
    space: str
    key: str
    own_space: str
    stands: str


def files_by_name(space: str, path: str, links: Iterable[Link]) -> list[NamedFile]:
    """Return the links by name to files in a text at the given place. The text need not be
    saved."""
    return [
        NamedFile(0, link.ordinal, link.space, path_key(link.path), space, path_key(path))
        for link in links
        if link.kind == "file" and link.named
    ]


def files_meant(
    session: Session, asked: Iterable[NamedFile], actor: Actor | None = None
) -> dict[tuple[int, int], Standing]:
    """Return the places of the files that links mean, by page and ordinal, in one query.

    :param actor: limits the candidates to files that they may read.
    """
    asked = list(asked)
    if not asked:
        return {}
    slugs = {one.space for one in asked}
    bases = {name_of(one.key) for one in asked}
    named = (_files.c.base_key.in_(bases), _files.c.removed_at.is_(None), Space.slug.in_(slugs))
    of_pages = (
        select(Space.slug, Page.path, _files.c.name)
        .select_from(_files)
        .join(Page, Page.id == _files.c.page_id)
        .join(Space, Space.id == Page.space_id)
        .where(*named, live_for(actor) if actor else Page.deleted_at.is_(None))
    )
    of_spaces = (
        select(Space.slug, literal("").label("path"), _files.c.name)
        .select_from(_files)
        .join(Space, Space.id == _files.c.space_id)
        .where(*named, stands_in(actor, Space.id) if actor else true())
    )
    there = [
        Standing(0, slug, path := join(folder, name), path_key(path))
        for slug, folder, name in session.execute(union_all(of_pages, of_spaces).limit(MOST))
    ]
    found = {}
    for one in asked:
        fitting = [
            file
            for file in there
            if file.space == one.space and f"/{file.key}".endswith(f"/{one.key}")
        ]
        if fitting:
            nearest = distance(one.own_space, one.stands)
            exact = [file for file in fitting if file.key == one.key]
            found[one.page_id, one.ordinal] = min(exact or fitting, key=nearest)
    return found
