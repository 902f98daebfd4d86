"""The databases of tests: prepared once in a process, and given to each test as they began."""

from __future__ import annotations

import shutil
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import event, make_url
from sqlalchemy.engine import Dialect

from tests.cast import move_in
from tests.surroundings import postgres_url
from wiki.app import open_database
from wiki.config import Settings
from wiki.db import Base, Engines, open_engines
from wiki.migrate import migrate

KEY = "a key that is only good for testing"


class Databases(ABC):
    """Gives each test a migrated database: with the cast in it, or without rows.

    They are all reached through the same engines, which connect to the database of the current
    test. So statements are compiled once in a process.
    """

    def __init__(self, password_hash: str) -> None:
        self.empty = self._template()
        database = open_database(Settings(database_url=self.empty, secret_key=KEY))
        migrate(database)
        database.dispose()
        self.cast = self._template(of=self.empty)
        database = open_database(Settings(database_url=self.cast, secret_key=KEY))
        self.people = move_in(database, password_hash)
        database.dispose()
        self._engines = open_engines(self.empty)
        self._url = self.empty
        for dialect in {engine.dialect for engine in self._engines}:
            event.listen(dialect, "do_connect", self._connect_to_current)

    def _connect_to_current(
        self, dialect: Dialect, _record: object, args: list[Any], options: dict[str, Any]
    ) -> None:
        args[:], own = dialect.create_connect_args(make_url(self._url))
        options.update(own)

    @contextmanager
    def for_a_test(self, begin: str, data: Path) -> Iterator[Settings]:
        """Yield settings with a database of the test's own, a copy of the template ``begin``."""
        with self._copy(begin, data) as settings:
            self._url = settings.url
            yield settings

    def for_several_tests(self, begin: str, data: Path) -> Settings:
        """Return settings with a copy of the template ``begin`` that stays as tests leave it."""
        url = self._template(of=getattr(self, begin))
        return Settings(data_dir=data, secret_key=KEY, database_url=url)

    def engines(self) -> Engines:
        """Return the engines for one test, with which end the events that it listens to."""
        writer, reader = (engine.execution_options() for engine in self._engines)
        if writer.dialect.name == "postgresql":
            # As in the app, so that what listens to the writer hears reads too.
            reader = writer.execution_options(postgresql_readonly=True)
        return Engines(writer, reader)

    @abstractmethod
    def _template(self, of: str = "") -> str:
        """Make a database without tables, or a copy of another one; return its URL."""

    @abstractmethod
    def _copy(self, begin: str, data: Path) -> AbstractContextManager[Settings]: ...


class SqliteDatabases(Databases):
    """Databases of SQLite: a file in each test's data folder.

    :param folder: the folder for the templates.
    """

    def __init__(self, password_hash: str, folder: Path) -> None:
        self.folder = folder
        super().__init__(password_hash)

    def _template(self, of: str = "") -> str:
        path = self.folder / f"{uuid.uuid4().hex}.db"
        if of:
            shutil.copyfile(make_url(of).database or "", path)
        return f"sqlite:///{path}"

    @contextmanager
    def _copy(self, begin: str, data: Path) -> Iterator[Settings]:
        template = make_url(getattr(self, begin)).database or ""
        shutil.copyfile(template, data / "wiki.db")
        yield Settings(data_dir=data, secret_key=KEY)


class PostgresDatabases(Databases):
    """Databases of PostgreSQL, each of which is used again and again."""

    def __init__(self, password_hash: str) -> None:
        self.made = ExitStack()
        self.reused: dict[str, _Reused] = {}
        super().__init__(password_hash)

    def _template(self, of: str = "") -> str:
        return self.made.enter_context(_Created(make_url(of).database if of else None))

    @contextmanager
    def _copy(self, begin: str, data: Path) -> Iterator[Settings]:
        if begin not in self.reused:
            template = make_url(getattr(self, begin)).database or ""
            self.reused[begin] = self.made.enter_context(_Reused(template))
        with self.reused[begin].for_a_test() as url:
            yield Settings(data_dir=data, secret_key=KEY, database_url=url)

    def __enter__(self) -> PostgresDatabases:
        return self

    def __exit__(self, *_: object) -> None:
        self.made.close()


