"""Schema migrations with Alembic."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from wiki.changes import triggers
from wiki.db import Database
from wiki.resources import MIGRATIONS


def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade to ``revision``; does nothing if the database already has it."""
    with database.writers_queue(), database.writer.begin() as connection:
        config = _config(connection)
        config.attributes["key"] = database.key
        if _is_at(connection, config, revision) and triggers.is_watched(connection):
            return
        triggers.unwatch(connection)
        command.upgrade(config, revision)
        triggers.watch(connection)


def downgrade(database: Database, revision: str) -> None:
    """Downgrade to an older schema (``base`` is an empty database)."""
    with database.writers_queue(), database.writer.begin() as connection:
        triggers.unwatch(connection)
        command.downgrade(_config(connection), revision)
        triggers.watch(connection)


def _is_at(connection: Connection, config: Config, revision: str) -> bool:
    scripts = ScriptDirectory.from_config(config)
    wanted = {script.revision for script in scripts.get_revisions(revision) if script}
    return set(MigrationContext.configure(connection).get_current_heads()) == wanted


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
