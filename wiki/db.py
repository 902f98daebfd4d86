"""The database: engines, sessions and the only place that commits."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
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
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.types import TypeDecorator

from wiki.changes import reads
from wiki.changes.log import Changes
from wiki.changes.triggers import raise_everything

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


class Change(Base):
    """The latest change of a scope, written by triggers (``wiki.changes``).

    ``at`` orders the changes: on SQLite by a count, on PostgreSQL by the id of the transaction.
    """

    __tablename__ = "changes"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    scope: Mapped[str] = mapped_column(String(80), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)


def unused_id(session: Session, last_ids: Iterable[Select[int | None]]) -> int | None:
    """Return an id above the results of these queries, on SQLite, which reuses the id of a deleted
    last row. Return None on other databases, which do not reuse ids.

    :param last_ids: queries for the highest ids, including those of deleted rows in other tables.
    """
    if session.get_bind().dialect.name != "sqlite":
        return None
    return max(id or 0 for id in session.execute(union_all(*last_ids)).scalars()) + 1


def insert_into(session: Session, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that can be given an ``ON CONFLICT`` clause, in the session's dialect."""
    return _insert(table, session.get_bind().dialect.name)


@cache
def _insert(table: type[Base], dialect: str) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


class StillRead(Exception):
    """SQLite's log cannot be emptied yet, because a reader uses it."""


class Engines(NamedTuple):
    """The engines for the two kinds of sessions, with their connections and compiled statements."""

    writer: Engine
    reader: Engine


def open_engines(url: str) -> Engines:
    """Return the engines of a database."""
    if make_url(url).get_backend_name() == "sqlite":
        return Engines(_sqlite_engine(url, write=True), _sqlite_engine(url, write=False))
    writer = create_engine(url, pool_size=16, max_overflow=16, pool_pre_ping=True)
    return Engines(writer, writer.execution_options(postgresql_readonly=True))


class Database:
    """A database with two kinds of sessions: :meth:`read` and :meth:`write`.

    :param url: an SQLAlchemy URL, of SQLite or of PostgreSQL through psycopg.
    :param subscribers: event name -> names of its subscribers, for the outbox.
    :param key: returns the wiki's secret key, with which the outbox signs.
    :param info: more that code finds in ``session.info``, which has a session but no request
        (``wiki.room.info_of``).
    :param engines: engines that connect to this URL; new ones by default.
    """

    def __init__(
        self,
        url: str,
        subscribers: Mapping[str, tuple[str, ...]],
        key: Callable[[], str] | None = None,
        info: Mapping[str, Any] | None = None,
        engines: Engines | None = None,
    ) -> None:
        self.url = make_url(url)
        self.key = cache(key) if key is not None else None
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            path = Path(self.url.database or "wiki.db")
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # no access for other users
            self._lock_path = path.with_name(path.name + ".writers")
        self.writer, self.reader = engines or open_engines(url)
        found = {**(info or {}), "subscribers": subscribers, "key": self.key}
        self._read = sessionmaker(self.reader, info=found, expire_on_commit=False)
        self._write = sessionmaker(self.writer, info=found, expire_on_commit=False)
        self.adjust: Callable[[Any], Any] = lambda settings: settings
        """Returns the settings with what this database changes in them."""
        self.changes = Changes(self.reader)
        # On PostgreSQL the reader hears what the writer does.
        for engine in (self.writer, self.reader) if self.is_sqlite else (self.writer,):
            reads.listen_to(engine, _table_names)
        self._watch: Any = None
        self._watch_pid = 0
        self._watch_lock = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a read-only session on one snapshot; the database refuses changes."""
        with self._read() as session:
            yield session

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Session]:
        """Open a transaction. It is committed durably at the end of the block, and rolled back by
        an exception.

        On SQLite writers wait in a queue of our own, because SQLite's is unfair. Do slow things
        (rendering, hashing passwords) before entering.

        :param durable: False for data that is made anew if the machine fails. The commit does not
            wait for the disk then. It survives the end of any process, and if a failure of the
            machine undoes it, all later commits that are not durable are undone too.
        """
        with self.writers_queue(), self._write.begin() as session:
            if not durable:
                session.connection(execution_options={"durable": False})
                if not self.is_sqlite:
                    session.execute(text("SET LOCAL synchronous_commit TO off"))
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
        self.changes.close()
        self.writer.dispose()
        self.reader.dispose()


def _wait_for_disk(connection: Connection) -> None:
    """Let the commit of the transaction that begins wait for the disk, unless it need not be
    durable. In NORMAL mode SQLite waits only when it writes its log into the database."""
    durable = connection.get_execution_options().get("durable", True)
    if connection.info.get("durable", True) != durable:
        connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.info["durable"] = durable


@cache
def _names_of(_count: int) -> frozenset[str]:
    return frozenset(Base.metadata.tables)


def _table_names() -> frozenset[str]:
    return _names_of(len(Base.metadata.tables))


class ForgetChanges:
    """Chore that deletes the recorded changes on PostgreSQL, where each transaction adds rows.
    Processes that have not seen them yet learn that everything has changed. Changes that seem to be
    made in the future, because the database was restored in another server, are deleted too."""

    EVERY = timedelta(minutes=1)
    MOST = 20_000
    __name__ = "forget changes"

    def __init__(self) -> None:
        self._due_at = now()

    def __call__(self, database: Database, _settings: object) -> None:
        if database.is_sqlite or now() < self._due_at:
            return
        self._due_at = now() + self.EVERY
        with database.read() as session:
            many = f"SELECT FROM changes OFFSET {self.MOST}"
            foreign = f"SELECT FROM changes WHERE at >= {_SNAPSHOT.format('xmax')}"
            if not session.scalar(text(f"SELECT EXISTS ({many}) OR EXISTS ({foreign})")):
                return
        with database.write() as session:
            done = f"at < {_SNAPSHOT.format('xmin')} OR at >= {_SNAPSHOT.format('xmax')}"
            session.execute(text(f"DELETE FROM changes WHERE {done}"))
            raise_everything(session.connection())


# The transactions below `xmin` have ended, and none from `xmax` on had begun.
_SNAPSHOT = "pg_snapshot_{}(pg_current_snapshot())::text::bigint"


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


def _sqlite_engine(url: str, *, write: bool) -> Engine:
    # The connection used last is used first, so that few of them fill their cache.
    pool: Mapping[str, Any] = {"pool_use_lifo": True} if make_url(url).database else {}
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, **pool)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # disables the driver's implicit transactions
        # SQLite's own function converts ASCII letters only.
        connection.create_function("lower", 1, _lower, deterministic=True)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # What is read often is in memory anyhow, once for all connections of all processes.
        connection.execute(f"PRAGMA cache_size = -{16000 if write else 4000}")
        if write:
            # Overwrites deleted content with zeros, as purging promises.
            connection.execute("PRAGMA secure_delete = ON")
        else:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        if write:
            _wait_for_disk(connection)
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # Never waits for a lock, so there is no error for SQLAlchemy to translate.
            connection.connection.driver_connection.execute("BEGIN")

    return engine
