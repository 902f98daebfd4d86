"""The database's two ways in, its version, and its migrations."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from tests.cast import Scene
from wiki import rooms
from wiki.config import Settings
from wiki.db import Base, Database
from wiki.migrate import current, downgrade, migrate, newest
from wiki.spaces.models import Space

pytestmark = pytest.mark.every_database


def test_a_reader_cannot_write(wiki: Scene) -> None:
    with pytest.raises(DBAPIError), wiki.database.read() as session:
        session.execute(text("DELETE FROM memberships"))


def test_an_exception_undoes_the_whole_transaction(wiki: Scene) -> None:
    with pytest.raises(RuntimeError), wiki.database.write() as session:
        session.add(Space(slug="new", title="New"))
        session.flush()
        raise RuntimeError
    with wiki.database.read() as session:
        assert session.scalar(select(Space).where(Space.slug == "new")) is None


def test_the_version_changes_with_every_commit_and_only_then(wiki: Scene) -> None:
    before = wiki.database.version()
    with wiki.database.read() as session:
        session.execute(text("SELECT 1"))
    if wiki.database.is_sqlite:  # PostgreSQL counts what happens in its other databases too
        assert wiki.database.version() == before
    with wiki.database.write() as session:
        session.add(Space(slug="new", title="New"))
    assert wiki.database.version() != before


def test_an_acknowledged_commit_is_durable_on_sqlite(settings: Settings) -> None:
    database = Database(settings.url, {})
    if not database.is_sqlite:
        return
    for engine in (database.writer, database.reader):
        with engine.connect() as connection:
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(text("PRAGMA synchronous")) == 2
            assert connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_migrations_make_what_the_models_say(database: Database) -> None:
    assert rooms.ROOMS
    with database.writer.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def test_only_commits_of_derived_data_do_not_wait_for_the_disk(wiki: Scene) -> None:
    lite = wiki.database.is_sqlite
    asked = text("PRAGMA synchronous" if lite else "SHOW synchronous_commit")
    waits, goes_on = (2, 1) if lite else ("on", "off")
    for durable in (True, False, False, True):
        with wiki.database.write(durable=durable) as session:
            assert session.scalar(asked) == (waits if durable else goes_on)


@pytest.mark.empty_database
def test_migrations_go_down_and_up_again(database: Database) -> None:
    downgrade(database, "base")
    with database.writer.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    migrate(database)
    with database.writer.connect() as connection:
        assert "pages" in inspect(connection).get_table_names()
        assert current(connection) == newest()  # so that a server recognises it without Alembic
