"""Import of a tree: new and changed files become revisions, unchanged ones are left alone.

The work is done in steps and can be stopped after any of them: pages in order, then files. A step
that was done is recognised by comparison, so an interrupted import is simply started again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
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
from wiki.i18n import gettext as _
from wiki.pages.forms import Suspect, suspects
from wiki.pages.merging import Text
from wiki.pages.models import Action, Page
from wiki.pages.rendering.stored import ensure_heads
from wiki.pages.revising import text_of
from wiki.pages.revisions import get_revision
from wiki.pages.saving.checks import checked_path, content_hash_of
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.own_messages import own_message
from wiki.pages.saving.secrets import REPORTED, secrets_in
from wiki.pages.saving.submit import submit
from wiki.pages.saving.unseen import unseen_in, unseen_in_path
from wiki.rules.access import Actor, May
from wiki.spaces.queries import see_space_by_id
from wiki.text.front_matter import block as frontmatter
from wiki.text.markdown.links import PICTURES
from wiki.text.paths import name_of, path_key
from wiki.text.scan.unseen import named
from wiki.transfer.git.command import Missing
from wiki.transfer.inventory import (
    Held,
    LinkCheck,
    held_files,
    held_pages,
    known_files,
    linked_files,
    note_files,
)
from wiki.transfer.kept_comments import COMMENTS_FILE
from wiki.transfer.kept_order import ORDER_FILE, read_order, restore_order
from wiki.transfer.kept_space import SPACE_FILE, read_space, restore_space
from wiki.transfer.layout import PlannedFile, PlannedPage, lay_out
from wiki.transfer.page_texts import contents, decode, page_text, refusal
from wiki.transfer.report import Kind, Problem, Report
from wiki.transfer.routes.kept import ROUTES_FILE
from wiki.transfer.routes.router import Router
from wiki.transfer.routes.sites import find_sites
from wiki.transfer.sources.source import Entry, Progress, Source

CHUNK = 24
"""Number of pages in a transaction; other writers wait for it."""

_KEPT = (ROUTES_FILE, ORDER_FILE, SPACE_FILE, COMMENTS_FILE)
"""Files of an export beside its pages, which are read and not imported."""


@dataclass(frozen=True)
class _Change:
    """A page to be written: its plan, and the page that the wiki has there."""

    page: PlannedPage
    text: Text
    held: Held | None
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
            if not name_of(entry.path).startswith(".") and entry.path not in _KEPT
        ]
        self.layout = lay_out([*source.entries, *hidden], places, self.held.keys())
        sites, routes = find_sites(self._named.keys(), self._text), self._text(ROUTES_FILE)
        self.router = Router(self.space.slug, self.layout, sites, routes)
        self._rerouted: dict[int, list[list[str]]] = {}
        files = {page.entry.path for page in self.layout.pages}
        self._unnoted: dict[int, str] = {}
        self._stale: list[int] = []
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

    def finish(self, *, ordered: bool = True) -> Report:
        """Put the pages in the order of the tree if ``ordered``, and return the report, completed
        with problems of the whole tree: refused files, broken links."""
        self.report.add([*self.source.refused, *self.layout.problems])
        order = read_order(self._text(ORDER_FILE)) if ordered else {}
        kept = read_space(self._text(SPACE_FILE))
        if order or kept:
            with self.database.write() as session:
                restore_order(session, self.actor, self.space, order)
                restore_space(session, self.actor, self.space.id, kept)
        with self.database.read() as session:
            check = LinkCheck(session, self.actor, self.space)
            hidden = [file for file in self.layout.files if file.entry.hidden]
            shown = [file for file in hidden if check.has_file(file.path)]
            beside = sum(name in self._named for name in _KEPT)
            self.report.hidden = self.source.hidden - len(shown) - beside
            places = {path_key(page.path): page.entry.path for page in self.layout.pages}
            self.report.add(check.problems(places))
        return self.report

    def _steps(self, start: int, stop: int) -> Iterator[int]:
        pages = self.layout.pages[:stop]
        files = self.layout.files[: max(stop - len(self.layout.pages), 0)]
        for first in range(start, len(pages), CHUNK):
            chunk = pages[first : first + CHUNK]
            self._import_pages(chunk)
            ensure_heads(self.database, self._stale)
            self._stale.clear()
            yield len(chunk)
        first_file = max(start - len(pages), 0)
        if first_file < len(files):
            yield from self._import_files(files[first_file:])

    def _import_pages(self, chunk: Sequence[PlannedPage]) -> None:
        changes = [change for page in chunk if (change := self._change(page)) is not None]
        self._settle_unchanged()
        if not changes:
            return
        for change, refused in zip(changes, self._write(changes), strict=True):
            if refused is not None:
                self.report.add([refused])
                continue
            self.report.created += change.held is None
            self.report.changed += change.held is not None
            self.report.add([*_replaced(change), *self._secrets(change), *_unseen(change)])

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
            self._stale += self._rerouted
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
        source = self._text(change.page.entry.path) if found else ""
        return [
            Problem(
                Kind.SECRET,
                change.page.entry.path,
                f"{_place(one)}: {_(one.words)} {one.masked}",
            )
            for one in suspects(found, source)
        ]

    def _change(self, page: PlannedPage) -> _Change | None:
        """Return the change to write for a page; None if it is unchanged or cannot be read."""
        where = page.entry.path
        try:
            data = self.source.read(page.entry)
            text = page_text(data, page.path, self.space, self.settings.max_page_kb << 10)
        except WikiError as refused:
            self.report.add([refusal(where, refused)])
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
        return _Change(page, text, held, routes)

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

    def _write(self, changes: Sequence[_Change]) -> list[Problem | None]:
        """Write pages in one transaction or, if one of them is refused, each in its own. Return for
        each the problem for which it is refused, or None."""
        try:
            with self.database.write() as session:
                files = {self._save(session, one): one.page.entry.path for one in changes}
                news = {id: file for id, file in files.items() if self._is_news(file, id)}
                note_files(session, self.space, news)
        except WikiError as refused:
            if changes[1:]:
                return [problem for change in changes for problem in self._write([change])]
            return [refusal(changes[0].page.entry.path, refused)]
        self._stale += files
        return [None] * len(changes)

    def _save(self, session: Session, change: _Change) -> int:
        """Save a page, and return its id. It is rendered after the transaction."""
        page, held = change.page, change.held
        path = checked_path(page.path)
        edit = Edit(
            NewPage(self.space, path, page.folder or not path, change.routes),
            change.text,
            message=own_message("imported", file=page.entry.path),
            action=Action.IMPORT,
            override=REPORTED,
            max_bytes=self.settings.max_page_kb << 10,
            checked=True,
            render_later=True,
        )
        if held is not None:
            edited = held.imported is not None and held.imported.number != held.head.number
            base = held.imported.number if held.imported else held.head.number
            # Edited here and in the tree: merged like the edits of two authors. The revision is
            # then no import, so that the next import still compares with the last version from the
            # tree.
            action = Action.EDIT if edited else Action.IMPORT
            edit = replace(edit, target=held.page_id, base=base, action=action, folder=page.folder)
        return submit(session, self.actor, edit).page.id

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
                    Kind.LEFT_OUT, file.entry.path, _("No page shows it or links to it.")
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
        except (Missing, Invalid, TooLarge) as refused:
            return refusal(file.entry.path, refused)
        self.report.files_added += 1
        return None


def _replaced(change: _Change) -> Iterator[Problem]:
    """Yield a problem if a page was written in the wiki before its file was imported."""
    if change.held is not None and change.held.imported is None:
        sentence = _(
            "The page “%(title)s” was here before this tree.", title=change.held.head.title
        )
        yield Problem(Kind.REPLACED, change.page.entry.path, sentence)


def _place(found: Suspect) -> str:
    """Return where a likely secret is."""
    if found.line:
        return _("Line %(number)s", number=found.line)
    places = {"title": _("Title"), "description": _("Description"), "tags": _("Tags")}
    return places.get(found.place) or _("A field")


def _unseen(change: _Change) -> Iterator[Problem]:
    """Yield a problem if a page has characters that could deceive."""
    sentence = named([*unseen_in(change.text), *unseen_in_path(change.page.path)])
    if sentence:
        yield Problem(Kind.UNSEEN, change.page.entry.path, f"{sentence}.")


def _front_matter_problems(where: str, text: Text) -> Iterator[Problem]:
    """Yield problems for parts of a page's front matter that could not be read as front matter."""
    for line in frontmatter.read(text.front_matter).unread:
        sentence = _(
            "Line %(line)s isn’t valid YAML. It is kept as it is and read as text.", line=line
        )
        yield Problem(Kind.FRONT_MATTER, where, sentence)
    if frontmatter.looks_like_front_matter(text.body):
        sentence = _("The block at its start isn’t valid YAML, TOML or JSON and stays in the text.")
        if text.body.find("\n---", frontmatter.MAX_FRONT_MATTER) > 0:
            sentence = _("The block at its start is too long to be read and stays in the text.")
        yield Problem(Kind.FRONT_MATTER, where, sentence)
