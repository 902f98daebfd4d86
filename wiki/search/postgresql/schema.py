"""The tables of the index, in a schema of their own.

They are derived from the pages: the engine creates them when it builds its first index, and drops
them when another engine is used. So no migration changes them; another format gets another schema.
"""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

FORMAT = 1
"""Increased when the columns or their meaning change; older indexes are then rebuilt."""
SCHEMA = f"search_v{FORMAT}"
DOCUMENTS, TEXTS, TERMS = (f"{SCHEMA}.{name}" for name in ("documents", "texts", "terms"))

# Vectors of stems are compared with each word of a query: those of usual pages stay in the row and
# are not compressed.
_TABLES = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {DOCUMENTS} (
  page_id bigint PRIMARY KEY,
  revision integer NOT NULL,
  space_id bigint NOT NULL,
  updated bigint NOT NULL,
  links integer NOT NULL,
  kind text NOT NULL,
  language text NOT NULL,
  whole_title text NOT NULL,
  tags text[] NOT NULL,
  marks text[] NOT NULL,
  authors bigint[] NOT NULL,
  link_sources bigint[] NOT NULL,
  is_clipped boolean NOT NULL,
  stems tsvector NOT NULL,
  words tsvector NOT NULL,
  title_words tsvector NOT NULL,
  path_words tsvector NOT NULL
) WITH (toast_tuple_target = 8160);
ALTER TABLE {DOCUMENTS} ALTER COLUMN stems SET STORAGE EXTERNAL;
CREATE TABLE IF NOT EXISTS {TEXTS} (
  page_id bigint PRIMARY KEY REFERENCES {DOCUMENTS} ON DELETE CASCADE,
  title text NOT NULL,
  path text NOT NULL,
  body text NOT NULL,
  sections text NOT NULL,
  weights text NOT NULL,
  positions text NOT NULL
);
CREATE TABLE IF NOT EXISTS {TERMS} (
  field text COLLATE "C",
  term text COLLATE "C",
  pages integer NOT NULL,
  PRIMARY KEY (field, term)
);
"""
_INDEXES = f"""
CREATE INDEX IF NOT EXISTS stems ON {DOCUMENTS} USING gin (stems) WITH (fastupdate = off);
CREATE INDEX IF NOT EXISTS words ON {DOCUMENTS} USING gin (words) WITH (fastupdate = off);
CREATE INDEX IF NOT EXISTS title_words ON {DOCUMENTS}
  USING gin (title_words) WITH (fastupdate = off);
CREATE INDEX IF NOT EXISTS path_words ON {DOCUMENTS}
  USING gin (path_words) WITH (fastupdate = off);
CREATE INDEX IF NOT EXISTS marks ON {DOCUMENTS} USING gin (marks) WITH (fastupdate = off);
CREATE INDEX IF NOT EXISTS link_sources ON {DOCUMENTS}
  USING gin (link_sources) WITH (fastupdate = off);
CREATE INDEX IF NOT EXISTS whole_title ON {DOCUMENTS} (whole_title);
CREATE INDEX IF NOT EXISTS updated ON {DOCUMENTS} (updated);
CREATE INDEX IF NOT EXISTS alike ON {TERMS} USING gin (term gin_trgm_ops);
"""
_IS_READY = "SELECT to_regclass(:index) IS NOT NULL"
_OTHERS = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^search_v[0-9]+$' AND nspname <> :own"


def is_ready(session: Session | Connection) -> bool:
    """Return whether there is an index of this format that was once complete."""
    return bool(session.scalar(text(_IS_READY), {"index": f"{SCHEMA}.alike"}))


def create_tables(session: Session) -> None:
    """Create the tables unless they exist.

    :raises sqlalchemy.exc.DBAPIError: when the extension pg_trgm cannot be created.
    """
    session.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    for statement in filter(str.strip, _TABLES.split(";\n")):
        session.execute(text(statement))


def create_indexes(session: Session) -> None:
    """Create the indexes unless they exist. With the last of them the index is ready."""
    for statement in filter(str.strip, _INDEXES.split(";\n")):
        session.execute(text(statement))
    for (name,) in session.execute(text(_OTHERS), {"own": SCHEMA}).all():
        session.execute(text(f"DROP SCHEMA {name} CASCADE"))


def drop_tables(session: Session) -> None:
    """Drop the tables of this format and of others."""
    for (name,) in session.execute(text(_OTHERS), {"own": ""}).all():
        session.execute(text(f"DROP SCHEMA {name} CASCADE"))
