"""A worker says that it is there, and when it was told to stop."""

from __future__ import annotations

import threading
from datetime import datetime
from errno import ENOSPC

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from wiki import worker as module
from wiki.config import Settings
from wiki.db import Database
from wiki.outbox import heartbeat
from wiki.outbox.models import WorkerSeen
from wiki.worker import Worker


def seen(database: Database) -> WorkerSeen:
    with database.read() as session:
        return session.scalars(select(WorkerSeen)).one()


def test_a_worker_says_that_it_is_there_and_that_it_leaves(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, live = threading.Event(), heartbeat.live

    def lives(database: Database, began_at: datetime) -> None:
        live(database, began_at)
        said.set()

    monkeypatch.setattr(heartbeat, "live", lives)
    worker = Worker(database, settings)
    running = threading.Thread(target=worker.run)
    running.start()
    assert said.wait(60)
    assert seen(database).stopped_at is None
    worker.stop()
    running.join()
    assert seen(database).stopped_at is not None
    worker._show(heartbeat.live)  # a beat that comes too late
    assert seen(database).stopped_at is not None


CHORES = (
    *("AT_START", "EACH_SECOND", "NOW_AND_THEN", "AT_LEISURE"),
    *("HOUSEKEEPING", "LONG_HOUSEKEEPING"),
)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a worker have no chores and never pause."""
    for name in CHORES:
        monkeypatch.setattr(module, name, ())
    waits = ("AGAIN", "CHORE", "IDLE_CHORE", "POLL", "IDLE_POLL", "REST")
    for name in (*(f"{one}_SECONDS" for one in waits), "FOR_ROOM"):
        monkeypatch.setattr(module, name, 0.0)


@pytest.mark.every_database
@pytest.mark.parametrize("broken", ["release_all", "version", "deliver_due", "next_due"])
def test_a_worker_outlasts_a_restart_of_the_database_and_logs_it_once(
    database: Database,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    hurried: None,
    broken: str,
) -> None:
    worker = Worker(database, settings)
    owner = database if broken == "version" else worker.deliverer
    works = getattr(owner, broken)
    calls = 0

    def restarting() -> object:
        nonlocal calls
        calls += 1
        if calls in (1, 2, 3):
            raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))
        if calls == 5 or broken == "release_all":
            worker.stop()
        return works()

    monkeypatch.setattr(owner, broken, restarting)
    worker.run()
    assert calls >= 4
    assert seen(database).stopped_at is not None
    assert [one.message for one in caplog.records] == [
        "delivering failed in the worker; it is tried again"
    ]


def test_a_chore_that_keeps_failing_is_logged_once(
    database: Database,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    hurried: None,
) -> None:
    worker = Worker(database, settings)

    full = OSError(ENOSPC, "full")
    results = iter([full, full, ValueError(), ValueError(), None, ValueError()])

    class Sweep:
        def __call__(self, _database: Database, _settings: Settings) -> None:
            error = next(results, StopIteration())
            if isinstance(error, StopIteration):
                worker.stop()
            elif error is not None:
                raise error

    monkeypatch.setattr(module, "NOW_AND_THEN", (Sweep(),))
    worker.run()
    assert [one.message for one in caplog.records] == [
        "The disk is full: Sweep waits for room.",
        "Sweep failed in the worker; it is tried again",
        "Sweep failed in the worker; it is tried again",
    ]


def test_a_sign_that_cannot_be_given_stops_nobody(database: Database, settings: Settings) -> None:
    def sign(_database: Database, _began_at: datetime) -> None:
        raise OSError("no room")

    Worker(database, settings)._show(sign)
