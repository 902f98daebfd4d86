"""One commit of a Git history, as changes of the pages that its files have become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from wiki.errors import Invalid, WikiError
from wiki.pages.merging import Text, merge_texts
from wiki.pages.models import Action
from wiki.pages.saving.revisions import Attribution
from wiki.pages.saving.secrets import Secret, look
from wiki.pages.saving.unseen import unseen_in, unseen_in_path
from wiki.pages.texts.stored import hash_of
from wiki.spaces.models import Space
from wiki.text.paths import PathError, join, name_of, normalise_path
from wiki.text.scan.unseen import named
from wiki.transfer.git import trailers
from wiki.transfer.git.blobs import Blobs
from wiki.transfer.git.command import Missing
from wiki.transfer.git.history_writer import HistoryWriter
from wiki.transfer.git.past_pages import PastPage
from wiki.transfer.layout import kept_beside, page_of, places_beside
from wiki.transfer.page_texts import page_text, refusal
from wiki.transfer.report import OVERLAPS, Kind, Problem, Report
from wiki.transfer.sources.source import printable
from wiki.web.screens.filters import date_words


@dataclass
class Tracked:
    """A file of the history and the page it became; see :class:`ImportedFile`."""

    page_id: int
    file: str
    blob: str
    revision: int = 0
    gone: bool = False
    origin: str = ""


@dataclass
class Files:
    """All tracked files: those that exist, and those that are gone at their last place."""

    live: dict[str, Tracked] = field(default_factory=dict)
    gone: dict[str, Tracked] = field(default_factory=dict)
    by_page: dict[int, Tracked] = field(default_factory=dict)
    by_origin: dict[str, Tracked] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)

    def put(self, one: Tracked) -> None:
        """Record that the file exists."""
        one.gone = False
        self.gone.pop(one.file, None)
        self.live[one.file] = one
        self._note(one)

    def lose(self, one: Tracked) -> None:
        """Record that the file is gone."""
        one.gone = True
        if self.live.get(one.file) is one:
            del self.live[one.file]
        self.gone[one.file] = one
        self._note(one)

    def _note(self, one: Tracked) -> None:
        self.by_page[one.page_id] = one
        if one.origin:
            self.by_origin[one.origin] = one
        self.changed.add(one.page_id)


@dataclass(frozen=True)
class Steps:
    """The changes that one commit makes to pages: deleted, renamed and written files."""

    deletes: tuple[str, ...]
    renames: tuple[tuple[str, str, str], ...]
    writes: tuple[tuple[str, str], ...]


@dataclass
class Ledger:
    """State of the import of a history while it runs: the page of each file, and the report.

    ``most`` is the maximum size of a text in bytes. ``elsewhere`` are files whose pages are in
    other spaces. ``kinds`` are the kinds of secrets that the space looks for.
    """

    space: Space
    most: int
    is_wiki: bool
    files: Files = field(default_factory=Files)
    report: Report = field(default_factory=Report)
    elsewhere: set[str] = field(default_factory=set)
    kinds: frozenset[str] = frozenset()
    _said: set[tuple[Kind, str]] = field(default_factory=set)
    _missing: set[tuple[str, str]] = field(default_factory=set)
    _secrets: set[tuple[str, str]] = field(default_factory=set)

    def place_of(self, file: str) -> tuple[str, bool]:
        """Return the path that a file's name gives its page, and whether the page is a folder's.

        :raises PathError: when it cannot be a page.
        """
        if self.is_wiki and file.lower() == "home.md":
            return "", True
        path, folder = page_of(file)
        return normalise_path(path), folder

    def problem(self, kind: Kind, file: str, sentence: str) -> None:
        """Report a problem of a file, once for each kind."""
        self.add(Problem(kind, printable(file), sentence))

    def add(self, problem: Problem) -> None:
        """Report a problem, the first of its kind for a file."""
        if (problem.kind, problem.where) not in self._said:
            self._said.add((problem.kind, problem.where))
            self.report.add([problem])

    def add_newest(self, problems: Iterable[Problem]) -> None:
        """Report the problems of the newest tree, except kinds already reported for the file."""
        found = (replace(one, where=printable(one.where)) for one in problems)
        new = (one for one in found if (one.kind, one.where) not in self._said)
        self.report.add(dict.fromkeys(new))

    def lacks(self, file: str, blob: str, at: datetime) -> None:
        """Report once that the repository lacks a version of a file."""
        where = printable(file)
        if (where, blob) not in self._missing:
            self._missing.add((where, blob))
            self._said.add((Kind.MISSING, where))
            sentence = f"The version of {at.date().isoformat()} ({blob[:10]})."
            self.report.add([Problem(Kind.MISSING, where, sentence)])

    def secret(self, one: Secret, file: str, at: datetime) -> None:
        """Report once that a file contains what looks like this secret, and since when."""
        where = printable(file)
        if (where, one.key) not in self._secrets:
            self._secrets.add((where, one.key))
            known = f"{one.finding.words} {one.finding.masked}"
            sentence = f"{known}, in the version of {date_words(at)}"
            self.report.add([Problem(Kind.SECRET, where, sentence)])


class Step:
    """One commit while it is applied."""

    def __init__(
        self,
        ledger: Ledger,
        session: Session,
        writer: HistoryWriter,
        blobs: Blobs,
        attribution: Attribution,
        marks: Mapping[str, str],
    ) -> None:
        self.ledger = ledger
        self.session = session
        self.writer = writer
        self.blobs = blobs
        self.attribution = attribution
        self.origin = marks.get(trailers.PAGE, "")
        self.base = _number(marks.get(trailers.BASE))
        known = marks.get(trailers.ACTION, "")
        self.action = Action(known) if known in list(Action) else Action.IMPORT
        self.files = ledger.files
        self.report = ledger.report

    def take(self, steps: Steps) -> None:
        """Apply the changes of the commit to the pages."""
        for file in steps.deletes:
            one = self.files.live[file]
            page = self.writer.page(one.page_id)
            self.files.lose(one)
            if page is not None and not page.deleted:
                self.writer.delete(page, self.attribution)
                self.report.deleted += 1
        moving = []
        for old, new, blob in steps.renames:
            one = self.files.live.pop(old)
            page = self.writer.page(one.page_id)
            if page is not None and not page.deleted:
                self.writer.leave(page)
            moving.append((one, page, new, blob))
        for one, page, new, blob in moving:
            one.file = new
            self.files.put(one)
            self._write(new, blob, one, page, renamed=True)
        for file, blob in steps.writes:
            known = self.files.live.get(file)
            page = self.writer.page(known.page_id) if known else None
            self._write(file, blob, known, page)

    def catch_up(self, file: str, blob: str, path: str | None) -> None:
        """Track the file if its page has the same content.

        :param path: the path of the page, if it is not tracked yet.
        """
        one = self.files.live.get(file)
        if one is None and path is None:
            return
        try:
            page = self.writer.page(one.page_id) if one else self.writer.at(path or "")
            if page is None or page.deleted or (one is None and page.id in self.files.by_page):
                return
            text = self._text(file, blob, page.path)
        except (PathError, WikiError):
            return  # reported before
        if page.says(text, hash_of(text.body)):
            self.files.put(
                Tracked(page.id, file, blob, page.head, origin=one.origin if one else "")
            )

    def _write(
        self,
        file: str,
        blob: str,
        one: Tracked | None,
        page: PastPage | None,
        *,
        renamed: bool = False,
    ) -> None:
        """Store a version of a file, which may be renamed."""
        stays = page is not None and not page.deleted and not renamed
        try:
            if page is not None and stays:  # also where it was moved in the wiki
                path, folder = page.path, page.folder
            else:
                path, folder = self._free_place(file, page)
            text = self._text(file, blob, path)
        except Missing:
            self.ledger.lacks(file, blob, self.attribution.at)
            if page is not None and one is not None:
                self._stay(one, page)
            return
        except (PathError, WikiError) as refused:
            self.ledger.add(refusal(printable(file), refused))
            if page is not None and one is not None:
                self._stay(one, page)
            return
        if one is None:
            one, page = self._known(file)
        if one is not None and page is None:
            self.ledger.problem(Kind.REPLACED, file, "Its page is in another space now.")
            self.ledger.elsewhere.add(file)
            one.blob = blob
            self.files.put(one)
            return
        self._report_findings(file, page, text, path)
        if page is None:
            page = self._adopt_or_create(file, path, folder, text)
            if page is None:
                return
            one = Tracked(page.id, file, blob, page.head, origin=self.origin)
        assert one is not None  # noqa: S101
        if page.deleted:
            self.writer.restore(page, self.attribution, path)
        self._revise(one, page, text, path, folder, blob)
        one.file, one.origin = file, self.origin or one.origin
        self.files.put(one)

    def _report_findings(self, file: str, page: PastPage | None, text: Text, path: str) -> None:
        """Report likely secrets and deceptive characters in a version that were not in the page
        before.

        Only the lines and properties that differ are scanned, because most of a version is equal to
        the one before it.
        """
        before, changed = Text("", ""), text
        if page is not None:
            before = page.text(self.writer.shelf.text(self.session, page.content_hash))
            changed = _changes(before, text)
        for one in look(changed, self.ledger.kinds):
            if one.value not in before.body:
                self.ledger.secret(one, file, self.attribution.at)
        unseen = unseen_in_path(path, page.path if page is not None else "")
        if unseen_in(changed):
            unseen = [*unseen_in(text, before), *unseen]
        if unseen:
            since = f"In the version of {date_words(self.attribution.at)}"
            self.ledger.problem(Kind.UNSEEN, file, f"{since}: {named(unseen)}.")

    def _revise(
        self, one: Tracked, page: PastPage, text: Text, path: str, folder: bool, blob: str
    ) -> None:
        action, base, merged = self.action, self.base, False
        if one.revision != page.head:  # edited in the wiki since
            theirs = page.text(self.writer.shelf.text(self.session, page.content_hash))
            try:
                origin = self._text(one.file, one.blob, page.path)
            except WikiError:
                origin = theirs
            found = merge_texts(origin, text, theirs)
            if not found.clean:
                self.ledger.problem(Kind.CONFLICT, one.file, OVERLAPS)
                self._stay(one, page)
                return
            merged = found.resolve() != text
            text = found.resolve()
            action = Action.MERGE if merged else action
        before = page.path
        moved = before != path
        if moved and page.says(text, hash_of(text.body)) and action is Action.IMPORT:
            action = Action.MOVE
        if self.writer.revise(
            page, text, self.attribution, (path, folder), action=action, base=base
        ):
            self.report.revisions += 1
            self.report.moved += moved
        one.blob, one.revision = blob, 0 if merged else page.head

    def _stay(self, one: Tracked, page: PastPage) -> None:
        """Keep the page as and where it is, though its file changed."""
        self.writer.stay(page)
        self.files.put(one)

    def _known(self, file: str) -> tuple[Tracked | None, PastPage | None]:
        """Return the page that this file became before it was deleted, or that the page named in
        the trailers became."""
        one = self.files.by_origin.get(self.origin) if self.origin else self.files.gone.get(file)
        if one is None or not one.gone:
            return None, None
        page = self.writer.page(one.page_id)
        return (one, page) if page is not None else (None, None)

    def _adopt_or_create(self, file: str, path: str, folder: bool, text: Text) -> PastPage | None:
        page = self.writer.at(path)
        if page is None:
            page = self.writer.create(path, folder, text, self.attribution, self.action)
            self.report.created += 1
            self.report.revisions += 1
            return page
        sentence = f"The page “{page.title}” was here before this history."
        self.ledger.problem(Kind.REPLACED, file, sentence)
        one = Tracked(page.id, file, "", page.head)
        self.files.put(one)
        if self.writer.revise(
            page, text, self.attribution, (page.path, folder), action=self.action
        ):
            self.report.revisions += 1
        return page

    def _free_place(self, file: str, page: PastPage | None) -> tuple[str, bool]:
        """Return the place for the page of a file: the one of its name or, if that is taken,
        another.

        :raises PathError:
        """
        path, folder = self.ledger.place_of(file)
        other = self._holder(path, page)
        if other is None or (folder and self._make_room(path, other, file)):
            return path, folder
        for free in places_beside(file, path, folder):
            there = self.writer.at(free)
            if there is None or there is page:
                break
        self.ledger.add(kept_beside(file, free, other.file))
        return free, False

    def _make_room(self, path: str, other: Tracked, file: str) -> bool:
        """Move the page of a `README.md` elsewhere if it occupies the place of an `index.md`."""
        beside = join(path, "readme")
        holder = self.writer.page(other.page_id)
        if stem(file) == "readme" or stem(other.file) != "readme" or holder is None:
            return False
        if self.writer.at(beside) is not None:
            return False
        text = holder.text(self.writer.shelf.text(self.session, holder.content_hash))
        self.writer.revise(holder, text, self.attribution, (beside, False), action=Action.MOVE)
        other.revision = holder.head if other.revision == holder.head - 1 else 0
        self.files.put(other)
        self.ledger.add(kept_beside(other.file, beside, file))
        return True

    def _holder(self, path: str, page: PastPage | None) -> Tracked | None:
        """Return the other file of the history whose page is at a path."""
        there = self.writer.at(path)
        if there is None or there is page:
            return None
        one = self.files.by_page.get(there.id)
        return one if one is not None and not one.gone else None

    def _text(self, file: str, blob: str, path: str) -> Text:
        """Return the text of a version of a file.

        :raises WikiError: when it cannot be a page.
        """
        data = self.blobs.read(blob, self.ledger.most)
        if data is None:
            raise Invalid(f"A version of it has more than {self.ledger.most >> 10} KiB.")
        return page_text(data, path, self.ledger.space, self.ledger.most)


def _changes(before: Text, text: Text) -> Text:
    """Return the lines and properties of a text that the text before it does not have."""
    known = frozenset(before.body.split("\n"))
    return Text(
        "" if text.title == before.title else text.title,
        "\n".join(line for line in text.body.split("\n") if line not in known),
        () if text.tags == before.tags else text.tags,
        "" if text.description == before.description else text.description,
        {} if text.fields == before.fields else text.fields,
        "" if text.front_matter == before.front_matter else text.front_matter,
    )


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) < 10 else None


def stem(file: str) -> str:
    return name_of(file).rpartition(".")[0].casefold()
