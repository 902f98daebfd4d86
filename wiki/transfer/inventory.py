"""The present contents of a space: pages as they were last imported, files, and link targets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, func, select
from sqlalchemy.orm import Session, aliased, contains_eager

from wiki.attachments.queries import files_of_space, place_of
from wiki.db import batches, now
from wiki.errors import NotFound
from wiki.i18n import gettext as _
from wiki.pages.access.label_policy import narrower_on
from wiki.pages.links.models import PageLink
from wiki.pages.merging import Text
from wiki.pages.models import Action, Page, Redirect, Revision
from wiki.pages.queries import live_for
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.stored import context_of, rendering_key
from wiki.pages.saving.checks import same_form
from wiki.rules.access import Actor
from wiki.rules.words import shown
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space
from wiki.text.own_texts import sentence_of
from wiki.text.paths import ancestors_of, name_of, path_key
from wiki.transfer.models import ImportedFile, ImportedHistory
from wiki.transfer.report import Kind, Problem


@dataclass(frozen=True)
class State:
    """The written parts of one revision, the body as its hash."""

    number: int
    title: str
    content_hash: str
    tags: tuple[str, ...]
    description: str
    fields: dict[str, Any]
    front_matter: str
    folder: bool

    def has(self, text: Text, content_hash: str, folder: bool) -> bool:
        """Return whether a file has exactly this content."""
        same = (self.title, self.content_hash, self.tags, self.description, self.fields)
        return (
            folder == self.folder
            and same == (text.title, content_hash, text.tags, text.description, text.fields)
            and same_form(text.front_matter, self.front_matter)
        )


@dataclass(frozen=True)
class Held:
    """An existing page: its newest revision, and the newest one that an import made."""

    page_id: int
    path: str
    head: State
    imported: State | None
    routes: list[list[str]]

    def has(self, text: Text, content_hash: str, folder: bool) -> bool:
        """Return whether nothing has to be imported: the page has this content, or had it when it
        was last imported and was edited in the wiki since."""
        states = [self.head] + ([self.imported] if self.imported else [])
        return any(state.has(text, content_hash, folder) for state in states)


_STATE = (
    Revision.number,
    Revision.title,
    Revision.content_hash,
    Revision.tags,
    Revision.description,
    Revision.fields,
    Revision.front_matter,
    Revision.folder,
)


def held_pages(session: Session, actor: Actor, space: Space) -> dict[str, Held]:
    """Return the live pages of a space by path key and by the keys of redirects to them."""
    heads = session.execute(
        select(Page.id, Page.path, Page.routes, *_STATE)
        .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .where(Page.space_id == space.id, live_for(actor))
    ).all()
    newest = (
        select(Revision.page_id, func.max(Revision.number).label("number"))
        .join(Page, Page.id == Revision.page_id)
        .where(Page.space_id == space.id, live_for(actor), Revision.action == Action.IMPORT.value)
        .group_by(Revision.page_id)
        .subquery()
    )
    imports = session.execute(
        select(Revision.page_id, *_STATE).join(
            newest,
            (newest.c.page_id == Revision.page_id) & (newest.c.number == Revision.number),
        )
    )
    imported = {page_id: _state(rest) for page_id, *rest in imports}
    by_id = {
        page_id: Held(page_id, path, _state(rest), imported.get(page_id), routes)
        for page_id, path, routes, *rest in heads
    }
    found = {path_key(held.path): held for held in by_id.values()}
    for key, page_id in session.execute(
        select(Redirect.path_key, Redirect.page_id).where(Redirect.space_id == space.id)
    ):
        if page_id in by_id:
            found.setdefault(key, by_id[page_id])
    return found


@dataclass(frozen=True)
class Known:
    """The live page that a file became in an earlier import."""

    page_id: int
    path: str
    folder: bool


def known_files(
    session: Session, actor: Actor, space: Space, history_id: int | None
) -> dict[str, Known]:
    """Return the pages that files became in earlier imports into a space, by file name.

    :param history_id: the history whose records take precedence; None for imports without one.
    """
    own = history_id or _without_history(session, space)
    rows = session.execute(
        select(ImportedFile.file, Page.id, Page.path, Page.folder)
        .join(Page, Page.id == ImportedFile.page_id)
        .where(Page.space_id == space.id, live_for(actor), ImportedFile.gone.is_(False))
        .order_by((ImportedFile.history_id == (own or 0)).desc(), ImportedFile.history_id)
    )
    found: dict[str, Known] = {}
    taken: set[int] = set()
    for file, page_id, path, folder in rows:
        if file not in found and page_id not in taken:
            found[file] = Known(page_id, path, folder)
            taken.add(page_id)
    return found


def note_files(session: Session, space: Space, files: Mapping[int, str]) -> None:
    """Store the pages that files without a history became.

    :param files: the names of the files by page id.
    """
    if not files:
        return
    history_id = _without_history(session, space)
    if history_id is None:
        row = ImportedHistory(space_id=space.id, root="", finished_at=now())
        session.add(row)
        session.flush()
        history_id = row.id
    session.execute(
        delete(ImportedFile).where(
            ImportedFile.history_id == history_id, ImportedFile.page_id.in_(files)
        )
    )
    session.add_all(
        ImportedFile(history_id=history_id, page_id=page_id, file=file, blob="")
        for page_id, file in files.items()
    )


def _without_history(session: Session, space: Space) -> int | None:
    return session.scalar(
        select(ImportedHistory.id).where(
            ImportedHistory.space_id == space.id, ImportedHistory.root == ""
        )
    )


def held_files(session: Session, actor: Actor, space: Space) -> dict[str, str]:
    """Return the SHA-256 of each file of a space by the key of its place."""
    files = files_of_space(session, actor, space)
    return {path_key(place_of(file)): file.sha256 for file in files}


@dataclass(frozen=True)
class LinkedFiles:
    """The files that pages embed or link: the path keys of their places and, for links by name, the
    ends of paths that may be anywhere."""

    places: frozenset[str]
    endings: frozenset[str]

    def __contains__(self, key: str) -> bool:
        return key in self.places or any(end in self.endings for end in _endings(key))


def linked_files(
    session: Session, actor: Actor, space: Space, there: Collection[str]
) -> LinkedFiles:
    """Return all files that pages of a space embed or link.

    :param there: the path keys of all files, which tell links to places from links by name.
    """
    places: set[str] = set()
    endings: set[str] = set()
    for _revision, link in _links(session, actor, space):
        keys = _file_keys(link, space.slug)
        exact = [key for key in keys if key in there]
        places.update(exact[:1] or keys[:1])
        endings.update(keys if link["named"] and not exact else ())
    return LinkedFiles(frozenset(places), frozenset(endings))


def _file_keys(link: Mapping[str, Any], slug: str) -> list[str]:
    """Return the path keys by which a link can mean a file of a space, the best first."""
    readings = [(link["space"], link["path"]), *((one[1], one[2]) for one in link["others"])]
    keys = [path_key(path) for at, path in readings if at == slug]
    match link["kind"]:
        case "file":
            return keys
        case "page" if link["named"]:
            return [key for key in keys if "." in name_of(key)]
    return []


def _endings(key: str) -> Iterator[str]:
    """Yield a path, then the path without its first folder, and so on."""
    while key:
        yield key
        key = key.partition("/")[2]


class _Places:
    """The path keys of everything in a space that the actor can see."""

    def __init__(self, session: Session, actor: Actor, space: Space) -> None:
        self.pages = set(held_pages(session, actor, space))
        self.folders = {above for key in self.pages for above in ancestors_of(key)}
        self.files = set(held_files(session, actor, space))
        self.endings = {end for key in self.files for end in _endings(key)}


class LinkCheck:
    """A check of a space's pages for broken links, to the space itself or to others."""

    def __init__(self, session: Session, actor: Actor, space: Space) -> None:
        self.session = session
        self.actor = actor
        self.space = space
        self._places: dict[str, _Places | None] = {space.slug: _Places(session, actor, space)}
        self.found = _found_by_name(session, actor, space)

    def has_file(self, path: str) -> bool:
        """Return whether a file is at this place of the space."""
        here = self._places[self.space.slug]
        return here is not None and path_key(path) in here.files

    def problems(self, places: Mapping[str, str]) -> Iterator[Problem]:
        """Yield the problems with the links of some pages.

        :param places: the files that the problems are reported for, by the path keys of the pages.
        """
        for revision, link in _links(self.session, self.actor, self.space):
            key = path_key(revision.path)
            where = places.get(key)
            problem = self._problem(where, link) if where is not None else None
            if problem and (key, link["ordinal"]) not in self.found:
                yield problem
        for revision, reason in _shown_as_source(self.session, self.actor, self.space):
            where = places.get(path_key(revision.path))
            if where is not None:
                yield Problem(Kind.SOURCE, where, reason)
        yield from self._narrower(places)

    def _narrower(self, places: Mapping[str, str]) -> Iterator[Problem]:
        ids: list[int] = []
        for some in batches(sorted(places)):
            at = and_(Page.space_id == self.space.id, Page.path_key.in_(some))
            ids += self.session.scalars(select(Page.id).where(at, live_for(self.actor)))
        for page, one in narrower_on(self.session, self.actor, ids):
            values = {"what": one.words, "label": shown(one.source.label.word)}
            if one.line:
                sentence = _(
                    "Line %(line)s of the text shows %(what)s, which is %(label)s.",
                    line=one.line,
                    **values,
                )
            else:
                sentence = _("The text shows %(what)s, which is %(label)s.", **values)
            yield Problem(Kind.NARROWER, places[page.path_key], sentence)

    def _problem(self, where: str, link: Mapping[str, Any]) -> Problem | None:
        text = _("“%(text)s”", text=link["text"]) if link["text"] else _("A link")
        if link["kind"] == "broken":
            return Problem(
                Kind.ADDRESS, where, f"{text}: {sentence_of(link['path']).removesuffix('.')}."
            )
        if link["kind"] not in ("page", "file"):
            return None
        key, path = path_key(link["path"]), link["path"] or "/"
        there = self._at(link["space"])
        if link["space"] != self.space.slug:
            if there is None or key not in (there.pages if link["kind"] == "page" else there.files):
                kind = Kind.LINK if link["kind"] == "page" else Kind.FILE
                way = f"/{link['space']}/{link['path']}".rstrip("/")
                sentence = _(
                    "%(link)s leads to %(address)s, which doesn’t exist.", link=text, address=way
                )
                return Problem(kind, where, sentence)
        elif (
            there
            and link["named"]
            and any(one in there.endings for one in _file_keys(link, self.space.slug))
        ):
            return None
        elif there and link["kind"] == "file" and key not in there.files:
            return Problem(Kind.FILE, where, _("%(link)s leads to %(path)s.", link=text, path=path))
        elif there and link["kind"] == "page" and key not in there.pages:
            if key in there.folders:
                sentence = _(
                    "%(link)s leads to %(path)s: a folder without a page.", link=text, path=path
                )
            else:
                sentence = _("%(link)s leads to %(path)s: no page.", link=text, path=path)
            return Problem(Kind.LINK, where, sentence)
        return None

    def _at(self, slug: str) -> _Places | None:
        """Return the contents of a space; None if the actor can see no such space."""
        if slug not in self._places:
            try:
                space = see_space(self.session, self.actor, slug).space
                self._places[slug] = _Places(self.session, self.actor, space)
            except NotFound:
                self._places[slug] = None
        return self._places[slug]


