"""The leak drill looks at webhooks: it finds nothing, and something once they are open."""

from __future__ import annotations

from pathlib import Path

import pytest

from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.drill.canaries import lay_out
from wiki.drill.crawl import Drill
from wiki.migrate import migrate
from wiki.spaces.queries import SpaceAccess
from wiki.webhooks import actions

WEBHOOKS = {f"webhooks.{name}" for name in ("of_space", "one", "change", "repeat", "test")}


def test_the_drill_finds_webhooks_that_somebody_may_not_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="d" * 40)
    database = open_database(settings)
    migrate(database)
    app = create_app(settings, database)
    app.config.update(WTF_CSRF_ENABLED=False)
    world = lay_out(app, database, settings)
    report = Drill(world, only=WEBHOOKS).run()
    assert not (report.leaks or report.differences or report.unasked)
    assert not [what for what in report.unseen if "webhook" in what]

    def open_to_readers(seen: SpaceAccess, _settings: Settings) -> None:
        pass

    monkeypatch.setattr(actions, "require_lead", open_to_readers)
    assert Drill(world, only=WEBHOOKS, until_first=True).run().leaks
    database.dispose()
