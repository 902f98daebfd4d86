"""`wiki import` of a Git history: every version a revision; stopped, it goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.cast import Scene
from tests.surroundings import ROOT, corpus_source, examples
from tests.transfer.gits import git
from tests.transfer.trees import PNG
from wiki.app import open_database
from wiki.config import Settings
from wiki.errors import Forbidden
from wiki.history.queries import history as history_of
from wiki.pages.actions import delete_page
from wiki.pages.links.models import PageLink
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.models import Folder, Page, Redirect, Revision
from wiki.pages.revising import text_of
from wiki.people.models import Person
from wiki.rules.roles import Role, Visibility
from wiki.search.index import difference
from wiki.spaces.actions import SpaceValues, create_space, give_role
from wiki.spaces.consent import UNASKED
from wiki.spaces.queries import see_space
from wiki.transfer.git import histories
from wiki.transfer.git.blobs import Blobs
from wiki.transfer.git.command import GitError, is_history
from wiki.transfer.git.histories import HistoryImport
from wiki.transfer.git.history import History
from wiki.transfer.git.mirroring import export_to_git
from wiki.transfer.models import ImportedFile
from wiki.transfer.report import Report

pytestmark = pytest.mark.git

BEGIN = 1_600_000_000
Files = dict[str, str | bytes | None]


@dataclass
class Repo:
    """A working tree in which people commit, an hour apart."""

    folder: Path
    commits: int = 0
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        git(self.folder, "init", "--quiet", "--initial-branch=main")

    def commit(self, changes: Files, message: str = "", by: str = "Ben") -> None:
        """Write (None: remove) files and commit them."""
        for place, content in changes.items():
            path = self.folder / place
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        git(self.folder, "add", "--all")
        self.record(message or f"Commit {self.commits}", by)

    def move(self, moves: dict[str, str], message: str = "") -> None:
        """Rename files, all at once."""
        for number, old in enumerate(moves):
            (self.folder / old).rename(self.folder / f"moving-{number}")
        for number, new in enumerate(moves.values()):
            (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / f"moving-{number}").rename(self.folder / new)
        git(self.folder, "add", "--all")
        self.record(message or f"Move {self.commits}", "Eve")

    def merge(self, branch: str) -> None:
        """Merge, and leave it to be recorded."""
        who = ("-c", "user.name=Eve", "-c", "user.email=eve@example.com")
        git(self.folder, *who, "merge", "--quiet", "--no-commit", "--no-ff", branch)

    def record(self, message: str, by: str, *more: str) -> None:
        """Commit what is staged."""
        at = f"{BEGIN + 3600 * self.commits} +0200"
        self.commits += 1
        who = ("-c", f"user.name={by}", "-c", f"user.email={by.lower()}@example.com")
        command = ["git", "-C", str(self.folder), *who, "commit", "--quiet", "--allow-empty"]
        dates = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
        subprocess.run(
            [*command, "--allow-empty-message", "-m", message, *more],
            env={**os.environ, **dates, "GIT_CONFIG_GLOBAL": os.devnull},
            check=True,
        )


Import = Callable[..., Report]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


@pytest.fixture
def bring(wiki: Scene, repo: Repo) -> Import:
    """Import the repository (or another) into a space, as somebody."""

    def run(source: Path | None = None, space: str = "eng", by: str = "eve") -> Report:
        with wiki.database.read() as session:
            space_id = see_space(session, wiki.actor(by), space).space.id
        found = History(source or repo.folder)
        try:
            return HistoryImport(
                wiki.database, wiki.settings, wiki.actor(by), space_id, found
            ).run()
        finally:
            found.close()

    return run


def told(wiki: Scene, space: str = "eng", by: str = "eve") -> dict[str, list[tuple[Any, ...]]]:
    """All that the wiki holds of a space: for each page, where and whether it is, its revisions;
    pages are named by their first revision's message and place."""
    with wiki.database.read() as session:
        seen = see_space(session, wiki.actor(by), space).space
        found: dict[str, list[tuple[Any, ...]]] = {}
        for page in session.scalars(select(Page).where(Page.space_id == seen.id)):
            rows: list[tuple[Any, ...]] = []
            for one in session.scalars(
                select(Revision).where(Revision.page_id == page.id).order_by(Revision.number)
            ):
                text = text_of(session, one)
                who = session.get(Person, one.author_id) if one.author_id else None
                values = (text.title, text.body, text.tags, text.description, str(text.fields))
                at = one.created_at.replace(microsecond=0)
                rows.append((one.path, one.folder, *values, who and who.name, at, one.message))
            place = (page.path, page.folder, page.deleted_at is not None, page.title, page.head)
            found[f"{rows[0][0]} {rows[0][-2]} {rows[0][-1]}"] = [place, *rows]
        assert len(found) == session.scalar(
            select(func.count()).select_from(Page).where(Page.space_id == seen.id)
        )
        return found


