"""A worker says that it is there, and when it was told to stop."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest
from sqlalchemy import select

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


def test_a_sign_that_cannot_be_given_stops_nobody(database: Database, settings: Settings) -> None:
    def sign(_database: Database, _began_at: datetime) -> None:
        raise OSError("no room")

    Worker(database, settings)._show(sign)
