"""Label flow: a page must not show content, or link to files, with a higher label than its own,
because its readers may not be cleared for it.

This is checked when a text is saved and when a page gets a lower label. Content that the actor may
not read is treated as absent: it causes no refusal, and readers of the page still need access to
it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from wiki.attachments.models import Attachment
from wiki.db import batches
from wiki.errors import Invalid, WikiError
from wiki.pages.links.naming import meant_by, named_links
from wiki.pages.links.naming_files import can_mean_file, files_by_name, files_meant
from wiki.pages.merging import Text
from wiki.pages.models import Page, PageLink, Redirect, Revision
from wiki.pages.queries import head_of, live_for, pages_at
from wiki.pages.rendering.stored import context_of, prepare
from wiki.pages.saving.checks import content_hash_of
from wiki.pages.texts import get_text
from wiki.people.models import Person
from wiki.rules.access import Actor, May, PageFacts
from wiki.rules.labels import Label
from wiki.spaces.audience import audience_of
from wiki.spaces.gate import greatest, stands_in
from wiki.spaces.models import Scope, Space
from wiki.spaces.queries import see_space_by_id
from wiki.text.markdown.links import PICTURES, Link
from wiki.text.markdown.markup import RenderContext
from wiki.text.paths import ancestors_of, path_key
from wiki.text.rewrite.addresses import Place
from wiki.text.sandbox.parent import lines_safely

SHOWN = 20
"""Maximum number of pages that a refusal names."""

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
        title = f"“{self.source.title}”"
        return f"the page {title}" if self.what == "page" else f"the {self.what} {self.name}"


class ShowsRestricted(WikiError):
    """A text shows or links to content with a higher label than its page. Nothing was saved and
    nothing is lost. The line numbers are those of ``body``. If ``may_raise`` is true, the author
    could give the page the label ``needed``."""

    status = 422
    title = "This page would show content with a higher label"

    def __init__(
        self,
        found: Collection[Narrower],
        body: str,
        own: Label,
        *,
        may_raise: bool,
        leads: Collection[str],
    ) -> None:
        self.found = tuple(found)
        self.body = body
        self.own = own
        self.needed = max(one.source.label for one in found)
        self.may_raise = may_raise
        self.leads = tuple(leads)
        lines = ", ".join(str(line) for line in sorted({one.line for one in found}) if line)
        where = f" (line {lines})" if lines else ""
        super().__init__(
            f"Nothing was saved: the text shows {self.needed.word} content{where}, but the page is "
            f"{own.word}. {self.advice}",
            field="body",
        )

    @property
    def advice(self) -> str:
        """The possible remedies, in a sentence."""
        if self.may_raise:
            return f"Remove it, or label the page {self.needed.word}."
        whom = " or ".join(self.leads) or "a lead of the space"
        return f"Remove it, or ask {whom} to label the page {self.needed.word}."


class PlacesShowRestricted(Invalid):
    """Pages that would get a lower label show content with a higher one. Nothing was changed."""

    def __init__(self, places: Collection[tuple[Page, Narrower]], count: int) -> None:
        self.places = tuple(places)
        self.more = count - len(places)
        named = "; ".join(
            f"“{page.title}” shows {one.words}, which is {one.source.label.word}"
            for page, one in places
        )
        more = f"; and {self.more} more" if self.more > 0 else ""
        what = "content with a higher label than their own"
        super().__init__(f"Nothing was changed, because pages would show {what}: {named}{more}.")


def may_show(body: str) -> bool:
    """Return whether a text may embed a page or link to a file. The check is fast and has false
    positives."""
    return _TELLING.search(body) is not None


def labels_above(session: Session, label: Label) -> bool:
    """Return whether anything in the wiki has a higher label than this one."""
    spaces, scopes = exists().where(Space.label > label), exists().where(Scope.label > label)
    return bool(session.scalar(select(or_(spaces, scopes))))


def prescan(session: Session, text: Text, context: RenderContext, label: Label) -> None:
    """Render a text before the transaction in which it is saved, if its links will have to be
    checked."""
    if may_show(text.body) and labels_above(session, label):
        prepare(content_hash_of(text), text.body, context)


def refuse_narrower(
    session: Session,
    actor: Actor,
    space: Space,
    text: Text,
    context: RenderContext,
    label: Label,
) -> None:
    """Check that a text shows nothing with a higher label than a page with this label in the space.

    :raises ShowsRestricted: if it does.
    """
    found = narrower_in(session, actor, text, context, label)
    if not found:
        return
    seen = see_space_by_id(session, actor, space.id)
    needed = max(one.source.label for one in found)
    may_raise = bool(replace(seen, page=PageFacts(needed)).may(May.EDIT))
    leads: list[str] = []
    if not may_raise:
        ids = audience_of(session, space, None, May.MANAGE).people
        query = select(Person.name).where(Person.id.in_(ids)).order_by(func.lower(Person.name))
        leads = list(session.scalars(query.limit(3)))
    raise ShowsRestricted(found, text.body, label, may_raise=may_raise, leads=leads)


def narrower_in(
    session: Session, actor: Actor, text: Text, context: RenderContext, label: Label
) -> list[Narrower]:
    """Return the content with a higher label that a text shows or links to, in order of its
    lines."""
    if not may_show(text.body) or not labels_above(session, label):
        return []
    links = prepare(content_hash_of(text), text.body, context).links
    shown = _shown_in(session, context.space, context.path, links)
    sources = sources_of(session, actor, shown.values())
    narrower = {
        written: sources[place]
        for written, place in shown.items()
        if place in sources and sources[place].label > label
    }
    return _with_lines(text.body, context, narrower) if narrower else []


def _with_lines(
    body: str, context: RenderContext, narrower: Mapping[Place, Source]
) -> list[Narrower]:
    # Line numbers need another parse, so they are computed only if there is something to report.
    found = {
        (line, place): _narrower(line, place, narrower[place])
        for line, included, written in lines_safely(body, context)
        for place in (written, ("file", written[1], written[2]))
        if place in narrower and (included or place[0] == "file")
    }
    for place in narrower.keys() - {place for _, place in found}:
        found[0, place] = _narrower(0, place, narrower[place])
    return [found[key] for key in sorted(found)]


def _shown_in(session: Session, space: str, path: str, links: Sequence[Link]) -> dict[Place, Place]:
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


def _narrower(line: int, place: Place, source: Source) -> Narrower:
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


def refuse_lowered(session: Session, actor: Actor, before: Mapping[int, int]) -> None:
    """Check, after a change that may have lowered the labels of pages, that none of these shows
    content with a higher label, as far as the actor may read both.

    :param before: the effective labels before the change, by page id.
    :raises PlacesShowRestricted: with the first of them.
    """
    session.flush()
    lowered = {id: now for id, now in labels_of(session, before).items() if now < before[id]}
    found = [
        (page, _narrower(0, place, source))
        for page, place, source in _narrower_places(session, actor, lowered)
    ]
    if found:
        session.expunge_all()  # keeps the error's objects loaded after the rollback
        raise PlacesShowRestricted(found[:SHOWN], len(found))


def narrower_on(
    session: Session, actor: Actor, page_ids: Iterable[int]
) -> Iterator[tuple[Page, Narrower]]:
    """Yield the content with a higher label that imported pages show or link to, with its lines."""
    found: dict[Page, dict[Place, Source]] = {}
    for page, place, source in _narrower_places(session, actor, labels_of(session, page_ids)):
        found.setdefault(page, {})[place] = source
    for page, sources in found.items():
        revision = head_of(session, page)
        body = get_text(session, revision.content_hash)
        for one in _with_lines(body, context_of(page.space.slug, revision), sources):
            yield page, one


def _narrower_places(
    session: Session, actor: Actor, labels: Mapping[int, int]
) -> list[tuple[Page, Place, Source]]:
    if not labels or not labels_above(session, Label(min(labels.values()))):
        return []
    shown = _shown_by(session, actor, labels)
    sources = sources_of(session, actor, {place for _, place in shown})
    return [
        (page, place, sources[place])
        for page, place in shown
        if place in sources and sources[place].label > labels[page.id]
    ]


def _shown_by(session: Session, actor: Actor, page_ids: Iterable[int]) -> list[tuple[Page, Place]]:
    """Return what the newest texts of pages embed or link to, in order of their paths."""
    found: dict[tuple[str, Place], Page] = {}
    target, of_target = aliased(Page), aliased(Space)
    for some in batches(sorted(page_ids)):
        there = and_(Page.id.in_(some), live_for(actor))
        nowhere = PageLink.page_id.in_(some), PageLink.target_id.is_(None)
        named = named_links(session, *nowhere, kinds=("page", "file"))
        files = files_meant(session, filter(can_mean_file, named))
        can_be_file = and_(PageLink.by_name, PageLink.target_id.is_(None))
        kept = or_(PageLink.kind == "file", PageLink.embedded, can_be_file)
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
            .where(there, kept, PageLink.kind != "anchor", Page.rendered == Page.head)
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
            for place in _shown_in(session, slug, page.path, rendering.links).values():
                found[page.path_key, place] = page
    return [(found[key], key[1]) for key in sorted(found)]
