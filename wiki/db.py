"""The database: engines, sessions and the only place that commits."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Select,
    String,
    create_engine,
    event,
    make_url,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

Value = TypeVar("Value")
_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


def now() -> datetime:
    """Return the current time, in UTC."""
    return _moment.get() or datetime.now(UTC)


def batches(values: Iterable[Value], size: int = 400) -> Iterator[list[Value]]:
    """Yield the values in batches that fit one ``IN (…)``."""
    left = iter(values)
    while some := list(islice(left, size)):
        yield some


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Set the time that :func:`now` returns inside the block, for events that are recorded later
    than they happened."""
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)


class UtcDateTime(TypeDecorator[datetime]):
    """A time zone aware datetime on every database, stored in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a time zone cannot be stored.")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite generates ids only for INTEGER columns; PostgreSQL gets 64 bits.
BigId = BigInteger().with_variant(Integer(), "sqlite")
# Keys of paths are compared and sorted by code point, regardless of the database's locale.
KEY_LENGTH = 1000
Key = String(KEY_LENGTH).with_variant(String(KEY_LENGTH, collation="C"), "postgresql")
Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Base class of all tables. Constraints are named by one rule so that migrations can drop
    them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[str]: Json,
        list[Any]: Json,
    }


def unused_id(session: Session, last_ids: Iterable[Select[int | None]]) -> int | None:
    """Return an id above the results of these queries, on SQLite, which reuses the id of a deleted
    last row. Return None on other databases, which do not reuse ids.

    :param last_ids: queries for the highest ids, including those of deleted rows in other tables.
    """
    if session.get_bind().dialect.name != "sqlite":
        return None
    return max(id or 0 for id in session.execute(union_all(*last_ids)).scalars()) + 1


class StillRead(Exception):
    """SQLite's log cannot be emptied yet, because a reader uses it."""


class Database:
    """A database with two kinds of sessions: :meth:`read` and :meth:`write`.

    :param url: an SQLAlchemy URL, of SQLite or of PostgreSQL through psycopg.
    :param subscribers: event name -> names of its subscribers, for the outbox.
    :param key: returns the wiki's secret key, with which the outbox signs.
    :param rooms: the rooms, for code that has a session but no request (``wiki.room.rooms_of``).
    """

    def __init__(
        self,
        url: str,
        subscribers: Mapping[str, tuple[str, ...]],
        key: Callable[[], str] | None = None,
        rooms: Sequence[Any] | None = None,
    ) -> None:
        self.url = make_url(url)
        self.key = cache(key) if key is not None else None
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            path = Path(self.url.database or "wiki.db")
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # no access for other users
            self._lock_path = path.with_name(path.name + ".writers")
            self.writer = _sqlite_engine(url, write=True)
            self.reader = _sqlite_engine(url, write=False)
        else:
            self.writer = create_engine(url, pool_size=16, max_overflow=16, pool_pre_ping=True)
            self.reader = self.writer.execution_options(postgresql_readonly=True)
        info = {"subscribers": subscribers, "key": self.key, "rooms": rooms}
        self._read = sessionmaker(self.reader, info=info, expire_on_commit=False)
        self._write = sessionmaker(self.writer, info=info, expire_on_commit=False)
        self._watch: Any = None
        self._watch_pid = 0
        self._watch_lock = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a read-only session on one snapshot; the database refuses changes."""
        with self._read() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a transaction. It is committed durably at the end of the block, and rolled back by
        an exception.

        On SQLite writers wait in a queue of our own, because SQLite's is unfair. Do slow things
        (rendering, hashing passwords) before entering.
        """
        with self.writers_queue(), self._write.begin() as session:
            yield session

    @contextmanager
    def writers_queue(self) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        handle = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def version(self) -> Hashable:
        """Return a token that changes whenever anything has been committed.

        Tokens are comparable within one process only.
        """
        if not self.is_sqlite:
            with self.reader.connect() as pooled:
                return str(pooled.scalar(text("SELECT pg_current_snapshot()::text")))
        with self._watch_lock:
            if self._watch is None or self._watch_pid != os.getpid():
                self._watch = self.reader.raw_connection()
                self._watch.detach()
                self._watch_pid = os.getpid()
            cursor = self._watch.cursor()
            try:
                cursor.execute("PRAGMA data_version")
                return (self._watch_pid, cursor.fetchone()[0])
            finally:
                cursor.close()

    def empty_log(self) -> None:
        """Write all of SQLite's log into the database and truncate it, because it contains old
        versions of pages that were overwritten. Does nothing on PostgreSQL, which recycles its log
        itself.

        :raises StillRead: while a reader uses a snapshot that is only in the log.
        """
        if not self.is_sqlite:
            return
        with self.writers_queue():
            connection = self.writer.raw_connection()
            connection.detach()  # so that its timeout does not affect pooled connections
            try:
                connection.execute("PRAGMA busy_timeout = 500")
                busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                connection.close()
        if busy:
            raise StillRead("Somebody still reads what the log alone has.")

    def dispose(self) -> None:
        """Close every pooled connection (before a fork, and at the end)."""
        self.writer.dispose()
        self.reader.dispose()


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


def _sqlite_engine(url: str, *, write: bool) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # disables the driver's implicit transactions
        # SQLite's own function converts ASCII letters only.
        connection.create_function("lower", 1, _lower, deterministic=True)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -16000")
        if write:
            # Overwrites deleted content with zeros, as purging promises.
            connection.execute("PRAGMA secure_delete = ON")
        else:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
