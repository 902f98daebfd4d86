"""The leak drill requests access to everything hidden, and sees no request of another person."""

from __future__ import annotations

from pathlib import Path

from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.drill.canaries import lay_out
from wiki.drill.crawl import Drill
from wiki.migrate import migrate

OURS = {"requests.form", "requests.ask", "requests.sent", "requests.waiting", "requests.decide"}


def test_requests_show_nothing_to_others(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="d" * 40)
    database = open_database(settings)
    migrate(database)
    app = create_app(settings, database)
    app.config.update(WTF_CSRF_ENABLED=False)
    try:
        world = lay_out(app, database, settings)
        words = [c for c in world.canaries if c.what.startswith("the message of a request")]
        assert words
        report = Drill(world, only=OURS).run()
        assert [str(leak) for leak in report.leaks] == []
        assert [str(leak) for leak in report.differences] == []
        assert report.unasked == {}
        assert report.changed == []
        assert not {canary.what for canary in words} & set(report.unseen)
    finally:
        database.dispose()
