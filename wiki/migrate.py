"""Schema migrations with Alembic."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from wiki.db import Database
from wiki.resources import MIGRATIONS


def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade to ``revision``; does nothing if the database already has it."""
    with database.writers_queue(), database.writer.begin() as connection:
        config = _config(connection)
        config.attributes["key"] = database.key
        command.upgrade(config, revision)


def downgrade(database: Database, revision: str) -> None:
    """Downgrade to an older schema (``base`` is an empty database)."""
    with database.writers_queue(), database.writer.begin() as connection:
        command.downgrade(_config(connection), revision)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
