"""Uses of files: the pages that show them or link to them, as far as an actor may read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.attachments.queries import FileSeen, place_of
from wiki.attachments.versions import current_at
from wiki.db import batches
from wiki.pages.links.models import TO_FILE, PageLink
from wiki.pages.links.naming_files import files_meant, named_to_files
from wiki.pages.models import Page, Redirect
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.text.paths import join, path_key

Place = tuple[str, str]
"""The slug of a space and the key of a file's place in it: the target of a link to a file."""


@dataclass(frozen=True)
class Use:
    """A page that uses a file."""

    page_id: int
    slug: str
    space: str
    path: str
    title: str


def uses_of(session: Session, actor: Actor, found: FileSeen, *, limit: int) -> list[Use]:
    """Return the pages whose text shows a file or links to it, by title. Links to its present
    address count, and links to addresses that it had before its page moved."""
    here = (found.seen.space.slug, path_key(found.path))
    owner = found.file.page
    places = {here, *(_former_places(session, [owner], [found.file]) if owner else ())}
    by_name = _named_uses(session, actor, found.seen.space.slug, [found.file])
    named = {page_id for page_id, place in by_name if place == here[1]}
    rows = session.execute(
        select(
            PageLink.space_slug, PageLink.path_key, Page.id, Space.slug, Space.title, Page.path,
            Page.title,
        )
        .join(Page, Page.id == PageLink.page_id)
        .join(Space, Space.id == Page.space_id)
        .where(TO_FILE, _any_of(places), live_for(actor))
        .distinct()
        .order_by(Page.title, Page.id)
        .limit(limit * 2)
    ).all()  # fmt: skip
    taken = {
        place
        for place in {(slug, key) for slug, key, *_ in rows} - {here}
        if _is_taken(session, actor, place)
    }
    uses = [
        Use(page_id, space_slug, space, path, title)
        for slug, key, page_id, space_slug, space, path, title in rows
        if (slug, key) not in taken and page_id not in named
    ]
    for ids in batches(sorted(named)):
        pages = session.execute(
            select(Page.id, Space.slug, Space.title, Page.path, Page.title)
            .join(Space, Space.id == Page.space_id)
            .where(Page.id.in_(ids), live_for(actor))
        )
        uses += [Use(*row) for row in pages]
    by_title = {use.page_id: use for use in sorted(uses, key=lambda use: (use.title, use.page_id))}
    return list(by_title.values())[:limit]


def use_counts(
    session: Session, actor: Actor, space: Space, files: Sequence[Attachment]
) -> dict[int, int]:
    """Return the number of pages that use each of the files of a space, by file id, with a few
    queries."""
    owners = {file.page.id: file.page for file in files if file.page}
    ids: dict[Place, set[int]] = defaultdict(set)
    for file in files:
        ids[space.slug, path_key(place_of(file))].add(file.id)
    pages: dict[int, set[int]] = defaultdict(set)
    for page_id, key in _named_uses(session, actor, space.slug, files):
        for file_id in ids.get((space.slug, key), ()):
            pages[file_id].add(page_id)
    for place, file_id in _former_places(session, owners.values(), files).items():
        if place not in ids:
            ids[place].add(file_id)
    for some in batches(list(ids), 2000):
        rows = session.execute(
            select(PageLink.space_slug, PageLink.path_key, PageLink.page_id)
            .join(Page, Page.id == PageLink.page_id)
            .where(
                TO_FILE,
                _any_of(some),
                live_for(actor),
            )
            .distinct()
        )
        for slug, key, page_id in rows:
            for file_id in ids[slug, key]:
                pages[file_id].add(page_id)
    return {file_id: len(found) for file_id, found in pages.items()}


def _named_uses(
    session: Session, actor: Actor, slug: str, files: Iterable[Attachment]
) -> set[tuple[int, str]]:
    """Return the pages (ids) with links by name that mean files of a space for the actor, each with
    the key of the file's place."""
    found: set[tuple[int, str]] = set()
    for names in batches(sorted({file.base_key for file in files})):
        links = named_to_files(session, actor, slug, names)
        for (page_id, _), file in files_meant(session, links, actor).items():
            found.add((page_id, file.key))
    return found


def _any_of(places: Iterable[Place]) -> ColumnElement[bool]:
    """Return the condition that a link leads to one of these places."""
    by_slug: dict[str, list[str]] = defaultdict(list)
    for slug, key in places:
        by_slug[slug].append(key)
    return or_(
        *(
            and_(PageLink.space_slug == slug, PageLink.path_key.in_(keys))
            for slug, keys in by_slug.items()
        )
    )


def _former_places(
    session: Session, owners: Iterable[Page], files: Sequence[Attachment]
) -> dict[Place, int]:
    """Return the places that files had before their pages moved, each with the file's id."""
    ids = [page.id for page in owners]
    if not ids:
        return {}
    rows = session.execute(
        select(Redirect.page_id, Space.slug, Redirect.path_key)
        .join(Space, Space.id == Redirect.space_id)
        .where(Redirect.page_id.in_(ids))
    )
    former = defaultdict(list)
    for page_id, slug, key in rows:
        former[page_id].append((slug, key))
    return {
        (slug, join(key, file.name_key)): file.id
        for file in files
        for slug, key in former.get(file.page_id or 0, ())
    }


def _is_taken(session: Session, actor: Actor, place: Place) -> bool:
    """Return whether a file is at a place now; links to it then mean that file."""
    slug, key = place
    space = session.scalar(select(Space).where(Space.slug == slug))
    return space is not None and bool(current_at(session, actor, space, key))
