"""Mirrors: what happens in a space is committed as it comes, once, whatever is killed or broken."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import func, select, text, update

from tests.cast import Scene
from tests.transfer.gits import git, log
from tests.transfer.test_git_export import Run, delete, move, run
from wiki.db import now
from wiki.errors import Forbidden
from wiki.outbox.actions import ends_of, write_end
from wiki.outbox.deliver import Deliverer
from wiki.outbox.models import Delivery, EventRow
from wiki.people.models import Person
from wiki.spaces.models import Space
from wiki.subscribers import handlers_by_name
from wiki.transfer.git import mirroring, mirrors
from wiki.transfer.git.fast_import import Repository
from wiki.transfer.models import Mirror

pytestmark = pytest.mark.git
__all__ = ["run"]


@pytest.fixture
def target(tmp_path: Path, wiki: Scene, run: Run) -> Path:
    """A mirror of the space eng, with one page."""
    wiki.write("a", "One.")
    folder = tmp_path / "eng.git"
    done = run("mirror", "add", "eng", folder, "--as", "eve")
    assert done.output == f"1 new commit in {folder}.\n"
    wiki.deliver()
    return folder


def row_of(wiki: Scene) -> Mirror:
    with wiki.database.read() as session:
        return session.scalars(select(Mirror)).one()


def state(run: Run) -> str:
    return run("mirror", "list").output.rstrip("\n").split("\t")[3]


def waiting(wiki: Scene) -> int:
    with wiki.database.read() as session:
        debts = select(func.count()).where(Delivery.subscriber == mirroring.SUBSCRIBER)
        return session.scalar(debts) or 0


def try_again(wiki: Scene) -> None:
    """As if the time until the next attempt had passed."""
    past = now() - timedelta(seconds=1)
    with wiki.database.write() as session:
        session.execute(update(Delivery).values(due_at=past))
        session.execute(update(Mirror).values(retry_at=past))
    wiki.deliver()


def commit_as_somebody_else(folder: Path, tmp_path: Path) -> str:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(folder), str(clone))
    (clone / "mine.md").write_text("Mine.")
    git(clone, "add", ".")
    who = ("-c", "user.name=Mallory", "-c", "user.email=m@example.org")
    git(clone, *who, "commit", "--quiet", "-m", "Mine")
    git(clone, "push", "--quiet")
    return git(folder, "rev-parse", "main").strip()


def test_what_happens_is_committed_as_it_comes(wiki: Scene, run: Run, target: Path) -> None:
    assert state(run) == "up to date"
    wiki.write("a", "Two.", by="ben", message="Because")
    wiki.write("elsewhere", "x", space="open")
    assert state(run) == "1 event behind"
    wiki.deliver()
    assert state(run) == "up to date"
    wiki.attach("a/plan.txt", b"1")
    wiki.deliver()
    move(wiki, "a", "b", to="open")
    wiki.deliver()
    assert [one.trailers["Wiki-Action"] for one in log(target)] == [
        "create",
        "edit",
        "attach",
        "delete",
    ]
    assert log(target)[1].message == "Because"
    assert row_of(wiki).mirrored_at is not None
    assert waiting(wiki) == 0


def test_events_heard_again_change_nothing(wiki: Scene, target: Path) -> None:
    wiki.write("a", "Two.")
    wiki.deliver()
    before = git(target, "rev-parse", "main")
    with wiki.database.write() as session:
        for event in session.scalars(select(EventRow.id)).all():
            session.add(Delivery(event_id=event, subscriber=mirroring.SUBSCRIBER))
        session.execute(update(Mirror).values(event_id=0, tip=""))
    wiki.deliver()
    assert git(target, "rev-parse", "main") == before
    assert waiting(wiki) == 0


def test_a_crash_between_commit_and_row_neither_doubles_nor_skips(
    wiki: Scene, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = row_of(wiki)
    wiki.write("a", "Two.")

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("wiki.transfer.git.mirroring.deliver_again", crash)
        patch.setattr(Repository, "tidy", crash)
        with pytest.raises(KeyboardInterrupt):
            wiki.deliver()
    assert len(log(target)) == 2
    assert row_of(wiki).event_id == before.event_id
    wiki.write("a", "Three.")
    Deliverer(wiki.database, wiki.settings, handlers_by_name()).release_all()
    wiki.deliver()
    assert [one.trailers["Wiki-Revision"] for one in log(target)] == ["1", "2", "3"]


KILLED_AT_WORK = """
    import os, signal, sys
    from pathlib import Path
    from wiki.app import open_database
    from wiki.config import Settings
    from wiki.outbox.deliver import Deliverer
    from wiki.subscribers import handlers_by_name
    from wiki.transfer.git.commits import SpaceHistory

    real = SpaceHistory._commit
    def commit(self, *arguments):
        real(self, *arguments)
        if self.commits == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    SpaceHistory._commit = commit
    settings = Settings(data_dir=Path(sys.argv[1]), secret_key="x" * 40, database_url=sys.argv[2])
    Deliverer(open_database(settings), settings, handlers_by_name()).deliver_all()