def _found_by_name(session: Session, actor: Actor, space: Space) -> set[tuple[str, int]]:
    """Return the links by name of a space's pages (path key, ordinal) that lead to a page."""
    target = aliased(Page)
    rows = session.execute(
        select(Page.path_key, PageLink.ordinal)
        .join(PageLink, PageLink.page_id == Page.id)
        .join(target, target.id == PageLink.target_id)
        .where(Page.space_id == space.id, PageLink.by_name, live_for(actor, target))
    )
    return {(key, ordinal) for key, ordinal in rows}


def _links(
    session: Session, actor: Actor, space: Space
) -> Iterator[tuple[Revision, Mapping[str, Any]]]:
    for revision, links, _reason in _renderings(session, actor, space):
        for link in links:
            yield revision, link


def _shown_as_source(
    session: Session, actor: Actor, space: Space
) -> Iterator[tuple[Revision, str]]:
    for revision, _found, reason in _renderings(session, actor, space):
        if reason:
            yield revision, reason


def _renderings(
    session: Session, actor: Actor, space: Space
) -> Iterator[tuple[Revision, list[Any], str]]:
    """Yield the head of each page with its stored rendering: the links, and the reason why its
    source is shown, if any."""
    heads = session.scalars(
        select(Revision)
        .join(Page, (Page.id == Revision.page_id) & (Page.head == Revision.number))
        .where(Page.space_id == space.id, live_for(actor))
        .order_by(Page.path_key)
        .options(contains_eager(Revision.page))
    ).all()
    for some in batches(heads):
        rows = {
            (page_id, key): (links, reason)
            for page_id, key, links, reason in session.execute(
                select(
                    RenderingRow.page_id,
                    RenderingRow.key,
                    RenderingRow.links,
                    RenderingRow.source_shown,
                ).where(RenderingRow.page_id.in_([one.page_id for one in some]))
            )
        }
        for revision in some:
            key = rendering_key(revision.content_hash, context_of(space.slug, revision))
            if (revision.page_id, key) in rows:
                yield revision, *rows[revision.page_id, key]


def _state(values: Sequence[Any]) -> State:
    number, title, content_hash, tags, description, fields, block, folder = values
    return State(number, title, content_hash, tuple(tags), description, dict(fields), block, folder)
