"""Import of a tree: new and changed files become revisions, unchanged ones are left alone.

The work is done in steps and can be stopped after any of them: pages in order, then files. A step
that was done is recognised by comparison, so an interrupted import is simply started again.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO

from sqlalchemy.orm import Session

from wiki.attachments.actions import AttachRules, attach_file
from wiki.attachments.limits import limits_of
from wiki.attachments.storage import Storage
from wiki.config import Settings
from wiki.db import Database
from wiki.errors import Invalid, TooLarge, WikiError
from wiki.pages.forms import suspects
from wiki.pages.merging import Text
from wiki.pages.models import Action, Page
from wiki.pages.queries import get_revision
from wiki.pages.rendering.stored import ensure_heads, prepare
from wiki.pages.revising import text_of
from wiki.pages.saving.checks import checked, content_hash_of
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import Conflict, submit
from wiki.pages.secrets import REPORTED, secrets_in
from wiki.pages.unseen import unseen_in, unseen_in_path
from wiki.rules.access import Actor, May
from wiki.spaces.queries import see_space_by_id
from wiki.text.front_matter import block as frontmatter
from wiki.text.markdown.links import PICTURES
from wiki.text.markdown.markup import RenderContext
from wiki.text.paths import name_of, path_key
from wiki.text.sandbox.parent import CHILDREN
from wiki.text.scan.unseen import named
from wiki.transfer.git.command import Missing
from wiki.transfer.headings import leading_title
from wiki.transfer.inventory import (
    Held,
    LinkCheck,
    held_files,
    held_pages,
    known_files,
    linked_files,
    note_files,
)
from wiki.transfer.layout import PlannedFile, PlannedPage, lay_out
from wiki.transfer.report import Kind, Problem, Report
from wiki.transfer.routes.kept import ROUTES_FILE
from wiki.transfer.routes.router import Router
from wiki.transfer.routes.sites import find_sites
from wiki.transfer.sources import Entry, Progress, Source

CHUNK = 24
"""Number of pages in a transaction; other writers wait for it."""
_MARKS = {  # longer marks first
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:[a-z0-9.-]+ [^\n]+\n)+")


@dataclass(frozen=True)
class _Change:
    """A page to be written: its plan, and the page that the wiki has there."""

    page: PlannedPage
    text: Text
    held: Held | None
    source: str
    routes: list[list[str]]


class TreeImport:
    """The import of one tree into one space, by an actor who may edit there.

    :raises Forbidden: :raises NotFound: when the actor may not.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        actor: Actor,
        space_id: int,
        source: Source,
        *,
        history_id: int | None = None,
    ) -> None:
        self.database = database
        self.settings = settings
        self.actor = actor
        self.source = source
        self.history_id = history_id
        self.report = Report()
        with database.read() as session:
            seen = see_space_by_id(session, actor, space_id)
            seen.require(May.EDIT)
            self.space = seen.space
            self.held = held_pages(session, actor, self.space)
            self.known = known_files(session, actor, self.space, history_id)
        places = {file: (one.path, one.folder) for file, one in self.known.items()}
        hidden = [
            entry
            for entry in source.shelved
            if not name_of(entry.path).startswith(".") and entry.path != ROUTES_FILE
        ]
        self.layout = lay_out([*source.entries, *hidden], places, self.held.keys())
        sites, routes = find_sites(self._named.keys(), self._text), self._text(ROUTES_FILE)
        self.router = Router(self.space.slug, self.layout, sites, routes)
        self._rerouted: dict[int, list[list[str]]] = {}
        files = {page.entry.path for page in self.layout.pages}
        self._unnoted: dict[int, str] = {}
        self._owners = {one.page_id: file for file, one in self.known.items() if file in files}

    @property
    def total(self) -> int:
        """Number of pages and files."""
        return len(self.layout.pages) + len(self.layout.files)

    def run(
        self,
        start: int = 0,
        *,
        stop: int | None = None,
        seconds: float | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Import from step `start` to the end, or for about `seconds` (at least one chunk).

        :param stop: the step to end at; by default the last one. Pages come before files.
        :returns: the next step; :attr:`total` when everything is done.
        """
        position = start
        until = None if seconds is None else time.monotonic() + seconds
        for done in self._steps(start, self.total if stop is None else stop):
            position += done
            if progress:
                progress(position, self.total)
            if until is not None and time.monotonic() >= until:
                break
        return position

    def finish(self) -> Report:
        """Return the report, completed with problems of the whole tree: refused files, broken
        links."""
        self.report.add([*self.source.refused, *self.layout.problems])
        with self.database.read() as session:
            check = LinkCheck(session, self.actor, self.space)
            hidden = [file for file in self.layout.files if file.entry.hidden]
            shown = [file for file in hidden if check.has_file(file.path)]
            self.report.hidden = self.source.hidden - len(shown) - (ROUTES_FILE in self._named)
            places = {path_key(page.path): page.entry.path for page in self.layout.pages}
            self.report.add(check.problems(places))
        return self.report

    def _steps(self, start: int, stop: int) -> Iterator[int]:
        pages = self.layout.pages[:stop]
        files = self.layout.files[: max(stop - len(self.layout.pages), 0)]
        with ThreadPoolExecutor(CHILDREN) as renderers:
            for first in range(start, len(pages), CHUNK):
                chunk = pages[first : first + CHUNK]
                self._import_pages(chunk, renderers)
                yield len(chunk)
        first_file = max(start - len(pages), 0)
        if first_file < len(files):
            yield from self._import_files(files[first_file:])

    def _import_pages(self, chunk: Sequence[PlannedPage], renderers: ThreadPoolExecutor) -> None:
        changes = [change for page in chunk if (change := self._change(page)) is not None]
        self._settle_unchanged()
        if not changes:
            return
        list(renderers.map(self._prepare, changes))
        try:
            with self.database.write() as session:
                saved = [self._write(session, change) for change in changes]
        except WikiError:
            saved = [self._write_alone(change) for change in changes]
        for change, problem in zip(changes, saved, strict=True):
            if problem is not None:
                self.report.add([problem])
            if problem is not None and problem.kind is not Kind.REPLACED:
                continue
            self.report.add([*self._secrets(change), *_unseen(change)])
            if change.held is None:
                self.report.created += 1
            else:
                self.report.changed += 1

    def _settle_unchanged(self) -> None:
        """Store the files of unchanged pages, and the routes of their addresses."""
        if not self._unnoted and not self._rerouted:
            return
        with self.database.write() as session:
            note_files(session, self.space, self._unnoted)
            for page_id, routes in self._rerouted.items():
                page = session.get_one(Page, page_id)
                page.routes, page.rendered = routes, 0
        if self.history_id is None:  # the pages of a history are rendered at the end
            ensure_heads(self.database, self._rerouted)
        self._unnoted.clear()
        self._rerouted.clear()

    @cached_property
    def _named(self) -> dict[str, Entry]:
        return {one.path: one for one in (*self.source.entries, *self.source.shelved)}

    def _text(self, name: str) -> str:
        """Return the text of a file of the tree; empty if there is none or it cannot be read."""
        try:
            return decode(self.source.read(self._named[name])) if name in self._named else ""
        except WikiError:
            return ""

    def _secrets(self, change: _Change) -> list[Problem]:
        """Return a problem for each likely secret in a page that was not in its text before."""
        with self.database.read() as session:
            found = secrets_in(session, self.space.id, None, change.text)
            if found and change.held is not None:
                page = session.get_one(Page, change.held.page_id)
                before = text_of(session, get_revision(session, page, change.held.head.number))
                found = secrets_in(session, self.space.id, before, change.text)
        return [
            Problem(
                Kind.SECRET,
                change.page.entry.path,
                f"{f'Line {one.line}' if one.line else one.place.capitalize()}: {one.words} "
                f"{one.masked}",
            )
            for one in suspects(found, change.source)
        ]

    def _change(self, page: PlannedPage) -> _Change | None:
        """Return the change to write for a page; None if it is unchanged or cannot be read."""
        where = page.entry.path
        try:
            source = decode(contents(self.source.read(page.entry)))
            text = checked(
                Text(self._fallback_title(page, source), source), self.settings.max_page_kb << 10
            )
        except NoText as refused:
            self.report.add([Problem(Kind.UNREADABLE, where, refused.sentence)])
            return None
        except Missing as missing:
            self.report.add([Problem(Kind.MISSING, where, missing.sentence)])
            return None
        except WikiError as refused:
            self.report.add([Problem(Kind.REFUSED, where, refused.sentence)])
            return None
        self.report.add(_front_matter_problems(where, text))
        held, routes = self._held(page), self.router.routes(page, text.body)
        if held is not None and held.routes != routes:
            self._rerouted[held.page_id] = routes
        if held is not None and held.has(text, content_hash_of(text), page.folder):
            self.report.unchanged += 1
            if self._is_news(where, held.page_id):
                self._unnoted[held.page_id] = where
            return None
        return _Change(page, text, held, source, routes)

    def _held(self, page: PlannedPage) -> Held | None:
        """Return the page at a planned page's place, unless another file of the tree became that
        page."""
        held = self.held.get(path_key(page.path))
        if held is None or self._owners.get(held.page_id, page.entry.path) != page.entry.path:
            return None
        return held

    def _is_news(self, file: str, page_id: int) -> bool:
        """Return whether the link between the file and this page still has to be stored."""
        known = self.known.get(file)
        return self.history_id is None and (known is None or known.page_id != page_id)

    def _fallback_title(self, page: PlannedPage, source: str) -> str:
        _, body = frontmatter.split(source)
        return leading_title(body, page.path) or self.space.title

    def _prepare(self, change: _Change) -> None:
        path = change.held.path if change.held else change.page.path
        context = RenderContext(
            self.space.slug, path, change.page.folder, change.text.title, routes=change.routes
        )
        prepare(content_hash_of(change.text), change.text.body, context)

    def _write_alone(self, change: _Change) -> Problem | None:
        """Write a page in a transaction of its own; return a problem if it is refused."""
        where = change.page.entry.path
        try:
            with self.database.write() as session:
                return self._write(session, change)
        except Conflict:
            sentence = "The same lines were changed in both since the last import."
            return Problem(Kind.CONFLICT, where, sentence)
        except WikiError as refused:
            return Problem(Kind.REFUSED, where, refused.sentence)

    def _write(self, session: Session, change: _Change) -> Problem | None:
        page, held = change.page, change.held
        edit = Edit(
            NewPage(self.space, page.path, page.folder, change.routes),
            change.text,
            message=f"Imported from {page.entry.path}",
            action=Action.IMPORT,
            override=REPORTED,
            max_bytes=self.settings.max_page_kb << 10,
            checked=True,
        )
        if held is None:
            self._note(session, page, submit(session, self.actor, edit).page.id)
            return None
        edited = held.imported is not None and held.imported.number != held.head.number
        base = held.imported.number if held.imported else held.head.number
        # Edited here and in the tree: merged like the edits of two authors. The revision is then no
        # import, so that the next import still compares with the last version from the tree.
        action = Action.EDIT if edited else Action.IMPORT
        edit = replace(edit, target=held.page_id, base=base, action=action, folder=page.folder)
        submit(session, self.actor, edit)
        self._note(session, page, held.page_id)
        if held.imported is None:
            sentence = f"The page “{held.head.title}” was here before this tree."
            return Problem(Kind.REPLACED, page.entry.path, sentence)
        return None

    def _note(self, session: Session, page: PlannedPage, page_id: int) -> None:
        if self._is_news(page.entry.path, page_id):
            note_files(session, self.space, {page_id: page.entry.path})

    def _import_files(self, files: Sequence[PlannedFile]) -> Iterator[int]:
        with self.database.read() as session:
            held = held_files(session, self.actor, self.space)
            places = {path_key(file.path) for file in self.layout.files}
            wanted = linked_files(session, self.actor, self.space, held.keys() | places)
        storage = Storage(self.settings.data_dir)
        for file in files:
            key = path_key(file.path)
            if file.entry.hidden and key not in wanted:
                problem = None
            elif key in wanted or file.path.rpartition(".")[2].lower() in PICTURES:
                problem = self._import_file(file, held.get(key), storage)
            else:
                problem = Problem(
                    Kind.LEFT_OUT, file.entry.path, "No page shows it or links to it."
                )
            self.report.add([problem] if problem else [])
            yield 1

    def _import_file(self, file: PlannedFile, held: str | None, storage: Storage) -> Problem | None:
        try:
            data = contents(self.source.read(file.entry))
            if hashlib.sha256(data).hexdigest() == held:
                self.report.files_unchanged += 1
                return None
            stored = storage.put(BytesIO(data), max_bytes=self.settings.max_file_mb << 20)
            with self.database.write() as session:
                attach_file(
                    session,
                    self.actor,
                    self.space,
                    file.path,
                    stored,
                    AttachRules(limits_of(self.settings)),
                )
        except Missing as missing:
            return Problem(Kind.MISSING, file.entry.path, missing.sentence)
        except (Invalid, TooLarge) as refused:
            return Problem(Kind.REFUSED, file.entry.path, refused.sentence)
        self.report.files_added += 1
        return None


def _unseen(change: _Change) -> Iterator[Problem]:
    """Yield a problem if a page has characters that could deceive."""
    sentence = named([*unseen_in(change.text), *unseen_in_path(change.page.path)])
    if sentence:
        yield Problem(Kind.UNSEEN, change.page.entry.path, f"{sentence}.")


def _front_matter_problems(where: str, text: Text) -> Iterator[Problem]:
    """Yield problems for parts of a page's front matter that could not be read as front matter."""
    for line in frontmatter.read(text.front_matter).unread:
        sentence = f"Line {line} isn’t valid YAML. It is kept as it is and read as text."
        yield Problem(Kind.FRONT_MATTER, where, sentence)
    if frontmatter.looks_like_front_matter(text.body):
        sentence = "The block at its start isn’t valid YAML, TOML or JSON and stays in the text."
        if text.body.find("\n---", frontmatter.MAX_FRONT_MATTER) > 0:
            sentence = "The block at its start is too long to be read and stays in the text."
        yield Problem(Kind.FRONT_MATTER, where, sentence)


def contents(data: bytes) -> bytes:
    """Return the content of a file.

    :raises Invalid: when it is a Git LFS pointer, whose content is stored elsewhere.
    """
    if _POINTER.fullmatch(data[:1024]):
        raise Invalid("It is only a Git LFS pointer: its content is stored elsewhere.")
    return data


class NoText(Invalid):
    """An error for bytes that cannot be read as text."""


def decode(data: bytes) -> str:
    """Decode the text of a file from UTF-8, or from UTF-16 or UTF-32 if it has a byte order mark.

    :raises NoText: when it is none of them.
    """
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "UTF-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise NoText(f"Its text isn’t {encoding}. Save it as UTF-8 and import it again.") from None
    if "\0" in text:
        raise NoText("It contains null characters, as binary files do, so it isn’t text.")
    return text
