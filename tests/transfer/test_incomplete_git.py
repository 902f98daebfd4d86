"""Incomplete Git repositories: existing contents are imported, the rest is reported."""

from __future__ import annotations

import subprocess
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cast import Scene
from tests.transfer.gits import git
from tests.transfer.test_git_import import Import, Repo, bring, repo  # noqa: F401
from tests.transfer.test_importing import said
from tests.transfer.trees import write_tree
from wiki.cli import main
from wiki.transfer.git.command import GitError, environment
from wiki.transfer.git.history import History
from wiki.transfer.report import MOST_PROBLEMS, Kind, Problem, Report

pytestmark = pytest.mark.git
LARGE = "# Large\n\n" + "all of it\n" * 400


@pytest.fixture
def origin(repo: Repo) -> Repo:  # noqa: F811
    """A history whose pages change, grow and move; others may clone parts of it."""
    for name in ("allowFilter", "allowAnySHA1InWant"):
        git(repo.folder, "config", f"uploadpack.{name}", "true")
    repo.commit({"a.md": "# A\n\none\n", "img/p.png": b"\x89PNG" + b"x" * 3000})
    repo.commit({"a.md": "# A\n\ntwo\n", "b.md": LARGE})
    repo.commit({"b.md": LARGE + "and more\n", "a.md": "# A\n\n![p](img/p.png)\n"})
    repo.move({"a.md": "sub/a.md"})
    repo.commit({"sub/a.md": "# A\n\nfour ![p](../img/p.png)\n", "b.md": "# Small\n"})
    return repo


def clone(origin: Repo, name: str, *options: str) -> Path:
    target = origin.folder.parent / name
    # As somebody else clones: what is checked out is fetched as well.
    environ = environment() | {"GIT_NO_LAZY_FETCH": "0"}
    command = ["git", "clone", "-q", *options, f"file://{origin.folder}", str(target)]
    subprocess.run(command, check=True, env=environ, capture_output=True)
    # Nothing may ask it for more.
    git(target, "remote", "set-url", "origin", "https://127.0.0.1:9/nothing")
    return target


@pytest.mark.parametrize("how", ["clone", "bare", "bundle"])
def test_a_shallow_history_begins_where_it_begins(
    wiki: Scene,
    origin: Repo,
    bring: Import,  # noqa: F811
    how: str,
) -> None:
    source = clone(origin, "shallow", "--depth=2", *(["--bare"] if how == "bare" else []))
    if how == "bundle":
        git(source, "bundle", "create", "-q", "../shallow.bundle", "main")
        source = source.parent / "shallow.bundle"
    report = bring(source)
    assert [one.sentence for one in report.problems if one.kind is Kind.HISTORY] == [
        "It is a shallow clone: its history begins on 2020-09-13; anything earlier is missing."
    ]
    assert (report.revisions, report.created) == (4, 2)
    assert wiki.page("sub/a").head == 2
    assert not said(bring(source), Kind.REPLACED)


def test_a_shallow_history_that_goes_on_and_one_that_is_completed_are_the_same(
    wiki: Scene,
    origin: Repo,
    bring: Import,  # noqa: F811
) -> None:
    shallow = clone(origin, "shallow", "--depth=2")
    bring(shallow)
    origin.commit({"b.md": "# Small\n\nmore\n"})
    git(shallow, "fetch", "-q", "--depth=3", f"file://{origin.folder}", "main")
    git(shallow, "reset", "-q", "--hard", "FETCH_HEAD")
    assert (bring(shallow).revisions, wiki.page("b").head) == (1, 3)
    report = bring(origin.folder)
    assert (report.revisions, report.created, said(report, Kind.REPLACED)) == (0, 0, {})
    origin.commit({"b.md": "# Small\n\nagain\n"})
    git(shallow, "fetch", "-q", "--depth=1", f"file://{origin.folder}", "main")
    git(shallow, "reset", "-q", "--hard", "FETCH_HEAD")
    bring(shallow)
    assert wiki.page("b").head == 4


