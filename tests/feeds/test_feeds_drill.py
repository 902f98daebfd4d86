"""The leak drill reads feeds: it finds nothing, and something once their gate is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import true

from tests.statements import opened
from wiki.app import create_app, open_database
from wiki.canary import World
from wiki.config import Settings
from wiki.drill.canaries import lay_out
from wiki.drill.crawl import Drill
from wiki.history import recent
from wiki.migrate import migrate
from wiki.search import listing

FEEDS = {"feeds.own", "feeds.read", "feeds.mine", "feeds.create", "feeds.revoke"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = Settings(data_dir=tmp_path, secret_key="d" * 40)
    database = open_database(settings)
    migrate(database)
    app = create_app(settings, database)
    app.config.update(WTF_CSRF_ENABLED=False)
    yield lay_out(app, database, settings)
    database.dispose()


@pytest.mark.parametrize(
    ("module", "gate"),
    [
        pytest.param(recent, "readable_by", id="changes"),
        pytest.param(listing, "live_for", id="addresses"),
    ],
)
def test_the_drill_finds_feeds_of_pages_that_somebody_may_not_read(
    world: World, module: object, gate: str
) -> None:
    report = Drill(world, only=FEEDS).run()
    assert not (report.leaks or report.differences or report.unasked)
    with opened(module, gate, lambda *_: true()) as patch:
        if module is recent:
            patch.setattr(recent.spaces, "readable_by", lambda *_: true())
        assert Drill(world, only=FEEDS, until_first=True).run().leaks
