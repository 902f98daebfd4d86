"""The changes of a database, as one process knows them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Any, Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from wiki.changes.rules import EVERYTHING

MOST = 50_000
"""Maximum number of scopes whose changes a process keeps in memory."""


class Changes:
    """The latest change of each scope, by a clock of this process.

    An answer is made after :meth:`look` and kept with its result and the scopes that it was read
    from. At a later request it is current if :meth:`is_current` says so after another :meth:`look`.

    :param reader: the engine of the database for reading.
    """

    def __init__(self, reader: Engine) -> None:
        self._reader = reader
        self._kind = _Sqlite if reader.dialect.name == "sqlite" else _Postgres
        self._failures = (SQLAlchemyError, reader.dialect.loaded_dbapi.Error)
        self._lock = threading.Lock()
        self._begun = 0
        self._clock = 0
        self._latest: dict[str, int] = {}
        self._watch: _Watch | None = None
        self._pid = 0

    def look(self) -> int:
        """Take notice of all transactions that are committed by now; return the time of the clock.

        If the database cannot be asked, everything counts as changed.
        """
        arrived = self._begun
        with self._lock:
            if self._begun > arrived:
                return self._clock  # another thread has begun and finished to look in the meantime
            self._begun += 1
            try:
                self._take_in(self._news())
            except self._failures:
                self._watch = None
                self._take_in([EVERYTHING])
            return self._clock

    def is_current(self, scopes: Iterable[str], clock: int) -> bool:
        """Return whether none of the scopes has changed after that time."""
        latest = self._latest
        return latest.get(EVERYTHING, 0) <= clock and all(
            latest.get(scope, 0) <= clock for scope in scopes
        )

    def close(self) -> None:
        """Close the connection; the next look opens another one."""
        with self._lock:
            if self._watch is not None and self._pid == os.getpid():
                self._watch.close()
            self._watch = None

    def _news(self) -> Iterable[str]:
        if self._watch is None or self._pid != os.getpid():
            self._watch, self._pid = self._kind(self._reader), os.getpid()
            return [EVERYTHING]  # nobody knows what happened before
        return self._watch.news()

    def _take_in(self, changed: Iterable[str]) -> None:
        changed = dict.fromkeys(changed, self._clock + 1)
        if not changed:
            return
        if len(self._latest) > MOST:
            changed = {EVERYTHING: self._clock + 1}
        if EVERYTHING in changed:
            self._latest = changed
        else:
            self._latest.update(changed)
        self._clock += 1


class _Watch(Protocol):
    def news(self) -> Iterable[str]:
        """Return the scopes that have changed since the last time."""

    def close(self) -> None:
        """Close the connection."""


def _connection_of_its_own(engine: Engine) -> tuple[PoolProxiedConnection, Any]:
    """Return a connection that the pool has given away, and the driver's connection in it."""
    pooled = engine.raw_connection()
    connection = pooled.dbapi_connection
    pooled.detach()
    return pooled, connection


class _Sqlite:
    """The changes of a SQLite database, numbered in their order. It has one writer at a time, so
    numbers become visible in order, too."""

    def __init__(self, engine: Engine) -> None:
        self._pooled, self._connection = _connection_of_its_own(engine)
        self._version = self._last = 0
        self._read()

    def news(self) -> Iterable[str]:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return self._read() if version != self._version else ()

    def _read(self) -> Iterable[str]:
        execute = self._connection.execute
        execute("BEGIN")  # so that the version is the one of these rows
        try:
            new = "SELECT scope, at FROM changes WHERE at > ?"
            rows = execute(new, (self._last,)).fetchall()
            (self._version,) = execute("PRAGMA data_version").fetchone()
        finally:
            execute("ROLLBACK")
        self._last = max((at for _, at in rows), default=self._last)
        # A commit of something that has no triggers.
        return [scope for scope, _ in rows] or [EVERYTHING]

    def close(self) -> None:
        self._connection.close()


class _Postgres:
    """The changes of a PostgreSQL database, numbered by transactions. These become visible in any
    order, so all are asked for that the last snapshot did not contain."""

    _NEW = (
        "SELECT pg_current_snapshot()::text,"
        " ARRAY(SELECT DISTINCT scope FROM changes WHERE at >= %s OR at = ANY(%s::bigint[]))"
    )

    def __init__(self, engine: Engine) -> None:
        self._pooled, self._connection = _connection_of_its_own(engine)
        self._connection.autocommit = True
        self._end, self._open = 0, list[int]()
        # Rows of transactions that this snapshot contains are never asked for.
        self._remember(self._ask("SELECT pg_current_snapshot()::text, '{}'::text[]")[0])

    def news(self) -> Iterable[str]:
        snapshot, scopes = self._ask(self._NEW, self._end, self._open)
        self._remember(snapshot)
        return list(scopes)

    def _ask(self, statement: str, *values: Any) -> Any:
        return self._connection.execute(statement, values).fetchone()

    def _remember(self, snapshot: str) -> None:
        _, end, still_open = snapshot.split(":")
        self._end = int(end)
        self._open = [int(one) for one in still_open.split(",") if one]

    def close(self) -> None:
        self._connection.close()