def test_a_bundle_that_builds_on_others_is_refused_with_the_reason(
    origin: Repo,
    bring: Import,  # noqa: F811
) -> None:
    git(origin.folder, "bundle", "create", "-q", "../some.bundle", "main~1..main")
    with pytest.raises(GitError, match="builds on a commit that it doesn’t contain"):
        bring(origin.folder.parent / "some.bundle")


def test_a_partial_clone_brings_what_it_holds_and_names_the_rest(
    wiki: Scene,
    origin: Repo,
    bring: Import,  # noqa: F811
) -> None:
    report = bring(clone(origin, "partial", "--filter=blob:limit=2k"))
    missing = [one for one in report.problems if one.kind is Kind.MISSING]
    assert sorted(one.where for one in missing) == ["b.md", "b.md"]
    assert all(one.sentence.startswith("The version of 2020-09-13 (") for one in missing)
    (sentence,) = said(report, Kind.HISTORY).values()
    assert sentence.startswith("It is missing 2 versions of files")
    assert (wiki.page("b").head, wiki.page("sub/a").head) == (1, 5)
    assert report.files_added == 1


def test_a_clone_without_contents_or_folders_brings_what_was_checked_out(
    wiki: Scene,
    origin: Repo,
    bring: Import,  # noqa: F811
) -> None:
    none = bring(clone(origin, "none", "--filter=blob:none", "--bare"))
    assert (none.created, len(none.problems) > 3) == (0, True)
    assert {one.kind for one in none.problems} == {Kind.HISTORY, Kind.MISSING}
    assert bring(origin.folder).revisions == 8  # when it is whole, all of it comes
    report = bring(clone(origin, "trees", "--filter=tree:0"), space="lab")
    assert "only its latest files were imported" in said(report, Kind.HISTORY)["main"]
    assert (report.created, wiki.page("sub/a", space="lab").head) == (2, 1)
    with pytest.raises(GitError, match="folders of its latest commit"):
        bring(clone(origin, "bare", "--filter=tree:0", "--bare"))


def test_a_lost_content_is_a_line_of_the_report(
    wiki: Scene,
    origin: Repo,
    bring: Import,  # noqa: F811
) -> None:
    lost = git(origin.folder, "rev-parse", "main~2:a.md").strip()
    (origin.folder / ".git/objects" / lost[:2] / lost[2:]).unlink()
    report = bring()
    assert [one.where for one in report.problems if one.kind is Kind.MISSING] == [
        "a.md",
        "sub/a.md",
    ]
    assert wiki.page("b").head == 3


def damage(repo: Repo, object_: str) -> None:  # noqa: F811
    """Cut off an object behind its first line."""
    name = git(repo.folder, "rev-parse", object_).strip()
    file = repo.folder / ".git/objects" / name[:2] / name[2:]
    file.chmod(0o644)
    file.write_bytes(zlib.compress(zlib.decompress(file.read_bytes()))[:24])


def test_a_damaged_content_costs_only_its_own_version(
    wiki: Scene,
    origin: Repo,
    bring: Import,  # noqa: F811
) -> None:
    damage(origin, "main~3:b.md")
    report = bring()
    assert [one.where for one in report.problems if one.kind is Kind.MISSING] == ["b.md"]
    assert (report.revisions, wiki.page("sub/a").head, wiki.page("b").head) == (7, 5, 2)


def test_a_damaged_content_of_a_renamed_file_does_not_end_the_import(
    wiki: Scene,
    repo: Repo,  # noqa: F811
    bring: Import,  # noqa: F811
) -> None:
    repo.commit({"a.md": LARGE, "b.md": "# B\n"})
    repo.commit({"a.md": None, "c.md": LARGE + "and more\n", "b.md": "# B\n\ntwo\n"})
    repo.commit({"c.md": LARGE + "and much more\n"})
    damage(repo, "main~1:c.md")
    report = bring()
    assert [one.where for one in report.problems if one.kind is Kind.MISSING] == ["c.md"]
    assert (wiki.page("c").head, wiki.page("b").head) == (1, 2)


