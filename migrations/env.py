"""Alembic runs this; the connection is handed over by ``wiki.migrate``."""

from alembic import context

from wiki import models  # noqa: F401  (makes every table known)
from wiki.db import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
