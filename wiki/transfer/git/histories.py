"""Import of a Git history: every version of every page becomes a revision with its author.

Commits are imported so that each follows its parents, some hundred steps to a transaction. Each
transaction stores its position in the database, so an import that was killed continues from there.
At the end the newest tree is compared with the imported pages, files are attached and the pages
rendered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import Database, batches, now
from wiki.pages.models import Page
from wiki.pages.rendering.stored import HEADS_AT_ONCE, ensure_heads
from wiki.pages.saving.revisions import Attribution
from wiki.pages.saving.secrets import kinds_of
from wiki.pages.texts.shelf import Shelf
from wiki.people.imported.placeholders import author_key, authors_for, users_domain
from wiki.rules.access import Actor, May
from wiki.spaces.queries import see_space_by_id
from wiki.transfer.git import trailers
from wiki.transfer.git.blobs import Blobs
from wiki.transfer.git.history import History
from wiki.transfer.git.history_writer import HistoryWriter, tell
from wiki.transfer.git.records import Commit, FileChange
from wiki.transfer.git.steps import Files, Ledger, Step, Steps, Tracked, stem
from wiki.transfer.importing import TreeImport
from wiki.transfer.kept_order import ORDER_FILE
from wiki.transfer.models import ImportedFile, ImportedHistory
from wiki.transfer.report import Kind, Problem, Report
from wiki.transfer.sources.source import (
    MARKDOWN,
    GitSource,
    Progress,
    is_hidden,
    limits_of,
    name_refusal,
)

STEPS = 400
"""Number of page changes in a transaction; other writers wait for it."""
_FILE_MODES = ("100644", "100755", "100664")
_NO_FILES = {"120000": "a symbolic link", "160000": "a submodule"}
_SPECIAL = frozenset({"_sidebar", "_footer", "_header"})
"""Pages that the wikis of code hosts show around every page."""


class HistoryImport:
    """The import of one branch of a repository into one space, by an actor who may edit there.

    :raises GitError: :raises Forbidden: :raises NotFound:
    """

    def __init__(
        self, database: Database, settings: Settings, actor: Actor, space_id: int, history: History
    ) -> None:
        self.database = database
        self.settings = settings
        self.actor = actor
        self.history = history
        self._shelf = Shelf()
        names = {
            file.path.rpartition("/")[2].lower() for file in history.tree() if "/" not in file.path
        }
        is_wiki = "home.md" in names and not names & {"index.md", "readme.md"}
        with database.write() as session:
            seen = see_space_by_id(session, actor, space_id)
            seen.require(May.EDIT)
            self.ledger = Ledger(seen.space, settings.max_page_kb << 10, is_wiki)
            self.ledger.kinds = kinds_of(session, space_id)
            root = history.root()
            row = self._known(session, root)
            if row is None:
                row = ImportedHistory(space_id=space_id, root=root, tip="")
                session.add(row)
            row.finished_at = None
            session.flush()
            self.history_id, self.after = row.id, row.tip
            self.ledger.files = self._tracked(session)
            if not self.ledger.files.by_page:  # nothing was imported from a clone without contents
                self.after = ""

    def run(self, progress: Progress | None = None) -> Report:
        """Import everything that is new, and return the report."""
        after, history = self.after, self.history
        if history.is_shallow:
            begins = history.begins_at().date().isoformat()
            why = (
                "It is missing commits, or they are damaged"
                if history.lacks_commits
                else "It is a shallow clone"
            )
            self._say(f"{why}: its history begins on {begins}; anything earlier is missing.")
        if after and not history.has(after):
            sentence = "It was rewritten since the last import"
            if history.is_shallow:
                sentence += ", or begins after the commit that came last"
            self._say(f"{sentence}: only its latest files are compared.")
        elif history.gaps(after).trees:
            self._say(
                "The folders of its commits are missing or damaged: only its latest "
                "files were imported."
            )
        else:
            if lost := history.gaps(after).blobs:
                versions = "a version of a file" if lost == 1 else f"{lost} versions of files"
                self._say(
                    f"It is missing {versions}, as partial clones are: renamed pages are "
                    "recognised only where their text stayed the same."
                )
            self._take_commits(after, progress)
        self._settle()
        tree = self._newest_tree()
        try:
            pages = tree.layout.pages
            tree.run(stop=len(pages))
            self._catch_up({page.entry.path: page.path for page in pages})
            self._render()
            tree.run(len(pages))  # embedded and linked files are known only now
            # An order that came before is kept as people have changed it since.
            is_known = after and history.has(after) and not history.changed(ORDER_FILE, after)
            found = tree.finish(ordered=not is_known)
        finally:
            tree.source.close()
        with self.database.write() as session:
            row = session.get_one(ImportedHistory, self.history_id)
            row.tip, row.finished_at = self.history.tip, now()
        return self._told(found)

    def _say(self, sentence: str) -> None:
        self.ledger.report.add([Problem(Kind.HISTORY, self.history.branch, sentence)])

    def _known(self, session: Session, root: str) -> ImportedHistory | None:
        """Return the same history from an earlier import: found by its first commit or, if the
        history was cut off then or is now, by the newest imported commit."""
        rows = session.scalars(
            select(ImportedHistory)
            .where(ImportedHistory.space_id == self.ledger.space.id)
            .order_by(ImportedHistory.id)
        ).all()
        for row in rows:
            if row.root == root:
                return row
        return next((row for row in rows if row.tip and self.history.has(row.tip)), None)

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
            writer = HistoryWriter(session, self.actor, self.ledger.space, self._shelf)
            touched = {
                self.ledger.files.live[path].page_id
                for commit in commits
                for change in commit.changes
                for path in (change.path, change.old_path)
                if path in self.ledger.files.live
            }
            writer.load(touched)
            blobs.expect(self._to_read(commits))
            for commit in commits:
                message, marks = trailers.read_message(commit.message)
                attribution = Attribution(people[author_key(*_author(commit))], commit.at, message)
                Step(self.ledger, session, writer, blobs, attribution, marks).take(
                    self._steps(commit, marks)
                )
            self._store(session, writer, commits[-1].hash)

    def _to_read(self, commits: Sequence[Commit]) -> list[str]:
        """Return the contents that the commits introduce, without duplicates."""
        held = {one.blob for one in self.ledger.files.live.values()}
        brought = [
            change.blob
            for commit in commits
            for change in commit.changes
            if change.status != "D" and change.path.lower().endswith(MARKDOWN)
        ]
        return [blob for blob in dict.fromkeys(brought) if blob not in held]

    def _store(self, session: Session, writer: HistoryWriter, tip: str) -> None:
        writer.flush()
        changed = sorted(self.ledger.files.changed)
        session.execute(
            delete(ImportedFile).where(
                ImportedFile.history_id == self.history_id, ImportedFile.page_id.in_(changed)
            )
        )
        rows = [
            {"history_id": self.history_id, **vars(self.ledger.files.by_page[page_id])}
            for page_id in changed
        ]
        if rows:
            session.connection().execute(insert(ImportedFile), rows)
        self.ledger.files.changed.clear()
        if tip:
            session.get_one(ImportedHistory, self.history_id).tip = tip

    def _steps(self, commit: Commit, marks: Mapping[str, str]) -> Steps:
        """Return the changes of pages that a commit makes and that are not made yet."""
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
        live = self.ledger.files.live
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
        return Steps(tuple(sorted(deletes)), tuple(renames), tuple(writes))

    def _is_page(self, change: FileChange) -> bool:
        if not change.path.lower().endswith(MARKDOWN):
            return False
        if is_hidden(change.path.split("/")):
            return False
        if self.ledger.is_wiki and stem(change.path) in _SPECIAL:
            self.ledger.problem(
                Kind.LEFT_OUT,
                change.path,
                "It belongs to the site around the pages of another wiki.",
            )
            return False
        if change.mode not in _FILE_MODES:
            what = _NO_FILES.get(change.mode, "not a file")
            self.ledger.problem(Kind.REFUSED, change.path, f"It is {what}, which is not followed.")
            return False
        refusal = name_refusal(change.path)
        if refusal:
            self.ledger.problem(Kind.REFUSED, change.path, refusal)
            return False
        return True

    def _settle(self) -> None:
        """Delete the pages of files that are not in the newest tree, and redirect `home` to the
        home page of a wiki."""
        names = {file.path for file in self.history.tree()}
        strays = [one for file, one in self.ledger.files.live.items() if file not in names]
        attribution = Attribution(self.actor.person_id, now())
        with self.database.write() as session:
            writer = HistoryWriter(session, self.actor, self.ledger.space, self._shelf)
            for one in strays:
                page = writer.page(one.page_id)
                if page is not None:
                    writer.delete(page, attribution)
                self.ledger.files.lose(one)
            home = writer.at("") if self.ledger.is_wiki else None
            if home is not None:
                writer.redirect("home", home)
            self._store(session, writer, "")

    def _catch_up(self, places: Mapping[str, str]) -> None:
        """Record for each file of the newest tree the version that its page has, including files
        that only the comparison with the tree imported.

        :param places: the page paths of the files of the tree.
        """
        behind = [
            file
            for file in self.history.tree()
            if file.path.lower().endswith(MARKDOWN)
            and (
                file.path not in self.ledger.files.live
                or self.ledger.files.live[file.path].blob != file.blob
            )
        ]
        if not behind:
            return
        with closing(self.history.blobs()) as blobs, self.database.write() as session:
            writer = HistoryWriter(session, self.actor, self.ledger.space, self._shelf)
            step = Step(self.ledger, session, writer, blobs, Attribution(None, now()), {})
            for file in behind:
                is_home = self.ledger.is_wiki and file.path.lower() == "home.md"
                step.catch_up(file.path, file.blob, "" if is_home else places.get(file.path))
            self._store(session, writer, "")

    def _newest_tree(self) -> TreeImport:
        source = GitSource(self.history, limits_of(self.settings), wiki=self.ledger.is_wiki)
        source.entries = [one for one in source.entries if one.path not in self.ledger.elsewhere]
        return TreeImport(
            self.database,
            self.settings,
            self.actor,
            self.ledger.space.id,
            source,
            history_id=self.history_id,
        )

    def _render(self) -> None:
        """Render the imported pages and publish them to subscribers."""
        with self.database.read() as session:
            stale = list(
                session.scalars(
                    select(Page.id)
                    .where(
                        Page.space_id == self.ledger.space.id,
                        Page.deleted_at.is_(None),
                        Page.rendered != Page.head,
                    )
                    .order_by(Page.path_key)
                )
            )
        for some in batches(stale, HEADS_AT_ONCE):
            ensure_heads(self.database, some)
            with self.database.write() as session:
                tell(session, some)

    def _told(self, tree: Report) -> Report:
        """Return the report, completed with the report on the newest tree."""
        self.ledger.report.files_added = tree.files_added
        self.ledger.report.files_unchanged = tree.files_unchanged
        self.ledger.report.hidden = tree.hidden
        self.ledger.report.unchanged = tree.unchanged
        self.ledger.report.changed += tree.changed
        self.ledger.report.created += tree.created
        self.ledger.add_newest(tree.problems)
        self.ledger.report.more_problems += tree.more_problems
        return self.ledger.report

    def _tracked(self, session: Session) -> Files:
        found = Files()
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


def _author(commit: Commit) -> tuple[str, str]:
    return commit.name, commit.address


def _batches(commits: Iterator[Commit]) -> Iterator[list[Commit]]:
    """Yield batches of commits in order, each of a size that suits a transaction."""
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
