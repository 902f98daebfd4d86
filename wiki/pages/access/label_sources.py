"""Content that pages show or link to, and its labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from wiki.attachments.models import Attachment
from wiki.db import batches
from wiki.i18n import gettext as _
from wiki.pages.below import pages_at
from wiki.pages.links.models import TO_FILE, TO_SECTION, PageLink
from wiki.pages.links.naming import meant_by, named_links
from wiki.pages.links.naming_files import can_mean_file, files_by_name, files_meant
from wiki.pages.models import Page, Redirect, Revision
from wiki.pages.queries import live_for
from wiki.pages.rendering.stored import context_of, prepare
from wiki.pages.texts.stored import get_text
from wiki.rules.access import Actor
from wiki.rules.labels import Label
from wiki.spaces.gate import greatest, stands_in
from wiki.spaces.models import Scope, Space
from wiki.text.markdown.links import PICTURES, Link
from wiki.text.paths import ancestors_of, path_key
from wiki.text.rewrite.addresses import Place

What: TypeAlias = Literal["page", "picture", "file"]
# Every text that embeds a page or links to a file matches; most matching texts do neither.
_TELLING = re.compile(r"!\[|\[\[|\]\(|\]:|<[A-Za-z]")
_LABEL = greatest(Space.label, func.coalesce(Scope.label, 0))


@dataclass(frozen=True)
class Source:
    """The label of a page or file, and title and address of the page that it is or belongs to."""

    label: Label
    title: str
    slug: str
    path: str


@dataclass(frozen=True)
class Narrower:
    """Something that a page shows or links to and that has a higher label than the page. ``line``
    is its line in the text, 0 if unknown; ``name`` is the name of a file."""

    line: int
    what: What
    name: str
    source: Source

    @property
    def words(self) -> str:
        """The finding as part of a sentence."""
        if self.what == "page":
            return _("the page “%(title)s”", title=self.source.title)
        if self.what == "picture":
            return _("the picture %(name)s", name=self.name)
        return _("the file %(name)s", name=self.name)


def may_show(body: str) -> bool:
    """Return whether a text may embed a page or link to a file. The check is fast and has false
    positives."""
    return _TELLING.search(body) is not None


def labels_above(session: Session, label: Label) -> bool:
    """Return whether anything in the wiki has a higher label than this one."""
    spaces, scopes = exists().where(Space.label > label), exists().where(Scope.label > label)
    return bool(session.scalar(select(or_(spaces, scopes))))


def shown_in(session: Session, space: str, path: str, links: Sequence[Link]) -> dict[Place, Place]:
    """Return the places that a text embeds or links to, by the written place; for links by name,
    those of the pages and files that they mean."""
    meant = meant_by(session, space, path, links)
    asked = files_by_name(space, path, links)
    files = files_meant(session, [link for link in asked if link.ordinal not in meant])
    found: dict[Place, Place] = {}
    for link in links:
        at = link.space, path_key(link.path)
        if file := files.get((0, link.ordinal)):
            found["file", *at] = ("file", file.space, file.key)
        elif _is_shown(link):
            to = meant[link.ordinal][0] if link.ordinal in meant else None
            found[link.kind, *at] = (link.kind, to.space, to.key) if to else (link.kind, *at)
    return found


def _is_shown(link: Link) -> bool:
    return link.kind == "file" or (link.kind == "page" and link.embedded)


def narrower_source(line: int, place: Place, source: Source) -> Narrower:
    kind, _, key = place
    name = key.rpartition("/")[2]
    if kind == "page":
        return Narrower(line, "page", "", source)
    is_picture = name.rpartition(".")[2] in PICTURES
    return Narrower(line, "picture" if is_picture else "file", name, source)


def sources_of(session: Session, actor: Actor, places: Iterable[Place]) -> dict[Place, Source]:
    """Return what is at places, limited to what the actor may read."""
    wanted: dict[str, list[tuple[str, str]]] = {"page": [], "file": []}
    for kind, slug, key in sorted(set(places)):
        wanted[kind].append((slug, key))
    found: dict[Place, Source] = {}
    for some in batches(wanted["page"]):
        asked = {"slugs": sorted({slug for slug, _ in some}), "keys": [key for _, key in some]}
        for slug, key, *row in session.execute(_pages_at(actor), asked):
            if (slug, key) in some:
                found["page", slug, key] = _source(*row)
    for some in batches(wanted["file"]):
        found |= _files_at(session, actor, some)
    return found


def _source(label: int, title: str, slug: str, path: str) -> Source:
    return Source(Label(label), title, slug, path)


@lru_cache(maxsize=256)
def _pages_at(actor: Actor) -> Select[Any]:
    there = pages_at(actor)
    return (
        select(there.c.slug, there.c.path_key, _LABEL, Page.title, Space.slug, Page.path)
        .select_from(there)
        .join(Page, Page.id == there.c.page_id)
        .join(Space, Space.id == Page.space_id)
        .outerjoin(Scope, Scope.id == Page.scope_id)
    )


def _files_at(
    session: Session, actor: Actor, places: Collection[tuple[str, str]]
) -> dict[Place, Source]:
    """Return the pages that have the files at these places, the nearest one for each, also by a
    former path of the page. A file that no page has belongs to the space."""
    ways = {
        (slug, above, key[len(above) :].lstrip("/")): (slug, key)
        for slug, key in places
        for above in ancestors_of(key)
    }
    slugs = sorted({slug for slug, _ in places})
    aboves = sorted({above for _, above, _ in ways})
    names = sorted({name for _, _, name in ways})
    is_file = and_(Attachment.name_key.in_(names), Attachment.removed_at.is_(None))
    at_former = (
        select(Space.slug, Redirect.path_key, Redirect.page_id)
        .join(Redirect, Redirect.space_id == Space.id)
        .where(Space.slug.in_(slugs), Redirect.path_key.in_(aboves))
        .subquery("former")
    )
    of_page = (_LABEL, Page.title, Space.slug, Page.path)
    owned = (
        select(Attachment.name_key, *of_page)
        .select_from(Attachment)
        .join(Page, Page.id == Attachment.page_id)
        .join(Space, Space.id == Page.space_id)
        .outerjoin(Scope, Scope.id == Page.scope_id)
        .where(is_file, live_for(actor))
    )
    here = owned.add_columns(Space.slug, Page.path_key).where(
        Space.slug.in_(slugs), Page.path_key.in_(aboves)
    )
    moved = owned.join(at_former, at_former.c.page_id == Page.id).add_columns(
        at_former.c.slug, at_former.c.path_key
    )
    own = (
        select(Space.slug, Attachment.name_key, Space.label, Space.title)
        .select_from(Attachment)
        .join(Space, Space.id == Attachment.space_id)
        .where(
            Space.slug.in_(slugs),
            Attachment.name_key.in_([key for _, key in places]),
            Attachment.removed_at.is_(None),
            stands_in(actor, Space.id),
        )
    )
    found: dict[Place, Source] = {}
    for query in (here, moved):
        nearest: dict[Place, tuple[int, Source]] = {}
        for name, label, title, slug, path, at, above in session.execute(query):
            place = ways.get((at, above, name))
            if place and len(above) >= nearest.get(("file", *place), (-1,))[0]:
                nearest["file", *place] = len(above), _source(label, title, slug, path)
        found = {place: source for place, (_, source) in nearest.items()} | found
    for slug, key, label, title in session.execute(own):
        found.setdefault(("file", slug, key), _source(label, title, slug, ""))
    return found


def label_of(session: Session, page: Page) -> Label:
    """Return the effective label of a page whose space is loaded."""
    if page.scope_id is None:
        return Label(page.space.label)
    return Label(labels_of(session, [page.id])[page.id])


def labels_of(session: Session, page_ids: Iterable[int]) -> dict[int, int]:
    """Return the effective labels of pages, by id."""
    found: dict[int, int] = {}
    for some in batches(sorted(page_ids)):
        query = (
            select(Page.id, _LABEL)
            .join(Space, Space.id == Page.space_id)
            .outerjoin(Scope, Scope.id == Page.scope_id)
            .where(Page.id.in_(some))
        )
        found |= {row[0]: row[1] for row in session.execute(query)}
    return found


def shown_by(session: Session, actor: Actor, page_ids: Iterable[int]) -> list[tuple[Page, Place]]:
    """Return what the newest texts of pages embed or link to, in order of their paths."""
    found: dict[tuple[str, Place], Page] = {}
    target, of_target = aliased(Page), aliased(Space)
    for some in batches(sorted(page_ids)):
        there = and_(Page.id.in_(some), live_for(actor))
        nowhere = PageLink.page_id.in_(some), PageLink.target_id.is_(None)
        named = named_links(session, *nowhere, kinds=("page", "file"))
        files = files_meant(session, filter(can_mean_file, named))
        can_be_file = and_(PageLink.by_name, PageLink.target_id.is_(None))
        kept = or_(TO_FILE, PageLink.embedded, can_be_file)
        for page, ordinal, kind, embedded, slug, key in session.execute(
            select(
                Page,
                PageLink.ordinal,
                PageLink.kind,
                PageLink.embedded,
                func.coalesce(of_target.slug, PageLink.space_slug),
                func.coalesce(target.path_key, PageLink.path_key),
            )
            .join(PageLink, PageLink.page_id == Page.id)
            .outerjoin(target, target.id == PageLink.target_id)
            .outerjoin(of_target, of_target.id == target.space_id)
            .where(there, kept, ~TO_SECTION, Page.rendered == Page.head)
        ):
            if file := files.get((page.id, ordinal)):
                found[page.path_key, ("file", file.space, file.key)] = page
            elif kind == "file" or embedded:
                found[page.path_key, (kind, slug, key)] = page
        for page, revision, slug in session.execute(
            select(Page, Revision, Space.slug)
            .join(Revision, and_(Revision.page_id == Page.id, Revision.number == Page.head))
            .join(Space, Space.id == Page.space_id)
            .where(there, Page.rendered != Page.head)
        ):
            body = get_text(session, revision.content_hash)
            if not may_show(body):
                continue
            rendering = prepare(revision.content_hash, body, context_of(slug, revision))
            for place in shown_in(session, slug, page.path, rendering.links).values():
                found[page.path_key, place] = page
    return [(found[key], key[1]) for key in sorted(found)]
