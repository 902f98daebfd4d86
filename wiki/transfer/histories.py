"""Importing a Git history: every version of every page becomes a revision, with whose it was.

Commits are taken in an order in which each follows its parents, some hundred steps to a
transaction, and each transaction says in the database how far it came: killed at any moment, the
import goes on from there. At the end the newest tree is compared with what has come about, files
are brought in and the pages rendered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import Database, now
from wiki.errors import Invalid, WikiError
from wiki.pages.actions import Text, checked
from wiki.pages.merging import merge_texts
from wiki.pages.models import Action, Page
from wiki.pages.recording import PastPage, Recorder, Stamp, tell
from wiki.pages.rendering import HEADS_AT_ONCE, keep_heads
from wiki.pages.texts import Shelf, hash_of
from wiki.people.placeholders import author_key, authors_for, users_domain
from wiki.rules.access import Actor, May
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space_by_id
from wiki.text import frontmatter
from wiki.text.paths import PathError, join, name_of, normalise_path
from wiki.transfer import trailers
from wiki.transfer.git import Blobs, Commit, FileChange, History
from wiki.transfer.headings import leading_title
from wiki.transfer.importing import TreeImport, decode
from wiki.transfer.layout import page_of
from wiki.transfer.models import ImportedFile, ImportedHistory
from wiki.transfer.report import Kind, Problem, Report
from wiki.transfer.sources import MARKDOWN, GitSource, Progress, is_hidden, limits_of, printable

STEPS = 400
"""Changes of pages to a transaction: others who save wait for it."""
_FILE_MODES = ("100644", "100755", "100664")
_NO_FILES = {"120000": "a symbolic link", "160000": "a submodule"}
_SPECIAL = frozenset({"_sidebar", "_footer", "_header"})
"""What the wikis of code hosts put around their pages."""


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
class _Files:
    """All tracked files: those that are there, and where those that are not were last."""

    live: dict[str, Tracked] = field(default_factory=dict)
    gone: dict[str, Tracked] = field(default_factory=dict)
    by_page: dict[int, Tracked] = field(default_factory=dict)
    by_origin: dict[str, Tracked] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)

    def put(self, one: Tracked) -> None:
        """The file is there now."""
        one.gone = False
        self.gone.pop(one.file, None)
        self.live[one.file] = one
        self._note(one)

    def lose(self, one: Tracked) -> None:
        """The file is there no more."""
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
class _Steps:
    """What one commit does to pages: files that go, that are renamed, and that have a new text."""

    deletes: tuple[str, ...]
    renames: tuple[tuple[str, str, str], ...]
    writes: tuple[tuple[str, str], ...]


class HistoryImport:
    """One branch of a repository on its way into one space, as somebody who may edit there.

    :raises GitError: :raises Forbidden: :raises NotFound:
    """

    def __init__(
        self, database: Database, settings: Settings, actor: Actor, space_id: int, history: History
    ) -> None:
        self.database = database
        self.settings = settings
        self.actor = actor
        self.history = history
        self.report = Report()
        self.most = settings.max_page_kb << 10
        self._shelf = Shelf()
        self.elsewhere: set[str] = set()
        self._said: set[tuple[Kind, str]] = set()
        with database.write() as session:
            seen = see_space_by_id(session, actor, space_id)
            seen.require(May.EDIT)
            self.space: Space = seen.space
            root = history.root()
            row = session.scalar(
                select(ImportedHistory).where(
                    ImportedHistory.space_id == space_id, ImportedHistory.root == root
                )
            )
            if row is None:
                row = ImportedHistory(space_id=space_id, root=root, tip="")
                session.add(row)
            row.finished_at = None
            session.flush()
            self.history_id, self.after = row.id, row.tip
            self.files = self._tracked(session)
        names = {
            file.path.rpartition("/")[2].lower() for file in history.tree() if "/" not in file.path
        }
        self._is_wiki = "home.md" in names and not names & {"index.md", "readme.md"}

    def run(self, progress: Progress | None = None) -> Report:
        """Bring in what is new, all of it, and say what could not be."""
        after = self.after
        if after and not self.history.has(after):
            sentence = "It was rewritten since the last import: only its newest files are compared."
            self._problem(Kind.HISTORY, self.history.branch, sentence)
        else:
            self._take_commits(after, progress)
        self._settle()
        tree = self._newest_tree()
        try:
            tree.run()
            self._catch_up()
            self._render()
            found = tree.finish()
        finally:
            tree.source.close()
        with self.database.write() as session:
            row = session.get_one(ImportedHistory, self.history_id)
            row.tip, row.finished_at = self.history.tip, now()
        return self._told(found)

    def _take_commits(self, after: str, progress: Progress | None) -> None:
        total, done = self.history.count(after), 0
        blobs = self.history.blobs()
        try:
            for some in _batches(self.history.commits(after)):
                self._transact(some, blobs)
                done += len(some)
                if progress:
                    progress(done, total)
        finally:
            blobs.close()

    def _transact(self, commits: Sequence[Commit], blobs: Blobs) -> None:
        with self.database.write() as session:
            people = authors_for(
                session,
                [_author(commit) for commit in commits],
                domain=users_domain(self.settings),
            )
            recorder = Recorder(session, self.actor, self.space, self._shelf)
            touched = {
                self.files.live[path].page_id
                for commit in commits
                for change in commit.changes
                for path in (change.path, change.old_path)
                if path in self.files.live
            }
            recorder.load(touched)
            for commit in commits:
                message, marks = trailers.read_message(commit.message)
                stamp = Stamp(people[author_key(*_author(commit))], commit.at, message)
                _Step(self, session, recorder, blobs, stamp, marks).take(self._steps(commit, marks))
            self._store(session, recorder, commits[-1].hash)

    def _store(self, session: Session, recorder: Recorder, tip: str) -> None:
        recorder.flush()
        changed = sorted(self.files.changed)
        session.execute(
            delete(ImportedFile).where(
                ImportedFile.history_id == self.history_id, ImportedFile.page_id.in_(changed)
            )
        )
        rows = [
            {"history_id": self.history_id, **vars(self.files.by_page[page_id])}
            for page_id in changed
        ]
        if rows:
            session.connection().execute(insert(ImportedFile), rows)
        self.files.changed.clear()
        if tip:
            session.get_one(ImportedHistory, self.history_id).tip = tip

    def _steps(self, commit: Commit, marks: Mapping[str, str]) -> _Steps:
        """What a commit does to pages, as far as it is not so already."""
        there: dict[str, str] = {}
        gone: set[str] = set()
        renamed: dict[str, str] = {}
        for change in commit.changes:
            if change.status == "R":
                gone.add(change.old_path)
                renamed[change.path] = change.old_path
            if change.status == "D":
                gone.add(change.path)
            elif self._is_page(change):
                there[change.path] = change.blob
            else:
                gone.add(change.path)
        gone -= there.keys()
        live = self.files.live
        deletes = {path for path in gone if path in live}
        if trailers.PAGE in marks and len(deletes) == 1 and len(there) == 1:
            renamed[next(iter(there))] = next(iter(deletes))
        renames, writes = [], []
        for path, blob in there.items():
            old = renamed.get(path, "")
            if old in deletes and path not in live:
                deletes.discard(old)
                renames.append((old, path, blob))
            elif path not in live or live[path].blob != blob:
                writes.append((path, blob))
        return _Steps(tuple(sorted(deletes)), tuple(renames), tuple(writes))

    def _is_page(self, change: FileChange) -> bool:
        if not change.path.lower().endswith(MARKDOWN):
            return False
        shown = printable(change.path)
        if is_hidden(change.path.split("/")):
            return False
        if self._is_wiki and _stem(change.path) in _SPECIAL:
            self._problem(Kind.LEFT_OUT, shown, "It stands around the pages of another wiki.")
            return False
        if change.mode not in _FILE_MODES:
            what = {"120000": "a symbolic link", "160000": "a submodule"}.get(
                change.mode, "no file"
            )
            self._problem(Kind.REFUSED, shown, f"It is {what}, and those are not followed.")
            return False
        if any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in change.path):
            self._problem(Kind.REFUSED, shown, "Its name is not readable text.")
            return False
        return True

    def place_of(self, file: str) -> tuple[str, bool]:
        """The path of the page that a file is by its name, and whether it is a folder's.

        :raises PathError: when it cannot be one.
        """
        if self._is_wiki and file.lower() == "home.md":
            return "", True
        path, folder = page_of(file)
        return normalise_path(path), folder

    def problem(self, kind: Kind, file: str, sentence: str) -> None:
        """Say once of a file what is wrong with it."""
        self._problem(kind, printable(file), sentence)

    def _problem(self, kind: Kind, where: str, sentence: str) -> None:
        if (kind, where) not in self._said:
            self._said.add((kind, where))
            self.report.add([Problem(kind, where, sentence)])

    def _settle(self) -> None:
        """Let there be no page of a file that the newest tree has not, and the home page of a
        wiki be found under its name."""
        names = {file.path for file in self.history.tree()}
        strays = [one for file, one in self.files.live.items() if file not in names]
        stamp = Stamp(self.actor.person_id, now())
        with self.database.write() as session:
            recorder = Recorder(session, self.actor, self.space, self._shelf)
            for one in strays:
                page = recorder.page(one.page_id)
                if page is not None:
                    recorder.delete(page, stamp)
                self.files.lose(one)
            home = recorder.at("") if self._is_wiki else None
            if home is not None:
                recorder.redirect("home", home)
            self._store(session, recorder, "")

    def _catch_up(self) -> None:
        """Know of each file of the newest tree which version its page has, also where only the
        comparison with the tree brought it in."""
        behind = [
            file
            for file in self.history.tree()
            if file.path.lower().endswith(MARKDOWN)
            and (file.path not in self.files.live or self.files.live[file.path].blob != file.blob)
        ]
        if not behind:
            return
        with closing(self.history.blobs()) as blobs, self.database.write() as session:
            recorder = Recorder(session, self.actor, self.space, self._shelf)
            step = _Step(self, session, recorder, blobs, Stamp(None, now()), {})
            for file in behind:
                step.catch_up(file.path, file.blob)
            self._store(session, recorder, "")

    def _newest_tree(self) -> TreeImport:
        source = GitSource(self.history, limits_of(self.settings), wiki=self._is_wiki)
        source.entries = [one for one in source.entries if one.path not in self.elsewhere]
        return TreeImport(self.database, self.settings, self.actor, self.space.id, source)

    def _render(self) -> None:
        """Render what has become of the pages, and let others hear of it."""
        with self.database.read() as session:
            stale = list(
                session.scalars(
                    select(Page.id)
                    .where(
                        Page.space_id == self.space.id,
                        Page.deleted_at.is_(None),
                        Page.rendered != Page.head,
                    )
                    .order_by(Page.path_key)
                )
            )
        for first in range(0, len(stale), HEADS_AT_ONCE):
            some = stale[first : first + HEADS_AT_ONCE]
            keep_heads(self.database, some)
            with self.database.write() as session:
                tell(session, some)

    def _told(self, tree: Report) -> Report:
        """What happened on the way, with what only the newest tree can tell."""
        self.report.files_added = tree.files_added
        self.report.files_unchanged = tree.files_unchanged
        self.report.hidden = tree.hidden
        self.report.unchanged = tree.unchanged
        self.report.changed += tree.changed
        self.report.created += tree.created
        for problem in tree.problems:
            self._problem(problem.kind, problem.where, problem.sentence)
        self.report.more_problems += tree.more_problems
        return self.report

    def _tracked(self, session: Session) -> _Files:
        found = _Files()
        rows = session.scalars(
            select(ImportedFile)
            .where(ImportedFile.history_id == self.history_id)
            .order_by(ImportedFile.page_id)
        )
        for row in rows:
            one = Tracked(row.page_id, row.file, row.blob, row.revision, row.gone, row.origin)
            if one.gone:
                found.lose(one)
            else:
                found.put(one)
        found.changed.clear()
        return found


class _Step:
    """One commit, while it is taken."""

    def __init__(
        self,
        whole: HistoryImport,
        session: Session,
        recorder: Recorder,
        blobs: Blobs,
        stamp: Stamp,
        marks: Mapping[str, str],
    ) -> None:
        self.whole = whole
        self.session = session
        self.recorder = recorder
        self.blobs = blobs
        self.stamp = stamp
        self.origin = marks.get(trailers.PAGE, "")
        self.base = _number(marks.get(trailers.BASE))
        known = marks.get(trailers.ACTION, "")
        self.action = Action(known) if known in list(Action) else Action.IMPORT
        self.files = whole.files
        self.report = whole.report

    def take(self, steps: _Steps) -> None:
        """Let happen what the commit says."""
        for file in steps.deletes:
            one = self.files.live[file]
            page = self.recorder.page(one.page_id)
            self.files.lose(one)
            if page is not None and not page.deleted:
                self.recorder.delete(page, self.stamp)
                self.report.deleted += 1
        moving = []
        for old, new, blob in steps.renames:
            one = self.files.live.pop(old)
            page = self.recorder.page(one.page_id)
            if page is not None and not page.deleted:
                self.recorder.leave(page)
            moving.append((one, page, new, blob))
        for one, page, new, blob in moving:
            one.file = new
            self.files.put(one)
            self._write(new, blob, one, page, renamed=True)
        for file, blob in steps.writes:
            known = self.files.live.get(file)
            page = self.recorder.page(known.page_id) if known else None
            self._write(file, blob, known, page)

    def catch_up(self, file: str, blob: str) -> None:
        """Track the file, if its page says what it says."""
        one = self.files.live.get(file)
        try:
            path, _ = self.whole.place_of(file)
            page = self.recorder.page(one.page_id) if one else self.recorder.at(path)
            if page is None or page.deleted or (one is None and page.id in self.files.by_page):
                return
            text = self._text(file, blob, page.path)
        except (PathError, WikiError, UnicodeDecodeError):
            return  # which was said before
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
        """A version of a file, which perhaps has another name than before."""
        stays = page is not None and not page.deleted and not renamed
        try:
            if page is not None and stays:  # also where it was moved to here
                path, folder = page.path, page.folder
            else:
                path, folder = self._free_place(file, page)
            text = self._text(file, blob, path)
        except (PathError, WikiError) as refused:
            kind = Kind.COLLISION if isinstance(refused, _Taken) else Kind.REFUSED
            sentence = refused.sentence if isinstance(refused, WikiError) else str(refused)
            self.whole.problem(kind, file, sentence)
            if page is not None and one is not None:
                self._stay(one, page)
            return
        except UnicodeDecodeError:
            self.whole.problem(Kind.UNREADABLE, file, "A version of its text is not UTF-8.")
            if page is not None and one is not None:
                self._stay(one, page)
            return
        if one is None:
            one, page = self._known(file)
        if one is not None and page is None:
            self.whole.problem(Kind.REPLACED, file, "Its page is in another space now.")
            self.whole.elsewhere.add(file)
            one.blob = blob
            self.files.put(one)
            return
        if page is None:
            page = self._adopt_or_create(file, path, folder, text)
            if page is None:
                return
            one = Tracked(page.id, file, blob, page.head, origin=self.origin)
        assert one is not None  # noqa: S101
        if page.deleted:
            self.recorder.restore(page, self.stamp, path)
        self._revise(one, page, text, path, folder, blob)
        one.file, one.origin = file, self.origin or one.origin
        self.files.put(one)

    def _revise(
        self, one: Tracked, page: PastPage, text: Text, path: str, folder: bool, blob: str
    ) -> None:
        action, base, merged = self.action, self.base, False
        if one.revision != page.head:  # edited here meanwhile
            theirs = Text(
                page.title,
                self.recorder.shelf.text(self.session, page.content_hash),
                page.tags,
                page.description,
                dict(page.fields),
            )
            try:
                origin = self._text(one.file, one.blob, page.path)
            except (WikiError, UnicodeDecodeError):
                origin = theirs
            found = merge_texts(origin, text, theirs)
            if not found.clean:
                sentence = "Both were changed in the same lines since the last import."
                self.whole.problem(Kind.CONFLICT, one.file, sentence)
                self._stay(one, page)
                return
            merged = found.resolve() != text
            text = found.resolve()
            action = Action.MERGE if merged else action
        before = page.path
        moved = before != path
        if moved and page.says(text, hash_of(text.body)) and action is Action.IMPORT:
            action = Action.MOVE
        if self.recorder.revise(
            page, text, self.stamp, action=action, path=path, folder=folder, base=base
        ):
            self.report.revisions += 1
            self.report.moved += moved
        one.blob, one.revision = blob, 0 if merged else page.head

    def _stay(self, one: Tracked, page: PastPage) -> None:
        """The page stays where and as it is, though its file changed."""
        self.recorder.stay(page)
        self.files.put(one)

    def _known(self, file: str) -> tuple[Tracked | None, PastPage | None]:
        """The page that this file, or one that the same page was, became before it was deleted."""
        one = self.files.by_origin.get(self.origin) if self.origin else self.files.gone.get(file)
        if one is None or not one.gone:
            return None, None
        page = self.recorder.page(one.page_id)
        return (one, page) if page is not None else (None, None)

    def _adopt_or_create(self, file: str, path: str, folder: bool, text: Text) -> PastPage | None:
        page = self.recorder.at(path)
        if page is None:
            page = self.recorder.create(path, folder, text, self.stamp, self.action)
            self.report.created += 1
            self.report.revisions += 1
            return page
        sentence = f"The page “{page.title}” was here before this history was."
        self.whole.problem(Kind.REPLACED, file, sentence)
        one = Tracked(page.id, file, "", page.head)
        self.files.put(one)
        if self.recorder.revise(page, text, self.stamp, action=self.action, folder=folder):
            self.report.revisions += 1
        return page

    def _free_place(self, file: str, page: PastPage | None) -> tuple[str, bool]:
        """Where the page of a file stands: by its name or, where that is taken, beside.

        :raises _Taken: when there is no place. :raises PathError:
        """
        path, folder = self.whole.place_of(file)
        other = self._holder(path, page)
        if other is None:
            return path, folder
        if folder and _stem(file) == "readme":
            beside = join(path, "readme")
            if self._holder(beside, page) is None:
                return beside, False
        elif folder and _stem(other.file) == "readme":
            beside = join(path, "readme")
            holder = self.recorder.page(other.page_id)
            if holder is not None and self.recorder.at(beside) is None:
                text = Text(
                    holder.title,
                    self.recorder.shelf.text(self.session, holder.content_hash),
                    holder.tags,
                    holder.description,
                    dict(holder.fields),
                )
                self.recorder.revise(
                    holder, text, self.stamp, action=Action.MOVE, path=beside, folder=False
                )
                other.revision = holder.head if other.revision == holder.head - 1 else 0
                self.files.put(other)
                return path, folder
        raise _Taken(f"It would be at the same place as {printable(other.file)}.")

    def _holder(self, path: str, page: PastPage | None) -> Tracked | None:
        """The other file of the history whose page is at a path."""
        there = self.recorder.at(path)
        if there is None or there is page:
            return None
        one = self.files.by_page.get(there.id)
        return one if one is not None and not one.gone else None

    def _text(self, file: str, blob: str, path: str) -> Text:
        """What a version of a file says.

        :raises UnicodeDecodeError: :raises WikiError: when it cannot be a page.
        """
        data = self.blobs.read(blob, self.whole.most)
        if data is None:
            raise Invalid(f"A version of it has more than {self.whole.most >> 10} KiB.")
        source = decode(data)
        _, body = frontmatter.split(source)
        title = leading_title(body, path) or self.whole.space.title
        return checked(Text(title, source), self.whole.most)


class _Taken(WikiError):
    """Another file of the history is the same page."""


def _author(commit: Commit) -> tuple[str, str]:
    return commit.name, commit.address


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) < 10 else None


def _stem(file: str) -> str:
    return name_of(file).rpartition(".")[0].casefold()


def _batches(commits: Iterator[Commit]) -> Iterator[list[Commit]]:
    """Commits in their order, as many together as make a good transaction."""
    some: list[Commit] = []
    steps = 0
    for commit in commits:
        some.append(commit)
        steps += 1 + len(commit.changes)
        if steps >= STEPS:
            yield some
            some, steps = [], 0
    if some:
        yield some
