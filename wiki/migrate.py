"""Schema migrations with Alembic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from wiki.changes import triggers
from wiki.db import Database
from wiki.resources import MIGRATIONS

if TYPE_CHECKING:
    from alembic.config import Config


def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade to ``revision``; does nothing if the database already has it."""
    with database.writers_queue(), database.writer.begin() as connection:
        wanted = newest() if revision == "head" else revision
        if current(connection) == wanted and triggers.is_watched(connection):
            return
        from alembic import command  # a server that need not upgrade has more memory without it

        config = _config(connection)
        config.attributes["key"] = database.key
        triggers.unwatch(connection)
        command.upgrade(config, revision)
        triggers.watch(connection)


def downgrade(database: Database, revision: str) -> None:
    """Downgrade to an older schema (``base`` is an empty database)."""
    with database.writers_queue(), database.writer.begin() as connection:
        from alembic import command

        triggers.unwatch(connection)
        command.downgrade(_config(connection), revision)
        triggers.watch(connection)


def newest() -> str:
    """Return the newest revision; the names of the files of migrations begin with theirs."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("*.py"))


def current(connection: Connection) -> str:
    """Return the revision of a database; empty if it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
