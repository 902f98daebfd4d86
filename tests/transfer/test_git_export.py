"""`wiki export --git`: a commit for everything that happened, with who, when and why."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete as sql_delete
from sqlalchemy import select, update

from tests.cast import Scene
from tests.people.test_placeholders import made
from tests.transfer.gits import files, git, log, text
from wiki.cli import main
from wiki.db import at
from wiki.outbox.models import EventRow
from wiki.pages.actions import delete_page, restore_page
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.merging import Text
from wiki.pages.models import Action, Content, Page, Revision
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.people.imported.placeholders import users_domain
from wiki.spaces.consent import UNASKED
from wiki.spaces.queries import see_space
from wiki.transfer.git.command import GitError
from wiki.transfer.git.fast_import import Repository
from wiki.transfer.git.mirroring import export_to_git
from wiki.transfer.git.repositories import Committed

pytestmark = pytest.mark.git

DAY = datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
Export = Callable[..., Committed]
Run = Callable[..., Result]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out" / "eng.git"


@pytest.fixture
def export(wiki: Scene, target: Path) -> Export:
    def run(space: str = "eng", by: str = "eve", folder: Path = target) -> Committed:
        with wiki.database.read() as session:
            found = see_space(session, wiki.actor(by), space).space
            return export_to_git(session, wiki.actor(by), wiki.settings, found, folder)

    return run


@pytest.fixture
def run(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> Run:
    opened = (wiki.settings, wiki.database)
    monkeypatch.setattr("wiki.transfer.commands.opened", lambda: opened)
    return lambda *arguments: CliRunner().invoke(main, [str(one) for one in arguments])


def move(wiki: Scene, path: str, new: str, *, by: str = "eve", to: str = "", alone: bool = False):
    with wiki.database.write() as session:
        space = see_space(session, wiki.actor(by), to).space if to else None
        page = wiki.page(path)
        move_page(
            session,
            wiki.actor(by),
            page.id,
            MoveTo(new, space=space, with_subtree=not alone),
            consent=UNASKED,
        )


def delete(wiki: Scene, path: str, *, subtree: bool = False) -> int:
    page = wiki.page(path)
    with wiki.database.write() as session:
        delete_page(session, wiki.actor("eve"), page.id, with_subtree=subtree)
    return page.id


def restore(wiki: Scene, page_id: int, path: str | None = None) -> None:
    with wiki.database.write() as session:
        restore_page(session, wiki.actor("eve"), page_id, raw_path=path)


def test_each_revision_is_a_commit_with_author_date_and_message(
    wiki: Scene, export: Export, target: Path
) -> None:
    with at(DAY):
        wiki.write("rota", "One.", by="ben", message="Say who is on call")
    wiki.write("rota", "Two.", by="eve")
    assert export().commits == 2
    first, second = log(target)
    domain = users_domain(wiki.settings)
    assert first.author == first.committer == f"Ben <ben@{domain}>"
    assert first.date == "2021-03-04T05:06:07+00:00"
    assert first.message == "Say who is on call"
    assert first.trailers["Wiki-Action"] == "create"
    assert first.trailers["Wiki-Revision"] == "1"
    assert first.changes == ["A rota.md"]
    assert (second.author, second.message) == (f"Eve <eve@{domain}>", "")
    assert second.trailers["Wiki-Page"] == first.trailers["Wiki-Page"]
    assert second.trailers["Wiki-Action"] == "edit"
    assert git(target, "log", "-1", "--format=%s").strip() == "Edit rota"
    assert text(target, "rota.md") == "---\ntitle: rota\n---\n\nTwo."
    blamed = git(target, "blame", "main", "--", "rota.md")
    assert "Eve" in blamed
    assert git(target, "fsck", "--strict") == ""


def test_no_address_that_somebody_gave_the_wiki_leaves_it(
    wiki: Scene, export: Export, target: Path
) -> None:
    old = wiki.people["old"] = made(wiki, "Old Hand", "Old.Hand@example.org").actor()
    wiki.write("rota", "One.", by="ben")
    with wiki.database.write() as session:
        submit(session, wiki.actor("eve"), Edit(wiki.page("rota").id, Text("Rota", "x"), base=1))
        revision = session.scalars(select(Revision).where(Revision.number == 2)).one()
        revision.author_id = old.person_id
    export(by="ada" if False else "eve")
    assert log(target)[1].author == "Old Hand <Old.Hand@example.org>"
    everything = git(target, "log", "--format=fuller")
    assert "ben@example.org" not in everything
    assert "eve@example.org" not in everything


@pytest.mark.parametrize("name", ["Ada <ada@example.org>", "<>", "Zoë 山田", "O'Brien, Jr.", '"q"'])
def test_a_name_that_git_cannot_say_is_said_in_a_trailer(
    wiki: Scene, export: Export, target: Path, name: str
) -> None:
    person = made(wiki, name, "x@example.org")
    wiki.write("rota", "One.")
    with wiki.database.write() as session:
        session.scalars(select(Revision)).one().author_id = person.id
    export()
    (commit,) = log(target)
    said = commit.author.rpartition(" <")[0]
    assert commit.trailers.get("Wiki-Author", said) == person.name
    assert ("Wiki-Author" in commit.trailers) == ("<" in name)


@pytest.mark.parametrize(
    "message",
    ["Wiki-Page: 1", "One\n\nWiki-Page: 1", "Zwei\nZeilen \n", " \n", "ü" * 400, "\r", "# note"],
)
def test_a_message_comes_out_as_it_is(
    wiki: Scene, export: Export, target: Path, message: str
) -> None:
    wiki.write("rota", "One.")
    with wiki.database.write() as session:
        session.scalars(select(Revision)).one().message = message
    export()
    assert log(target)[0].message == message


def test_moves_deletions_and_restorations_are_commits_in_their_order(
    wiki: Scene, export: Export, target: Path
) -> None:
    wiki.write("a", "A.")
    wiki.write("a/b", "B.")
    wiki.attach("a/b/plan.txt", b"Monday.")
    move(wiki, "a", "c")
    page = delete(wiki, "c/b")
    restore(wiki, page)
    page = delete(wiki, "c", subtree=True)
    wiki.write("c", "Other.")
    restore(wiki, page, "d")
    assert export().problems == []
    found = [
        (one.trailers["Wiki-Action"], one.trailers.get("Wiki-Revision"), one.changes)
        for one in log(target)
    ]
    assert found == [
        ("create", "1", ["A a.md"]),
        ("create", "1", ["A a/b.md"]),
        ("attach", None, ["A a/b/plan.txt"]),
        ("move", "2", ["R100 a.md c.md"]),
        ("move", "2", ["R100 a/b.md c/b.md", "R100 a/b/plan.txt c/b/plan.txt"]),
        ("delete", None, ["D c/b.md", "D c/b/plan.txt"]),
        ("restore", None, ["A c/b.md", "A c/b/plan.txt"]),
        ("delete", None, ["D c.md"]),
        ("delete", None, ["D c/b.md", "D c/b/plan.txt"]),
        ("create", "1", ["A c.md"]),
        ("restore", "3", ["A d.md"]),
    ]
    assert files(target) == ["c.md", "d.md"]


def test_files_are_committed_as_they_come_and_go(wiki: Scene, export: Export, target: Path) -> None:
    wiki.attach("of the space.txt", b"0")
    wiki.write("a", "A.")
    first = wiki.attach("a/plan.txt", b"1")
    wiki.attach("a/plan.txt", b"2")
    second = wiki.attach("a/img/logo.png", b"3")
    wiki.post("eve", f"/-/f/{second}/remove")
    wiki.post("eve", f"/-/f/{first}/restore")
    move(wiki, "a", "b/c")
    assert export().problems == []
    assert files(target) == ["b/c.md", "b/c/plan.txt", "of-the-space.txt"]
    assert text(target, "b/c/plan.txt") == "1"
    assert "Eve" in log(target)[0].author


def test_a_file_whose_bytes_are_lost_is_said_and_the_rest_goes_out(
    wiki: Scene, export: Export, target: Path, run: Run
) -> None:
    wiki.write("a", "A.")
    wiki.attach("a/lost.txt", b"1")
    wiki.attach("a/kept.txt", b"2")
    for path in (wiki.settings.data_dir / "files").glob("*/*"):
        if path.is_file() and path.read_bytes() == b"1":
            path.unlink()
    done = run("export", "--git", target, "--space", "eng", "--as", "eve")
    assert done.exit_code == 1
    assert "a/lost.txt is left out" in done.stderr
    assert files(target) == ["a.md", "a/kept.txt"]
    assert export().commits == 0


@pytest.mark.usefixtures("nothing_recent")
def test_a_text_that_is_lost_is_said_and_the_rest_goes_out(
    wiki: Scene, export: Export, target: Path
) -> None:
    wiki.write("a", "One.")
    wiki.write("a", "Two.")
    move(wiki, "a", "b")
    wiki.write("b", "Three.")
    with wiki.database.write() as session:
        revision = session.scalars(select(Revision).where(Revision.number == 2)).one()
        session.get_one(Content, revision.content_hash).data = b"damaged"
    done = export()
    assert len(done.problems) == 2
    assert "The text of revision 2 of a is left out" in done.problems[0]
    assert [one.changes for one in log(target)] == [["A a.md"], ["R100 a.md b.md"], ["M b.md"]]


def test_a_purged_revision_is_passed_over_without_a_word(
    wiki: Scene, export: Export, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in ("One.", "Two.", "Three."):
        wiki.write("a", words)
    second = property(lambda self: DAY if self.number == 2 else None)
    monkeypatch.setattr(Revision, "purged_at", second, raising=False)
    done = export()
    assert done.problems == []
    assert [one.trailers["Wiki-Revision"] for one in log(target)] == ["1", "3"]


@pytest.mark.parametrize("before", [True, False])
def test_a_page_that_is_purged_is_in_no_newer_commit(
    wiki: Scene, export: Export, target: Path, before: bool
) -> None:
    wiki.write("", "Home.")
    wiki.attach("top.txt", b"0")
    page = wiki.write("a", "Secret.")
    wiki.attach("a/secret.txt", b"1")
    wiki.write("a/b", "Kept.")
    wiki.attach("a/b/kept.txt", b"2")
    move(wiki, "a", "c", alone=True)
    if before:
        export()
    with wiki.database.write() as session:
        session.execute(sql_delete(Page).where(Page.id == page.id))
        events = EventRow.page_id == page.id
        session.execute(update(EventRow).where(events).values(payload={"page_id": page.id}))
        session.add(
            EventRow(
                name="PagePurged",
                space_id=page.space_id,
                page_id=page.id,
                payload={"space_id": page.space_id, "page_id": page.id, "path": "c"},
            )
        )
    done = export()
    assert done.problems == []
    assert files(target) == ["a/b.md", "a/b/kept.txt", "index.md", "top.txt"]
    assert done.commits == (1 if before else 4)


def test_what_could_not_stand_beside_another_file_is_said(
    wiki: Scene, export: Export, target: Path
) -> None:
    wiki.write("a", "A.")
    wiki.attach("a/data", b"1")
    wiki.write("a/data/deep", "B.")
    done = export()
    assert done.problems == ["a/data/deep.md is left out: a file has the name of its folder."]
    assert files(target) == ["a.md", "a/data"]


def test_pages_from_other_spaces_begin_and_those_that_leave_end(
    wiki: Scene, export: Export, target: Path, tmp_path: Path
) -> None:
    wiki.write("a", "One.", space="open")
    wiki.write("x", "One.")
    wiki.attach("x/plan.txt", b"1")
    with wiki.database.write() as session:
        page = wiki.page("a", space="open")
        space = see_space(session, wiki.actor("eve"), "eng").space
        move_page(session, wiki.actor("eve"), page.id, MoveTo("b", space=space), consent=UNASKED)
    move(wiki, "x", "y", to="open")
    export()
    found = [(one.trailers["Wiki-Action"], one.changes) for one in log(target)]
    assert found == [
        ("create", ["A x.md"]),
        ("attach", ["A x/plan.txt"]),
        ("move", ["A b.md"]),
        ("delete", ["D x.md", "D x/plan.txt"]),
    ]
    other = tmp_path / "open.git"
    export("open", folder=other)
    assert files(other) == ["y.md", "y/plan.txt"]


def test_only_what_the_one_who_exports_may_read_goes_out(
    wiki: Scene, export: Export, target: Path, tmp_path: Path
) -> None:
    wiki.write("kept", "One.")
    wiki.write("gone", "Secret once.")
    delete(wiki, "gone")
    wiki.write("left", "Secret elsewhere.")
    move(wiki, "left", "left", to="lab")
    export(by="dot")
    assert [one.changes for one in log(target)] == [["A kept.md"]]
    assert "Secret" not in git(target, "log", "-p", "--all")
    export(by="eve", folder=tmp_path / "all.git")
    assert len(log(tmp_path / "all.git")) == 5
    with pytest.raises(Exception, match="nothing here"):
        export("lab", by="dot", folder=tmp_path / "lab.git")
    assert not (tmp_path / "lab.git").exists()


def test_an_export_is_continued_and_the_same_bit_by_bit_as_in_one_go(
    wiki: Scene, export: Export, target: Path, tmp_path: Path
) -> None:
    wiki.write("a", "One.")
    wiki.attach("a/plan.txt", b"1")
    assert export().commits == 2
    assert export().commits == 0
    move(wiki, "a", "b")
    page = delete(wiki, "b")
    assert export().commits == 2
    restore(wiki, page, "c")
    wiki.write("c", "Two.")
    with wiki.database.write() as session:
        submit(
            session, wiki.actor("eve"), Edit(page, base=1, action=Action.REVERT, render_later=True)
        )
    assert export().commits == 3
    export(folder=tmp_path / "once.git")
    tips = [git(one, "rev-parse", "main") for one in (target, tmp_path / "once.git")]
    assert tips[0] == tips[1]
    assert log(target)[-1].trailers["Wiki-Base"] == "1"


def test_more_than_one_slice_is_one_history(
    wiki: Scene, export: Export, target: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in range(7):
        wiki.write("a", f"{number}.")
    move(wiki, "a", "b", to="open")
    wiki.write("c", "C.")
    export()
    monkeypatch.setattr("wiki.transfer.git.commits.AT_ONCE", 2)
    monkeypatch.setattr("wiki.transfer.git.commits.TEXTS_AT_ONCE", 1)
    export(folder=tmp_path / "slices.git")
    assert log(tmp_path / "slices.git") == log(target)
    assert len(log(target)) == 9


def test_all_that_an_author_writes_is_in_the_file(
    wiki: Scene, export: Export, target: Path
) -> None:
    full = Text(
        "A: title", "\n# Not it\n", ("one", "two words"), "What: it is", {"owner": "x", "n": [1]}
    )
    eve = wiki.actor("eve")
    with wiki.database.write() as session:
        space = see_space(session, eve, "eng").space
        submit(session, eve, Edit(NewPage(space, "teams", folder=True), full))
        submit(session, eve, Edit(NewPage(space, "teams/index"), Text("Index", "# Index\n")))
        submit(session, eve, Edit(NewPage(space, ""), Text("Eng", "Home.")))
    export()
    assert files(target) == ["index.md", "teams/index.md", "teams/index.page.md"]
    shown = text(target, "teams/index.md")
    assert shown.startswith("---\ntitle: 'A: title'\ndescription: 'What: it is'\ntags:\n")
    assert shown.endswith("---\n\n\n# Not it\n")
    assert text(target, "teams/index.page.md") == "# Index\n"


def test_a_folder_that_holds_something_else_is_left_alone(
    wiki: Scene, run: Run, tmp_path: Path
) -> None:
    wiki.write("a", "A.")
    wiki.write("a", "A.", space="open")
    full = tmp_path / "full"
    full.mkdir()
    (full / "note.txt").write_text("mine")
    done = run("export", "--git", full, "--space", "eng", "--as", "eve")
    assert done.exit_code == 1
    assert "new or empty folder" in done.stderr
    assert [path.name for path in full.iterdir()] == ["note.txt"]
    (tmp_path / "empty").mkdir()
    done = run("export", "--git", tmp_path / "empty", "--space", "eng", "--as", "eve")
    assert done.output == f"1 new commit in {tmp_path / 'empty'}.\n"
    other = run("export", "--git", tmp_path / "empty", "--space", "open", "--as", "eve")
    assert "contains the history of another space" in other.stderr
    file = run("export", "--git", full / "note.txt", "--space", "eng", "--as", "eve")
    assert file.exit_code == 1
    below = run("export", "--git", full / "note.txt/below", "--space", "eng", "--as", "eve")
    assert "can’t be" in below.stderr


def test_without_git_there_is_one_clear_sentence(
    wiki: Scene, run: Run, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = run("export", "--git", target, "--space", "eng", "--as", "eve")
    assert done.exit_code == 1
    assert done.stderr.strip().startswith("Error: Git isn’t installed on this machine")


def test_no_configuration_and_no_hook_has_a_say(
    wiki: Scene, export: Export, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "template/hooks"
    template.mkdir(parents=True)
    ran = tmp_path / "ran"

    def plant(folder: Path) -> None:
        hook = folder / "reference-transaction"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
        hook.chmod(0o755)

    plant(template)
    config = tmp_path / "config"
    config.write_text(f"[init]\n\ttemplateDir = {template.parent}\n[core]\n\tautocrlf = true\n")
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, str(config))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    wiki.write("a", "A.")
    export()
    plant(target / "hooks")
    wiki.write("a", "B.")
    export()
    assert len(log(target)) == 2
    assert not ran.exists()


def test_what_ends_in_an_error_leaves_the_repository_as_it_was(
    wiki: Scene, export: Export, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.write("a", "A.")
    export()
    before = git(target, "rev-parse", "main")
    wiki.write("a", "B.")
    wiki.write("b", "B.")

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("wiki.transfer.git.commits.SpaceHistory._deletion", fail)
        delete(wiki, "b")
        with pytest.raises(KeyboardInterrupt):
            export()
    assert git(target, "rev-parse", "main") == before
    assert export().commits == 3
    assert len(log(target)) == 4


def test_what_git_says_is_passed_on(wiki: Scene, export: Export, target: Path) -> None:
    wiki.write("a", "A.")
    export()
    wiki.write("a", "B.")
    with Repository(target).lock(), pytest.raises(GitError, match="Another process"):
        export()
    for path in (target / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"")
    with pytest.raises(GitError, match="Git refused"):
        export()
