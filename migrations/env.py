"""Alembic runs this; the connection is handed over by ``wiki.migrate``."""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext

from wiki import kinds, rooms  # noqa: F401  (makes every table known)
from wiki.db import Base, UtcDateTime


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    """Write our own column types as plain ones, so that migrations stand alone."""
    return "sa.DateTime(timezone=True)" if isinstance(item, UtcDateTime) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