class _Created:
    """A PostgreSQL database that lives as long as the block."""

    def __init__(self, template: str | None = None) -> None:
        self.template = template or "template0"
        self.server = make_url(postgres_url())
        self.name = f"wiki_test_{uuid.uuid4().hex[:12]}"

    def connect(self, database: str | None = None) -> psycopg.Connection[Any]:
        """Connect to the server, or to a database of it; each statement is its own transaction."""
        url = self.server.set(drivername="postgresql")
        url = url.set(database=database) if database else url
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def _run(self, statement: str, *names: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def __enter__(self) -> str:
        self._run("CREATE DATABASE {} TEMPLATE {} ", self.name, self.template)
        return self.server.set(database=self.name).render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)", self.name)


def created_database() -> AbstractContextManager[str]:
    """Return an empty PostgreSQL database that lives as long as the block, which gets its URL."""
    return _Created()


class _Reused:
    """A PostgreSQL database that one test after the other has for itself. Afterwards its rows are
    replaced by the first ones, which takes a tenth of the time that a new database does. If a test
    has changed more than rows, the next one gets a new database.
    """

    _TABLES = (
        "SELECT count(*), sum(xmin::text::bigint), (SELECT count(*) FROM pg_trigger) FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace"
    )
    _OTHERS = (
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    _COUNTED = (
        "SELECT format('%I.%I', schemaname, sequencename), start_value, last_value"
        " FROM pg_sequences WHERE last_value IS NOT NULL"
    )

    def __init__(self, template: str) -> None:
        self.template = template
        self.created: _Created | None = None

    def __enter__(self) -> _Reused:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    @contextmanager
    def for_a_test(self) -> Iterator[str]:
        """Yield the URL of the database, which has its first rows."""
        if self.created is None:
            self.created = _Created(self.template)
            self.url = self.created.__enter__()
            self.ours = self.created.connect(self.created.name)
            self.tables = self.ours.execute(self._TABLES).fetchone()
            self.first = {name: self._rows(name) for name in self._filled()}
            self.counted = {name: last for name, _, last in self._sequences()}
        yield self.url
        try:
            self.ours.execute(self._OTHERS)
            if self.ours.execute(self._TABLES).fetchone() == self.tables:
                self._put_back()
            else:
                self._drop()
        except psycopg.Error:
            self._drop()

    def _put_back(self) -> None:
        for name in reversed(self._filled()):
            self.ours.execute(f"DELETE FROM {name}")
        for name, rows in self.first.items():
            with self.ours.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                copy.write(rows)
        changed = [
            f"setval('{name}', {self.counted.get(name, start)}, {name in self.counted})"
            for name, start, last in self._sequences()
            if last != self.counted.get(name)
        ]
        if changed:
            self.ours.execute(f"SELECT {', '.join(changed)}")

    def _sequences(self) -> list[tuple[str, int, int]]:
        """Return the sequences that were used: name, first and last value."""
        return self.ours.execute(self._COUNTED).fetchall()

    def _filled(self) -> list[str]:
        """Return the tables with rows, those before others that refer to them."""
        names = [table.name for table in Base.metadata.sorted_tables]
        among = (
            f"SELECT {number} WHERE EXISTS (SELECT FROM {name})"
            for number, name in enumerate(names)
        )
        found = self.ours.execute(" UNION ALL ".join(among)).fetchall()
        return [names[number] for (number,) in sorted(found)]

    def _rows(self, name: str) -> bytes:
        with self.ours.cursor().copy(f"COPY {name} TO STDOUT") as copy:
            return b"".join(copy)

    def _drop(self) -> None:
        if self.created is not None:
            self.ours.close()
            self.created.__exit__()
            self.created = None
