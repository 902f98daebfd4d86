"""The leak drill looks at stars: it finds nothing, and something once their gate is open."""

from pathlib import Path

from sqlalchemy import true

from tests.statements import opened
from wiki.app import create_app, open_database
from wiki.bookmarks import queries
from wiki.config import Settings
from wiki.drill.canaries import lay_out
from wiki.drill.crawl import Drill
from wiki.migrate import migrate

LISTS = {"bookmarks.starred", "api.list_stars"}


def test_the_drill_finds_stars_on_pages_that_somebody_may_not_read(
    tmp_path: Path,
) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="d" * 40)
    database = open_database(settings)
    migrate(database)
    app = create_app(settings, database)
    app.config.update(WTF_CSRF_ENABLED=False)
    world = lay_out(app, database, settings)
    report = Drill(world, only=LISTS).run()
    assert not (report.leaks or report.differences or report.unasked)
    with opened(queries, "live_for", lambda *_: true()):
        assert Drill(world, only=LISTS, until_first=True).run().leaks
    database.dispose()
