"""The leak drill reads comments as everybody, and finds a leak without the access check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import true

from wiki.app import create_app, open_database
from wiki.canary import World
from wiki.comments import access
from wiki.config import Settings
from wiki.drill.canaries import lay_out
from wiki.drill.crawl import Drill
from wiki.migrate import migrate
from wiki.pages.queries import see_page

OURS = {
    "comments.comments",
    "comments.open_thread",
    "comments.reply",
    "comments.set_state",
    "passages.passages",
    "passages.place",
    "passages.settle_suggestion",
    "messages.edit_form",
    "messages.edit",
    "messages.delete",
    "messages.versions",
    "messages.react",
    "api.list_threads",
    "api.read_thread",
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


def test_comments_are_shown_to_readers_of_their_page_only(world: World) -> None:
    words = {one.what for one in world.canaries if "comment" in one.what or "discuss" in one.what}
    assert len(words) >= 4
    report = Drill(world, only=OURS).run()
    assert [str(leak) for leak in report.leaks] == []
    assert [str(leak) for leak in report.differences] == []
    assert report.unasked == {}
    assert report.changed == []
    assert not words & set(report.unseen)


@pytest.mark.thorough
def test_the_drill_finds_threads_without_an_access_check(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = world.people["lead"]
    monkeypatch.setattr(access, "live_for", lambda _actor: true())
    monkeypatch.setattr(
        access, "see_page", lambda session, _actor, page: see_page(session, lead, page)
    )
    report = Drill(world, only={"messages.versions"}, until_first=True).run()
    assert report.leaks or report.differences