def test_a_damaged_folder_leaves_the_newest_files(
    wiki: Scene,
    origin: Repo,
    bring: Import,  # noqa: F811
) -> None:
    damage(origin, "main~2^{tree}")
    report = bring()
    assert (
        "missing or damaged: only its latest files were imported"
        in said(report, Kind.HISTORY)["main"]
    )
    assert (report.created, wiki.page("sub/a").head) == (2, 1)


def test_a_repository_without_branches_is_read_at_its_head_or_at_a_tag(
    origin: Repo,
    tmp_path: Path,
) -> None:
    bundle = tmp_path / "head.bundle"
    git(origin.folder, "bundle", "create", "-q", str(bundle), "HEAD")
    who = ("-c", "user.name=Eve", "-c", "user.email=eve@example.com")
    git(origin.folder, *who, "tag", "-a", "-m", "first", "v1", "main~1")
    git(origin.folder, "update-ref", "-d", "refs/heads/main")
    with pytest.raises(GitError, match="Choose one of its tags with --branch: v1"):
        History(origin.folder)
    for source, branch, count in ((bundle, None, 5), (origin.folder, "v1", 4)):
        with closing(History(source, branch)) as history:
            assert (history.branch, history.count()) == (branch or "HEAD", count)


def test_pointers_of_git_lfs_are_named_and_never_taken_for_contents(
    wiki: Scene,
    repo: Repo,  # noqa: F811
    bring: Import,  # noqa: F811
) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345\n"
    repo.commit({"a.md": "# A\n\n![p](p.png)\n", "p.png": pointer, "b.md": pointer})
    report = bring()
    sentence = "It is only a Git LFS pointer: its content is stored elsewhere."
    assert said(report, Kind.REFUSED) == {"p.png": sentence, "b.md": sentence}
    assert (report.created, report.files_added) == (1, 0)


def test_messages_and_names_that_are_not_utf8_are_read_as_latin1(
    repo: Repo,  # noqa: F811
) -> None:
    repo.commit({"a.md": "# A\n"})
    tree, parent = (git(repo.folder, "rev-parse", one).strip() for one in ("main^{tree}", "main"))
    who = b"J\xf6rg <j@example.com> 1600000000 +0000"
    lines = (b"tree %s" % tree.encode(), b"parent %s" % parent.encode(), b"author " + who)
    commit = repo.folder / "commit"
    commit.write_bytes(b"\n".join([*lines, b"committer " + who, b"", b"Gr\xfc\xdfe\n"]))
    made = git(repo.folder, "hash-object", "-t", "commit", "-w", str(commit)).strip()
    git(repo.folder, "update-ref", "refs/heads/main", made)
    with closing(History(repo.folder)) as history:
        *_, newest = history.commits()
    assert (newest.name, newest.message) == ("Jörg", "Grüße")


def test_the_report_writes_every_line(wiki: Scene, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("WIKI_DATA_DIR", str(tmp_path / "data"))
    count = MOST_PROBLEMS + 20
    links = "\n".join(f"[x{n}](gone-{n})\n" for n in range(count))
    tree = write_tree(tmp_path / "tree", {"index.md": links, "a.md": "[y](also-gone)"})

    def run(*arguments: object) -> tuple[int, str]:
        done = CliRunner().invoke(main, [str(one) for one in arguments])
        return done.exit_code, done.output

    run("space", "add", "guide", "--title", "Guide")
    code, output = run("import", tree, "--space", "guide", "--report", tmp_path / "report.txt")
    assert (code, f"and {count - 9} more; --report FILE" in output) == (0, True)
    assert (tmp_path / "report.txt").read_text().count(": no page.") == count + 1
    code, output = run("import", tree, "--space", "guide", "--report", tmp_path / "no/report.txt")
    assert (code, "can’t be written" in output) == (1, True)


def test_a_row_keeps_as_many_problems_as_there_is_room_for() -> None:
    report = Report()
    report.add(Problem(Kind.LINK, "a.md", str(n)) for n in range(MOST_PROBLEMS + 3))
    kept = Report.from_json(report.to_json())
    assert (len(kept.problems), kept.more_problems) == (MOST_PROBLEMS, 3)
    kept.add([Problem(Kind.LINK, "b.md", "one more")])
    assert kept.to_json()["more_problems"] == 4
