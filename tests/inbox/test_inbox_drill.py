"""The leak drill looks at inboxes and at what people watch: it finds nothing, and something once
their gate is open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import true

from tests.statements import opened
from wiki.app import create_app, open_database
from wiki.canary import World
from wiki.config import Settings
from wiki.drill.canaries import lay_out
from wiki.drill.crawl import MAILS, Drill
from wiki.drill.mails import read_mails
from wiki.inbox import queries
from wiki.inbox.models import Notice
from wiki.inbox.queries import Told
from wiki.migrate import migrate
from wiki.rules.labels import Label
from wiki.watching import queries as watching

INBOX = {"inbox.inbox", "inbox.unread", "inbox.change", "api.list_notices", "api.change_notice"}
WATCHING = {
    "watching.watching",
    "watching.place",
    "watching.set_place",
    "watching.thread",
    "watching.set_thread",
    "watching.change",
    "api.list_watches",
    "api.put_watch",
    "api.remove_watch",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = Settings(data_dir=tmp_path, secret_key="d" * 40)
    database = open_database(settings)
    migrate(database)
    app = create_app(settings, database)
    app.config.update(WTF_CSRF_ENABLED=False)
    yield lay_out(app, database, settings)
    database.dispose()


def test_the_drill_finds_notices_of_pages_that_somebody_may_not_read(
    world: World,
) -> None:
    report = Drill(world, only=INBOX).run()
    assert not (report.leaks or report.differences or report.unasked)
    with opened(queries, "visible_to", lambda actor: Notice.person_id == actor.person_id):
        assert Drill(world, only=INBOX, until_first=True).run().leaks


def test_the_drill_finds_mails_of_what_their_reader_may_not_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not Drill(world, only={MAILS}).run().leaks
    readers = {who for who, words in read_mails(world) if words}
    assert readers >= {"insider", "lead"} and "disabled" not in readers
    monkeypatch.setattr(queries, "visible_to", lambda actor: Notice.person_id == actor.person_id)
    leaks = Drill(world, only={MAILS}).run().leaks
    assert {leak.who for leak in leaks} == {"revoked"}


def test_the_drill_finds_mails_that_say_more_than_a_label_allows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ignore(_: object, told: Sequence[Told]) -> dict[int | None, Label]:
        return {one.notice.page_id: Label.INTERNAL for one in told}

    monkeypatch.setattr(queries, "labels_of", ignore)
    leaks = Drill(world, only={MAILS}).run().leaks
    assert leaks and all("against its label" in leak.what for leak in leaks)


def test_the_drill_finds_watched_pages_that_somebody_may_not_read(
    world: World,
) -> None:
    report = Drill(world, only=WATCHING).run()
    assert not (report.leaks or report.differences or report.unasked)
    with opened(watching, "live_for", lambda *_: true()):
        assert Drill(world, only=WATCHING, until_first=True).run().leaks