"""


@pytest.mark.thorough
def test_killed_at_work_it_goes_on_where_the_last_commit_ended(wiki: Scene, target: Path) -> None:
    for number in range(5):
        wiki.write("a", f"{number}.")
    url = wiki.database.url.render_as_string(hide_password=False)
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED_AT_WORK), wiki.settings.data_dir, url],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(log(target)) == 1
    Deliverer(wiki.database, wiki.settings, handlers_by_name()).release_all()
    wiki.deliver()
    numbers = [one.trailers["Wiki-Revision"] for one in log(target)]
    assert numbers == ["1", "2", "3", "4", "5", "6"]


def test_a_long_way_is_gone_in_slices_with_others_between(
    wiki: Scene, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wiki.transfer.git.commits.AT_ONCE", 2)
    monkeypatch.setattr(mirroring, "SLICE_SECONDS", 0.0)
    for number in range(7):
        wiki.write("a", f"{number}.")
    deliverer = Deliverer(wiki.database, wiki.settings, handlers_by_name())
    lengths = []
    while deliverer.deliver_due():
        lengths.append(len(log(target)))
    assert lengths[:4] == [3, 5, 7, 8]
    assert waiting(wiki) == 0


def test_a_failing_mirror_is_tried_again_though_the_worker_starts_anew(
    wiki: Scene, run: Run, target: Path, tmp_path: Path
) -> None:
    target.rename(tmp_path / "kept")
    wiki.write("a", "Two.")
    wiki.deliver()
    Deliverer(wiki.database, wiki.settings, handlers_by_name()).release_all()
    wiki.deliver()
    assert waiting(wiki) == 1
    (tmp_path / "kept").rename(target)
    try_again(wiki)
    assert state(run) == "up to date"


def test_a_failing_mirror_is_tried_again_though_it_was_updated_by_hand(
    wiki: Scene, run: Run, target: Path, tmp_path: Path
) -> None:
    target.rename(tmp_path / "kept")
    wiki.write("a", "Two.")
    wiki.deliver()
    assert run("mirror", "update", "eng").exit_code == 1
    with wiki.database.write() as session:
        session.execute(update(Delivery).values(due_at=now() - timedelta(seconds=1)))
        session.execute(update(Mirror).values(retry_at=now() + timedelta(hours=1)))
    wiki.deliver()
    assert waiting(wiki) == 1
    (tmp_path / "kept").rename(target)
    try_again(wiki)
    assert state(run) == "up to date"


def test_commits_of_somebody_else_are_never_built_on(
    wiki: Scene, run: Run, target: Path, tmp_path: Path
) -> None:
    theirs = commit_as_somebody_else(target, tmp_path)
    wiki.write("a", "Two.")
    wiki.deliver()
    assert git(target, "rev-parse", "main").strip() == theirs
    assert "failing since" in state(run)
    assert f"its latest commit is {theirs[:10]} by Mallory" in state(run)
    assert waiting(wiki) == 1
    git(target, "branch", "theirs", "main")
    git(target, "update-ref", "refs/heads/main", "main~1")
    try_again(wiki)
    assert state(run) == "up to date"
    assert len(log(target)) == 2
    assert waiting(wiki) == 0


@pytest.mark.thorough
@pytest.mark.parametrize("harm", ["removed", "emptied", "damaged", "another", "a file"])
def test_a_repository_that_is_not_there_or_damaged_is_said_and_tried_again(
    wiki: Scene, run: Run, target: Path, tmp_path: Path, harm: str
) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(target, kept)
    shutil.rmtree(target)
    if harm == "emptied":
        target.mkdir()
    elif harm == "damaged":
        shutil.copytree(kept, target)
        (target / "refs/heads/main").write_text("nonsense")
    elif harm == "another":
        git(tmp_path, "init", "--quiet", "--bare", str(target))
    elif harm == "a file":
        target.write_text("x")
    for number in range(3):
        wiki.write("a", f"{number}.")
        wiki.deliver()
    assert "failing since" in state(run)
    assert waiting(wiki) == 1  # one attempt for all of them
    assert row_of(wiki).failures == 1
    try_again(wiki)
    assert row_of(wiki).failures == 2
    first = row_of(wiki).failed_at
    for _ in range(15):
        try_again(wiki)
    row = row_of(wiki)
    assert row.failed_at == first
    assert row.retry_at is not None
    assert timedelta(minutes=50) < row.retry_at - now() <= timedelta(hours=1)
    assert waiting(wiki) == 1
    shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
    shutil.copytree(kept, target)
    try_again(wiki)
    assert state(run) == "up to date"
    assert len(log(target)) == 4


def test_a_repository_put_back_from_a_backup_gets_what_it_lacks(
    wiki: Scene, run: Run, target: Path, tmp_path: Path
) -> None:
    shutil.copytree(target, tmp_path / "backup")
    wiki.write("a", "Two.")
    wiki.deliver()
    shutil.rmtree(target)
    shutil.copytree(tmp_path / "backup", target)
    wiki.write("a", "Three.")
    wiki.deliver()
    assert len(log(target)) == 3


@pytest.mark.parametrize("later", [0, 1, 5])
def test_a_wiki_put_back_from_a_backup_does_not_go_on_with_another_past(
    wiki: Scene, run: Run, target: Path, later: int
) -> None:
    with wiki.database.read() as session:
        backup = session.scalar(select(func.max(EventRow.id))) or 0
        ends = ends_of(session)
    wiki.write("a", "Two.")
    wiki.deliver()
    with wiki.database.write() as session:
        session.query(EventRow).filter(EventRow.id > backup).delete()
        for end in ends.values():
            write_end(session, end)
        session.execute(update(Mirror).values(event_id=backup))
        if not wiki.database.is_sqlite:  # SQLite gives free numbers again by itself
            session.execute(text("SELECT setval('events_id_seq', :last)"), {"last": backup})
    for number in range(later):
        wiki.write(f"other{number}", "x")
    wiki.deliver()
    assert "restored from a backup" in run("mirror", "update", "eng").stderr
    assert len(log(target)) == 2


def test_a_failing_mirror_holds_up_no_other(
    wiki: Scene, run: Run, target: Path, tmp_path: Path
) -> None:
    other = tmp_path / "open.git"
    assert run("mirror", "add", "open", other, "--as", "eve").exit_code == 0
    shutil.rmtree(target)
    wiki.write("a", "Two.")
    wiki.write("b", "One.", space="open")
    wiki.deliver()
    assert len(log(other)) == 1
    states = [line.split("\t")[3][:7] for line in run("mirror", "list").output.splitlines()]
    assert states == ["failing", "up to d"]


def test_while_another_process_writes_it_waits_and_counts_no_failure(
    wiki: Scene, run: Run, target: Path
) -> None:
    wiki.write("a", "Two.")
    with Repository(target).lock():
        wiki.deliver()
        assert run("mirror", "update", "eng").exit_code == 1
    assert row_of(wiki).failures == 0
    assert waiting(wiki) == 1
    try_again(wiki)
    assert len(log(target)) == 2


def test_a_mirror_is_read_as_somebody_and_ends_with_their_right(
    wiki: Scene, run: Run, target: Path, tmp_path: Path
) -> None:
    assert run("mirror", "remove", "eng").exit_code == 0
    wiki.write("plans", "Secret.", space="lab")
    lab = tmp_path / "lab.git"
    assert run("mirror", "add", "lab", lab, "--as", "dot").exit_code == 1
    assert run("mirror", "add", "lab", lab, "--as", "cai").exit_code == 0
    wiki.post("eve", "/lab/-/members", person="cai", role="none")
    wiki.write("plans", "More.", space="lab")
    wiki.deliver()
    assert "can no longer read the space" in state(run)
    assert len(log(lab)) == 1
    wiki.agree("eve", wiki.post("eve", "/lab/-/members", person="cai", role="reader"))
    with wiki.database.write() as session:
        session.execute(update(Person).where(Person.handle == "cai").values(disabled_at=now()))
    assert "is disabled" in run("mirror", "update", "lab").stderr
    with wiki.database.write() as session:
        session.execute(update(Person).values(disabled_at=None))
    assert run("mirror", "update", "lab").output == f"1 new commit in {lab}.\n"


def test_a_deleted_page_leaves_the_mirror_of_one_who_may_not_see_deleted_ones(
    wiki: Scene, run: Run, tmp_path: Path
) -> None:
    wiki.write("a", "One.")
    wiki.write("b", "One.")
    folder = tmp_path / "eng.git"
    run("mirror", "add", "eng", folder, "--as", "cai")
    wiki.write("a", "Two.")
    delete(wiki, "a")
    wiki.deliver()
    assert [one.changes for one in log(folder)] == [["A a.md"], ["A b.md"], ["D a.md"]]


def test_mirrors_are_made_and_taken_away_by_the_shell_only(
    wiki: Scene, run: Run, target: Path, tmp_path: Path
) -> None:
    assert "already has a mirror" in run("mirror", "add", "eng", tmp_path / "two.git").stderr
    assert not (tmp_path / "two.git").exists()
    assert "the mirror of another space" in run("mirror", "add", "open", target).stderr
    assert "no space nothing" in run("mirror", "add", "nothing", tmp_path / "x").stderr
    with wiki.database.write() as session:
        space = session.scalars(select(Space).where(Space.slug == "eng")).one()
        for act in (
            lambda: mirrors.remove_mirror(session, wiki.actor("eve"), space),
            lambda: mirrors.list_mirrors(session, wiki.actor("eve")),
            lambda: mirrors.add_mirror(session, wiki.actor("eve"), space, target, None),
        ):
            with pytest.raises(Forbidden):
                act()
    gone = run("mirror", "remove", "eng")
    assert gone.output == f"eng is no longer mirrored. {target} isn't changed.\n"
    assert run("mirror", "list").output == ""
    assert "has no mirror" in run("mirror", "remove", "eng").stderr
    assert "has no mirror" in run("mirror", "update", "eng").stderr
    wiki.write("a", "Two.")
    wiki.deliver()
    assert len(log(target)) == 1
    again: Result = run("mirror", "add", "eng", target, "--as", "eve")
    assert again.output == f"1 new commit in {target}.\n"
    with wiki.database.read() as session:
        names = session.scalars(
            select(EventRow.name).where(EventRow.name.like("Mirror%")).order_by(EventRow.id)
        )
        assert list(names) == ["MirrorAdded", "MirrorRemoved", "MirrorAdded"]


def test_leads_see_in_the_settings_that_there_is_a_mirror(
    wiki: Scene, run: Run, target: Path
) -> None:
    assert "Git" not in wiki.get("eve", "/open/-/settings").text
    screen = wiki.get("eve", "/eng/-/settings").text
    assert "committed to a Git repository" in screen
    assert str(target) not in screen
    shutil.rmtree(target)
    wiki.write("a", "Two.")
    wiki.deliver()
    failing = wiki.get("eve", "/eng/-/settings").text
    assert "has failed since" in failing
    assert str(target) not in failing
    assert wiki.get("ben", "/eng/-/settings").status_code == 403