def messages(wiki: Scene, path: str) -> list[str]:
    page = wiki.page(path)
    with wiki.database.read() as session:
        return list(
            session.scalars(
                select(Revision.message)
                .where(Revision.page_id == page.id)
                .order_by(Revision.number)
            )
        )


def test_every_version_is_a_revision_with_author_date_and_message(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    repo.commit({"rota.md": "# Rota\n\nBen\n"}, "Begin the rota\n\nSince we need one.", "Ben")
    repo.commit({"rota.md": "# Rota\n\nBen, Eve\n"}, "Eve joins", "Eve")
    repo.commit({"README.md": "# Welcome\n", "docs/index.md": "# Docs\n"}, "More")
    report = bring()
    assert (report.revisions, report.created, report.problems) == (4, 3, [])
    page = wiki.page("rota")
    assert page.head == 2
    with wiki.database.read() as session:
        first, second = session.scalars(
            select(Revision).where(Revision.page_id == page.id).order_by(Revision.number)
        )
        assert first.created_at == datetime.fromtimestamp(BEGIN, UTC)
        assert first.message == "Begin the rota Since we need one."
        assert second.author is not None
        assert (second.author.name, second.author.imported_at is not None) == ("Eve", True)
    assert "Welcome" in wiki.get("cai", "/eng/").text
    assert wiki.page("docs").folder
    diff = wiki.get("cai", "/eng/rota/-/diff/1..2").text
    assert "Eve joins" in diff


def test_pages_are_found_listed_and_linked_when_the_import_is_done(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    repo.commit({"a/one.md": "# One\n\n[Two](two.md) zebra\n", "a/two.md": "# Two\n"})
    bring()
    wiki.deliver()
    assert "One" in wiki.get("cai", "/-/search?q=zebra").text
    assert "/eng/a/one" in wiki.get("cai", "/eng/a/two/-/backlinks").text
    with wiki.database.read() as session:
        assert list(session.scalars(select(Folder.path))) == ["a"]
        assert session.scalar(select(func.count()).select_from(PageLink)) == 1
    changes = wiki.get("cai", "/eng/-/changes").text
    assert "2020" in changes


def test_renames_are_moves_with_redirects_from_every_former_path(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    body = "\n".join(f"Line {n}" for n in range(30))
    repo.commit({"first.md": f"# Page\n{body}\n"})
    repo.move({"first.md": "second.md"})
    repo.move({"second.md": "deep/third.md"})
    report = bring()
    assert report.moved == 2
    for old in ("first", "second"):
        assert wiki.get("cai", f"/eng/{old}").location == "/eng/deep/third"
    assert messages(wiki, "deep/third") == ["Commit 0", "Move 1", "Move 2"]


def test_pages_that_change_places_in_one_commit_stay_themselves(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    for name in "abc":
        lines = "\n".join(f"{name} {n}" for n in range(30))
        repo.commit({f"{name}.md": f"# {name.upper()}\n{lines}\n"}, f"Write {name}")
    repo.move({"a.md": "b.md", "b.md": "c.md", "c.md": "a.md"})
    bring()
    found = told(wiki)
    assert [wiki.page(path).title for path in "abc"] == ["C", "A", "B"]
    assert all(rows[0][4] == 2 for rows in found.values())
    with wiki.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Redirect)) == 0


def test_deleted_files_are_deleted_pages_that_can_be_restored(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    repo.commit({"old.md": "# Old\n", "new.md": "# New\n"})
    repo.commit({"old.md": None}, "Away with it", "Eve")
    assert bring().deleted == 1
    assert wiki.get("cai", "/eng/old").status_code == 404
    gone = wiki.get("ben", "/eng/old")
    assert "deleted" in gone.text
    with wiki.database.read() as session:
        page = session.scalars(select(Page).where(Page.deleted_at.is_not(None))).one()
        entries = history_of(session, wiki.actor("eve"), page).rows
        assert entries[0].at == datetime.fromtimestamp(BEGIN + 3600, UTC)
        assert entries[0].event == "deleted"
        assert entries[0].who is not None
        assert entries[0].who.name == "Eve"
    wiki.deliver()
    assert not difference(wiki.database, wiki.settings)
    repo.commit({"new.md": None}, "Also this", "Eve")
    bring()
    wiki.deliver()
    assert not difference(wiki.database, wiki.settings)
    wiki.post("ben", f"/-/p/{page.id}/restore", path="old")
    assert wiki.get("cai", "/eng/old").status_code == 200


def test_a_file_that_comes_back_is_the_page_it_was(wiki: Scene, repo: Repo, bring: Import) -> None:
    repo.commit({"old.md": "# Old\n", "x.md": "x"})
    repo.commit({"old.md": None}, "Away")
    repo.commit({"old.md": "# Old\n\nAgain\n"}, "Back")
    bring()
    assert messages(wiki, "old") == ["Commit 0", "Back"]


def test_merges_do_not_duplicate(wiki: Scene, repo: Repo, bring: Import) -> None:
    lines = [f"Line {n}" for n in range(20)]
    repo.commit({"page.md": "\n".join(lines), "other.md": "Other"}, "Begin")
    git(repo.folder, "checkout", "--quiet", "-b", "side")
    repo.commit({"page.md": "\n".join(["Side", *lines[1:]])}, "On the side")
    git(repo.folder, "checkout", "--quiet", "main")
    repo.commit({"other.md": "Other, changed"}, "On main")
    repo.merge("side")
    repo.record("Merge", "Eve")
    git(repo.folder, "checkout", "--quiet", "-b", "again")
    repo.commit({"page.md": "\n".join(["Side", *lines[1:], "End"])}, "At the end")
    git(repo.folder, "checkout", "--quiet", "main")
    repo.commit({"page.md": "\n".join(["Both", *lines[1:]])}, "At the start")
    repo.merge("again")
    repo.record("Merge both", "Eve")
    bring()
    assert messages(wiki, "other") == ["Begin", "On main"]
    found = messages(wiki, "page")
    assert found[:2] == ["Begin", "On the side"]
    assert sorted(found[2:]) == ["At the end", "At the start", "Merge both"]
    body = (repo.folder / "page.md").read_text()
    assert wiki.get("cai", "/eng/page/-/raw").text.endswith(body)


def test_only_what_is_new_comes_with_the_next_import(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    repo.commit({"a.md": "# A\n", "b.md": "# B\n"})
    bring()
    before = told(wiki)
    again = bring()
    assert (again.revisions, again.created, again.unchanged) == (0, 0, 2)
    assert told(wiki) == before
    repo.commit({"a.md": "# A\n\nMore\n"}, "More")
    repo.move({"b.md": "c.md"})
    report = bring()
    assert (report.revisions, report.moved) == (2, 1)
    assert messages(wiki, "a") == ["Commit 0", "More"]


def test_what_was_edited_here_meanwhile_is_merged_or_left_and_said(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    text = "# Leave\n\nTwenty days.\n\nAsk Eve.\n\nThe end.\n"
    repo.commit({"leave.md": text, "sick.md": text})
    bring()
    wiki.write("leave", text.replace("The end.", "The very end."), title="Leave", by="ben")
    wiki.write("sick", text.replace("Twenty", "Ten"), title="Leave", by="ben")
    changed = text.replace("Twenty", "Thirty")
    repo.commit({"leave.md": changed, "sick.md": changed}, "Thirty", "Eve")
    report = bring()
    assert [(one.kind.name, one.where) for one in report.problems] == [("CONFLICT", "sick.md")]
    raw = wiki.get("cai", "/eng/leave/-/raw").text
    assert "Thirty" in raw
    assert "The very end." in raw
    assert "Ten days" in wiki.get("cai", "/eng/sick/-/raw").text
    # The next version of the file brings with it what could not be merged before.
    wiki.write("sick", text, title="Leave", by="ben")
    repo.commit({"sick.md": changed.replace("Ask Eve", "Ask Ben")}, "Ask Ben")
    assert bring().problems == []
    raw = wiki.get("cai", "/eng/sick/-/raw").text
    assert "Thirty" in raw
    assert "Ask Ben" in raw


def test_pages_moved_or_deleted_here_are_known_again(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    repo.commit({"a.md": "# A\n", "b.md": "# B\n", "c.md": "# C\n"})
    bring()
    with wiki.database.write() as session:
        move_page(session, wiki.actor("eve"), wiki.page("a").id, MoveTo("moved/a"))
        delete_page(session, wiki.actor("eve"), wiki.page("b").id)
        eve = wiki.actor("eve")
        lab = see_space(session, eve, "lab").space
        move_page(session, eve, wiki.page("c").id, MoveTo("c", space=lab), consent=UNASKED)
    repo.commit({"a.md": "# A\n\nMore\n", "b.md": "# B\n\nMore\n", "c.md": "# C\n\nMore\n"}, "More")
    report = bring()
    assert messages(wiki, "b")[-1] == "More"
    assert messages(wiki, "moved/a")[-1] == "More"
    assert [(one.kind.name, one.where) for one in report.problems] == [("REPLACED", "c.md")]
    assert "More" not in wiki.get("eve", "/lab/c/-/raw").text
    with wiki.database.read() as session:  # and no other page is made in its place
        assert session.scalar(select(func.count()).where(Page.title == "C")) == 1


def test_a_page_that_was_here_before_keeps_its_past(wiki: Scene, repo: Repo, bring: Import) -> None:
    wiki.write("rota", "Mine", message="Before")
    repo.commit({"rota.md": "# Rota\n"}, "From Git")
    report = bring()
    assert [one.kind.name for one in report.problems] == ["REPLACED"]
    assert messages(wiki, "rota") == ["Before", "From Git"]


def test_what_cannot_be_a_page_is_said_and_not_fatal(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    repo.commit({"fine.md": "# Fine\n", "latin.md": "caf\xe9".encode("latin-1")})
    (repo.folder / "link.md").symlink_to("/etc/passwd")
    (repo.folder / "dir").symlink_to("/etc")
    repo.commit(
        {
            "UP.md": "# Up\n",
            "up.md": "# Down\n",
            "x" * 200 + ".md": "# Long\n",
            "bin.md": b"\0\1\2",
            "big.md": "x" * (3 << 20),
            "con\u202etrol.md": "x",
            ".github/hidden.md": "# Hidden\n",
            "-/verb.md": "# Verb\n",
        },
        "Odd ones",
    )
    git(repo.folder, "update-index", "--add", "--cacheinfo", "160000," + "1" * 40 + ",sub.md")
    repo.record("A submodule", "Ben")
    raw = b"caf\xff.md"
    (repo.folder / os.fsdecode(raw)).write_text("x")
    git(repo.folder, "add", "--all", "--", ".", ":!sub.md")
    repo.record("A name of bytes", "Ben")
    report = bring()
    said = {one.where: one.kind.name for one in report.problems}
    assert said["latin.md"] == "UNREADABLE"
    assert said["bin.md"] == "UNREADABLE"
    assert said["link.md"] == "REFUSED"
    assert said["sub.md"] == "REFUSED"
    assert said["big.md"] == "REFUSED"
    assert said["-/verb.md"] == "REFUSED"
    assert said["x" * 200 + ".md"] == "REFUSED"
    assert any(where.startswith("caf\\u") for where in said)
    assert {said.get("up.md"), said.get("UP.md")} == {None, "BESIDE"}
    with wiki.database.read() as session:
        live = set(session.scalars(select(Page.path).where(Page.deleted_at.is_(None))))
    assert {"fine"} < live
    assert not any("hidden" in path or "passwd" in path for path in live)


def test_a_readme_makes_room_for_an_index(wiki: Scene, repo: Repo, bring: Import) -> None:
    repo.commit({"docs/README.md": "# Read me\n"})
    repo.commit({"docs/index.md": "# Index\n"}, "Index")
    bring()
    assert wiki.page("docs").title == "Index"
    assert wiki.page("docs/readme").title == "Read me"


def test_the_wiki_of_a_code_host_has_its_home(wiki: Scene, repo: Repo, bring: Import) -> None:
    repo.commit(
        {
            "Home.md": "# Hello\n\n[[Getting Started]] [start](Getting-Started)\n",
            "Getting-Started.md": "Start here.\n",
            "_Sidebar.md": "* [[Home]]\n",
        }
    )
    report = bring()
    assert [(one.kind.name, one.where) for one in report.problems] == [("LEFT_OUT", "_Sidebar.md")]
    home = wiki.get("cai", "/eng/").text
    assert "Hello" in home
    assert home.count("missing") == 0
    assert wiki.get("cai", "/eng/home").location == "/eng/"
    assert wiki.page("Getting-Started").title == "Getting Started"


def test_files_of_the_newest_tree_come_along(wiki: Scene, repo: Repo, bring: Import) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"1" * 20
    repo.commit({"a.md": "![logo](images/logo.png)\n", "images/logo.png": png, "junk.bin": b"\0"})
    report = bring()
    assert report.files_added == 1
    assert wiki.get("cai", "/eng/images/-/files/logo.png").data == png
    wiki.deliver()
    assert not difference(wiki.database, wiki.settings)  # also of a page that got a file
    assert bring().files_added == 0


def test_a_bundle_and_a_bare_repository_are_the_same_history(
    wiki: Scene, repo: Repo, bring: Import, tmp_path: Path
) -> None:
    repo.commit({"a.md": "# A\n"})
    bring()
    repo.commit({"a.md": "# A\n\nMore\n"}, "More")
    bundle, bare = tmp_path / "all.bundle", tmp_path / "bare.git"
    git(repo.folder, "bundle", "create", str(bundle), "main")
    git(tmp_path, "clone", "--quiet", "--bare", str(repo.folder), str(bare))
    assert all(map(is_history, (repo.folder, bundle, bare)))
    assert not is_history(tmp_path)
    assert bring(bundle).revisions == 1
    assert bring(bare).revisions == 0


def test_a_history_that_was_rewritten_is_compared_and_said(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    repo.commit({"a.md": "# A\n"})
    repo.commit({"a.md": "# A\n\nTwo\n"}, "Two")
    bring()
    git(repo.folder, "reset", "--quiet", "--hard", "HEAD~1")
    repo.commit({"a.md": "# A\n\nThree\n"}, "Three")
    report = bring()
    assert [one.kind.name for one in report.problems] == ["HISTORY"]
    assert "Three" in wiki.get("cai", "/eng/a/-/raw").text
    repo.commit({"a.md": "# A\n\nFour\n"}, "Four")  # from here on it is followed again
    report = bring()
    assert (report.revisions, report.problems) == (1, [])
    assert messages(wiki, "a")[-1] == "Four"


def test_nothing_that_is_set_in_the_repository_is_run(
    wiki: Scene, repo: Repo, bring: Import, tmp_path: Path
) -> None:
    proof = tmp_path / "it-ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {proof}\ncat\n")
    script.chmod(0o755)
    repo.commit({"a.md": "# A\n", ".gitattributes": "*.md filter=evil diff=evil\n"})
    repo.commit({"a.md": "# A\n\nMore\n"})
    for name in (
        "filter.evil.smudge",
        "filter.evil.clean",
        "diff.evil.textconv",
        "diff.evil.command",
        "diff.external",
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "uploadpack.packObjectsHook",
        "core.alternateRefsCommand",
    ):
        git(repo.folder, "config", name, str(script))
    for hook in (repo.folder / ".git/hooks").iterdir():
        hook.unlink()
    for hook in ("post-checkout", "pre-receive", "post-update", "reference-transaction"):
        (repo.folder / ".git/hooks" / hook).symlink_to(script)
    assert bring().revisions == 2
    assert not proof.exists()


def test_what_is_no_repository_or_has_no_commit_is_one_sentence(tmp_path: Path) -> None:
    empty = Repo(tmp_path / "empty")
    with pytest.raises(GitError, match="empty contains no commits"):
        History(empty.folder)
    empty.commit({"a.md": "# A\n"})
    with pytest.raises(GitError, match="There is no branch nowhere; there are: main"):
        History(empty.folder, "nowhere")
    bundle = tmp_path / "cut.bundle"
    git(empty.folder, "bundle", "create", str(bundle), "main")
    bundle.write_bytes(bundle.read_bytes()[:-40])
    with pytest.raises(GitError, match="Git couldn’t fetch"):
        History(bundle)


def test_a_reader_cannot_bring_in_a_history(wiki: Scene, repo: Repo, bring: Import) -> None:
    repo.commit({"a.md": "# A\n"})
    with pytest.raises(Forbidden):
        bring(by="cai")


def story(repo: Repo, commits: int, seed: int = 3) -> None:
    """A lively history: writing, renaming, deleting, bringing back."""
    chance = random.Random(seed)
    texts: dict[str, list[str]] = {}
    gone: list[str] = []
    for number in range(commits):
        what = chance.random()
        if what < 0.3 or len(texts) < 3:
            name = chance.choice([f"p{number}.md", f"d{number % 3}/p{number}.md", *gone])
            if name in texts:
                continue
            texts[name] = [f"# Page {number}", *(f"{name} {n}" for n in range(12))]
            repo.commit(
                {name: "\n".join(texts[name])}, f"Write {name}", chance.choice(["Ben", "Eve"])
            )
        elif what < 0.75:
            name = chance.choice(sorted(texts))
            texts[name][chance.randrange(1, 12)] = f"changed {number}"
            repo.commit({name: "\n".join(texts[name])}, f"Edit {name}\n\nAt {number}")
        elif what < 0.9:
            name = chance.choice(sorted(texts))
            new = f"moved/{number}.md"
            texts[new] = texts.pop(name)
            repo.move({name: new})
        else:
            name = chance.choice(sorted(texts))
            del texts[name]
            gone.append(name)
            repo.commit({name: None}, f"Delete {name}")


def test_killed_after_any_transaction_it_goes_on_and_ends_the_same(
    wiki: Scene, repo: Repo, bring: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    story(repo, 45)
    monkeypatch.setattr(histories, "STEPS", 7)
    monkeypatch.setattr(histories, "HEADS_AT_ONCE", 4)

    class Killed(BaseException):
        pass

    left = [0]
    original = wiki.database.write

    def write(**options):  # type: ignore[no-untyped-def]
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return original(**options)

    bring(space="open")
    whole = told(wiki, "open")
    kills = 0
    with monkeypatch.context() as patch:
        patch.setattr(wiki.database, "write", write)
        while True:
            left[0] = 2  # one to look what there is, and one to do something
            if kills > 8:
                left[0] = 100
            try:
                bring(space="eng")
            except Killed:
                kills += 1
                continue
            break
    assert kills > 8
    assert told(wiki, "eng") == whole
    wiki.deliver()
    with wiki.database.read() as session:
        stale = select(func.count()).where(Page.deleted_at.is_(None), Page.rendered != Page.head)
        assert session.scalar(stale) == 0


KILLED = """
import os, signal, sys
from wiki.cli import main
from wiki.transfer.git import histories
from wiki.transfer.git.histories import HistoryImport

folder, stop = sys.argv[1], int(sys.argv[2])
histories.STEPS = 5
store, done = HistoryImport._store, []

def and_die(*given):
    done.append(given)
    if len(done) == stop:
        os.kill(os.getpid(), signal.SIGKILL)
    store(*given)

HistoryImport._store = and_die
main(["import", folder, "--space", "eng"])
"""


@pytest.mark.thorough
def test_a_process_killed_in_the_middle_leaves_nothing_half_done(
    wiki: Scene, repo: Repo, bring: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not wiki.database.is_sqlite:
        return  # the process would have to be told of this test's database
    story(repo, 60, seed=5)
    data = tmp_path / "killed"
    environ = {**os.environ, "WIKI_DATA_DIR": str(data), "PYTHONPATH": str(ROOT)}

    def run(*command: str) -> int:
        python = [sys.executable, *command]
        return subprocess.run(python, env=environ, capture_output=True, check=False).returncode

    assert run("-m", "wiki", "space", "add", "eng", "--title", "Eng", "--public") == 0
    for stop in (2, 5, 9):
        assert run("-c", KILLED, str(repo.folder), str(stop)) == -signal.SIGKILL
    assert run("-m", "wiki", "import", str(repo.folder), "--space", "eng") == 0
    bring()
    expected = told(wiki)
    other = open_database(Settings(data_dir=data, secret_key="k" * 40))
    monkeypatch.setattr(wiki, "database", other)
    try:
        assert told(wiki, by="ada") == expected
    finally:
        other.dispose()


@settings(
    max_examples=examples(3),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10_000))
def test_exported_and_imported_again_the_pages_and_revisions_are_the_same(
    wiki: Scene, bring: Import, tmp_path: Path, seed: int
) -> None:
    first, second, out = f"one-{seed}", f"two-{seed}", tmp_path / f"out-{seed}"
    if out.exists():
        return
    made = Repo(tmp_path / f"made-{seed}")
    story(made, 30, seed)
    _add_space(wiki, first)
    _add_space(wiki, second)
    bring(made.folder, first)
    with wiki.database.read() as session:
        space = see_space(session, wiki.actor("eve"), first).space
        export_to_git(session, wiki.actor("eve"), wiki.settings, space, out)
    report = bring(out, second)
    assert report.problems == []
    assert told(wiki, second) == told(wiki, first)


def test_what_people_do_here_survives_the_way_out_and_in(
    wiki: Scene, bring: Import, tmp_path: Path
) -> None:
    wiki.write("plan", "# Plan\n\nOne", title="Plan", tags=("a", "b"), by="ben", message="Begin")
    wiki.write("plan", "# Plan\n\nTwo", title="Another title", by="eve")
    wiki.write("gone", "Soon gone", message="The first")
    wiki.write("plan/part", "A part")
    with wiki.database.write() as session:
        eve = wiki.actor("eve")
        delete_page(session, eve, wiki.page("gone").id)
    wiki.write("gone", "Another page at the same path")
    with wiki.database.write() as session:
        move_page(session, eve, wiki.page("plan").id, MoveTo("plans/all"))
    with wiki.database.read() as session:
        space = see_space(session, eve, "eng").space
        export_to_git(session, eve, wiki.settings, space, tmp_path / "out")
    report = bring(tmp_path / "out", "lab")
    assert report.problems == []
    assert told(wiki, "lab") == told(wiki, "eng")


def _add_space(wiki: Scene, slug: str) -> None:
    with wiki.database.write() as session:
        made = create_space(
            session, wiki.actor("ada"), slug, SpaceValues(slug, visibility=Visibility.PUBLIC)
        )
        give_role(session, wiki.actor("ada"), made, wiki.actor("eve").person_id or 0, Role.LEAD)


@pytest.mark.thorough
@pytest.mark.corpus
def test_a_stretch_of_the_handbook_ends_as_its_tree_says(
    wiki: Scene, bring: Import, tmp_path: Path
) -> None:
    source = corpus_source()
    assert source
    part = tmp_path / "part.git"
    git(tmp_path, "clone", "--quiet", "--bare", "--branch=main", str(source), str(part))
    commits = git(part, "rev-list", "--reverse", "main").split()
    git(part, "update-ref", "refs/heads/main", commits[700])
    report = bring(part, "open")
    tree = git(part, "ls-tree", "-r", "--name-only", "main").splitlines()
    pages = [name for name in tree if name.endswith(".md")]
    with wiki.database.read() as session:
        live = session.scalar(
            select(func.count()).select_from(Page).where(Page.deleted_at.is_(None))
        )
        tracked = session.scalar(
            select(func.count()).select_from(ImportedFile).where(ImportedFile.gone.is_(False))
        )
    refused = [one for one in report.problems if one.kind.name == "REFUSED"]
    assert live == tracked == len(pages) - len(refused)


def test_what_looks_like_a_secret_in_any_version_is_named_once(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    key = "AKIA" + "Y34FZKBOKMUTVV7Q"
    repo.commit({"keys.md": "Words.\n"})
    repo.commit({"keys.md": f"Words.\n{key}\n"})
    repo.commit({"keys.md": f"More words.\n{key}\n"})
    repo.commit({"keys.md": "No more.\n"})
    report = bring()
    assert [(one.kind.name, one.where, one.sentence) for one in report.problems] == [
        ("SECRET", "keys.md", "AWS access key AKIA…7Q, in the version of 13 Sept 2020")
    ]
    repo.commit({"keys.md": "No more, really.\n"})
    assert bring().problems == []


def test_a_secret_that_stays_in_a_title_is_not_named_again_with_every_import(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    head = f"---\ntitle: Key AKIA{'Y34FZKBOKMUTVV7Q'}\n---\n"
    repo.commit({"keys.md": f"{head}Words.\n"})
    assert [one.kind.name for one in bring().problems] == ["SECRET"]
    repo.commit({"keys.md": f"{head}More words.\n"})
    assert bring().problems == []


def live_titles(wiki: Scene) -> dict[str, str]:
    with wiki.database.read() as session:
        rows = session.execute(select(Page.path, Page.title).where(Page.deleted_at.is_(None)))
        return {row.path: row.title for row in rows}


def test_two_files_of_one_page_have_histories_of_their_own(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    repo.commit({"teams.md": "# List\n", "Page.md": "# Upper\n", "d/a b.md": "# Blank\n"}, "One")
    repo.commit({"teams/README.md": "# How\n", "page.md": "# Lower\n", "d/a-b.md": "# Hyphen\n"})
    report = bring()
    first = {"teams": "List", "Page": "Upper", "d/a-b": "Blank"}
    second = {"teams/readme": "How", "page-2": "Lower", "d/a-b-2": "Hyphen"}
    assert live_titles(wiki) == first | second
    said = {(one.kind.name, one.where) for one in report.problems}
    assert said == {("BESIDE", file) for file in ("teams/README.md", "page.md", "d/a-b.md")}
    repo.commit({"teams/README.md": "# How we\n", "page.md": "# Lower one\n"}, "Second files")
    repo.commit({"teams.md": "# List it\n", "Page.md": "# Upper one\n"}, "First files")
    report = bring()
    assert (report.created, report.revisions) == (0, 4)
    assert messages(wiki, "teams/readme") == ["Commit 1", "Second files"]
    assert messages(wiki, "page-2") == ["Commit 1", "Second files"]
    assert messages(wiki, "Page") == ["One", "First files"]
    assert bring().revisions == 0


def test_a_file_that_takes_the_place_of_another_by_a_rename_loses_nothing(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    how, listed = "# How\n\nWe work together.\n", "# List\n\nAda, Ben and Cai.\n"
    repo.commit({"teams.md": listed, "teams/README.md": how}, "Both")
    repo.move({"teams.md": "list.md"}, "Out of the way")
    repo.move({"teams/README.md": "teams.md"}, "In its place")
    repo.commit({"teams/index.md": "# Index\n"}, "A third")
    repo.move({"list.md": "teams/README.md"}, "And back")
    repo.commit({"teams.md": None}, "Gone")
    bring()
    titles = live_titles(wiki)
    assert sorted(titles.values()) == ["Index", "List"]
    place = next(path for path, title in titles.items() if title == "List")
    assert messages(wiki, place)[-1] == "And back"
    repo.commit({"teams.md": how + "More.\n", "teams/README.md": listed + "Dot.\n"}, "Again")
    bring()
    assert sorted(live_titles(wiki).values()) == ["How", "Index", "List"]
    assert messages(wiki, place)[-1] == "Again"
    assert "Dot." in wiki.get("cai", f"/eng/{place}/-/raw").text


def test_every_link_that_leads_nowhere_is_in_the_report_of_a_history(
    repo: Repo, bring: Import
) -> None:
    repo.commit({"a.md": "[[one]] [two](two.md) ![](/img/x.png) ![](y.png) [[one]]"})
    report = bring()
    assert [(one.where, one.sentence) for one in report.problems] == [
        ("a.md", "“one” leads to one: no page."),
        ("a.md", "“two” leads to two: no page."),
        ("a.md", "A link leads to /img/x.png, which doesn’t exist."),
        ("a.md", "A link leads to y.png."),
    ]
    assert bring().problems == report.problems


def test_addresses_from_the_root_and_hidden_files_come_with_a_history(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    repo.commit(
        {
            "README.md": "[a](/guide/page.md) [f](/files/plan.pdf) [s](teams/README.md)\n",
            "guide/page.md": "# Page\n\n![x](/img/x.png) ![y](../.gitbook/assets/y.png)\n",
            "docs/img/x.png": PNG,
            ".gitbook/assets/y.png": PNG + b"y",
            "files/plan.pdf": b"%PDF-1.7",
            "teams.md": "# List\n",
            "mkdocs.yml": "site_name: X\n",
        }
    )
    repo.commit({"teams/README.md": "# How\n"})
    report = bring()

    def leads(path: str) -> list[tuple[str, str, str]]:
        with wiki.database.read() as session:
            rows = session.query(PageLink).filter_by(page_id=wiki.page(path).id)
            found = rows.order_by(PageLink.ordinal)
            return [(row.kind, row.space_slug, row.path_key) for row in found]

    here = leads("")
    assert here == [
        ("page", "eng", "guide/page"),
        ("file", "eng", "files/plan.pdf"),
        ("page", "eng", "teams/readme"),
    ]
    assert leads("guide/page") == [
        ("file", "eng", "docs/img/x.png"),
        ("file", "eng", "gitbook/assets/y.png"),
    ]
    assert report.files_added == 3
    assert wiki.get("cai", "/eng/gitbook/assets/-/files/y.png").data == PNG + b"y"
    assert {one.kind.name for one in report.problems} == {"BESIDE", "LEFT_OUT"}
    repo.commit({"guide/page.md": "# Page\n\n[h](/README.md) [later](/later.md)\n"})
    bring()
    assert leads("guide/page") == [("page", "eng", ""), ("page", "later.md", "")]
    repo.commit({"later.md": "# Later\n"})
    bring()
    assert leads("guide/page") == [("page", "eng", ""), ("page", "eng", "later")]
    assert leads("") == here


def test_contents_are_asked_for_many_at_once(
    wiki: Scene, repo: Repo, bring: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Blobs] = []
    close = Blobs.close
    monkeypatch.setattr(Blobs, "close", lambda blobs: (asked.append(blobs), close(blobs))[1])
    for number in range(70):
        repo.commit({f"{number % 3}.md": f"# Page\n\n{number}\n"})
    assert bring().revisions == 70
    assert asked[0].questions <= 4
    repo.commit({f"{number}.md": "# Same\n" for number in range(40)} | {"x.md": "# X\n"})
    assert bring().revisions == 41


def test_history_from_before_the_space_is_not_what_is_new_in_it(
    wiki: Scene, repo: Repo, bring: Import
) -> None:
    repo.commit({"index.md": "# Home\n", "old.md": "# Old news\n"})
    bring()
    news = wiki.get("cai", "/eng/").text.partition('id="news-title"')[2].partition("</section>")[0]
    assert "Nothing new since the import." in news
    assert "Old news" not in news
    wiki.write("fresh", "x", title="Fresh news")
    news = wiki.get("cai", "/eng/").text.partition('id="news-title"')[2].partition("</section>")[0]
    assert "Fresh news" in news
    assert "Old news" not in news
