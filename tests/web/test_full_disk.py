"""A full disk: nothing is saved and the answer says so; reading and signing in go on."""

from __future__ import annotations

import errno
import os
import sqlite3
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.cast import PASSWORD, Scene
from tests.search.sample import page
from wiki import disk
from wiki.cli import main
from wiki.outbox.models import Delivery
from wiki.search.whoosh.adapter import WhooshEngine
from wiki.search.whoosh.merging import FANOUT

FULL = "The disk of this wiki is full, so nothing was saved."


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without a byte to spare."""
    monkeypatch.setattr(disk, "free", lambda _folder: 0)


@pytest.mark.usefixtures("full")
def test_a_save_is_refused_and_the_text_handed_back(wiki: Scene) -> None:
    form = {"path": "rota", "title": "Rota", "body": "typed with care"}
    answer = wiki.client("ben").post("/eng/-/new", data=form)
    if not wiki.database.is_sqlite:  # which has a disk of its own
        assert answer.status_code == 303
        return
    assert answer.status_code == 507
    assert FULL in answer.text
    assert "typed with care" in answer.text


def test_an_upload_that_finds_the_disk_full_says_so(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    wiki.write("rota", "old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        refused = wiki.client("ben").post(
            "/eng/rota/-/files", data={"file": (BytesIO(b"bytes"), "a.txt")}
        )
    assert refused.status_code == 507
    assert FULL in refused.text
    assert not list((wiki.settings.data_dir / "files" / "arriving").iterdir())


def test_people_sign_in_and_read_on_a_full_disk(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.write("rota", "old")
    folder = wiki.settings.data_dir
    disk.keep_reserve(folder)
    assert (folder / "reserve").stat().st_size == disk.RESERVE
    monkeypatch.setattr(disk, "free", lambda _folder: 0)
    browser = wiki.new_client()
    entered = browser.post("/-/login", data={"login": "ben", "password": PASSWORD})
    assert entered.status_code == 303
    assert browser.get("/eng/rota").status_code == 200
    assert (folder / "reserve").stat().st_size == disk.RESERVE - disk.PIECE
    disk.keep_reserve(folder)
    assert (folder / "reserve").stat().st_size == disk.RESERVE - disk.PIECE, "others need the room"


def test_the_errors_of_a_full_disk_are_known(tmp_path: Path) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a)")
    connection.execute("PRAGMA max_page_count = 3")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert disk.is_full(OperationalError("INSERT", {}, caught.value))
    failed = OSError(errno.EDQUOT, "Disk quota exceeded")
    later = RuntimeError("could not write")
    later.__cause__ = failed
    assert disk.is_full(later)
    assert not disk.is_full(OSError(errno.EACCES, "Permission denied"), tmp_path)


def test_the_wiki_can_be_opened_on_a_full_disk(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIKI_DATA_DIR", str(wiki.settings.data_dir))
    monkeypatch.setenv("WIKI_DATABASE_URL", wiki.settings.url)
    reserve = wiki.settings.data_dir / "reserve"
    disk.keep_reserve(wiki.settings.data_dir)
    monkeypatch.setattr(disk, "free", lambda _folder: disk.RESERVE - reserve.stat().st_size)
    for _ in range(3):
        assert CliRunner().invoke(main, ["user", "list"]).exit_code == 0
    assert reserve.stat().st_size == disk.RESERVE - disk.PIECE, "one piece is enough"


@pytest.mark.usefixtures("full")
def test_the_check_has_one_line_for_a_full_disk(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIKI_DATA_DIR", str(wiki.settings.data_dir))
    monkeypatch.setenv("WIKI_DATABASE_URL", wiki.settings.url)
    done = CliRunner().invoke(main, ["check", "--dry-run"])
    assert done.exit_code == 1
    assert done.output.count("The disk is full: nothing can be saved until") == 1


def test_what_waits_for_room_is_delivered_once_there_is(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.deliver()
    wiki.write("rota", "findable")
    with monkeypatch.context() as patch:
        patch.setattr("wiki.search.whoosh.adapter.free", lambda _folder: 0)
        wiki.deliver()
    with wiki.database.write() as session:
        (waiting,) = session.scalars(select(Delivery)).all()
        assert (waiting.attempts, waiting.gave_up_at) == (0, None)
        assert "Too little room" in (waiting.error or "")
        waiting.due_at = waiting.due_at.replace(year=2020)
    wiki.deliver()
    assert "rota" in wiki.client("ben").get("/-/search?q=findable").text


@pytest.mark.thorough
def test_the_index_merges_only_what_it_has_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = WhooshEngine(tmp_path / "index")
    engine.rebuild(lambda _ids: [], dict)

    def segments() -> int:
        return len(list(tmp_path.rglob("*.seg")))

    room = 1 << 30
    monkeypatch.setattr("wiki.search.whoosh.adapter.free", lambda _folder: room)
    engine.update([page(1, "One", " ".join(f"w{number}" for number in range(20_000)))])
    room = 9 << 20
    for number in range(2, 1 + FANOUT):
        engine.update([page(number, "Short", "short")])
    assert segments() == 2, "merging the first could take more than half of what is free"
    room = 1 << 30
    for number in range(1 + FANOUT, 2 * FANOUT - 1):
        engine.update([page(number, "Short", "short")])
    assert segments() == 1
    assert len(engine.revisions()) == 2 * FANOUT - 2
