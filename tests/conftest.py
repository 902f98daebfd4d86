"""Fixtures: a database of each kind, the app on it, and the cast that every test knows."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from itsdangerous import TimestampSigner
from jinja2 import FileSystemBytecodeCache
from psycopg import sql
from sqlalchemy import make_url
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Map, Rule, RuleFactory

from tests.cast import PASSWORD, Scene
from tests.surroundings import (  # noqa: F401 pytest finds them by name
    chromium,
    corpus,
    postgres_url,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_generate_tests,
    pytest_sessionfinish,
    pytest_terminal_summary,
)
from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.db import Base, Database
from wiki.migrate import migrate
from wiki.pages import texts
from wiki.pages.rendering import stored as rendering
from wiki.people import actions

KEY = "a key that is only good for testing"


@pytest.fixture(scope="session", autouse=True)
def slow_hasher() -> Iterator[PasswordHasher]:
    """Hash passwords without the effort that keeps them safe; gives the hasher that makes it."""
    slow = actions._hasher
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(actions, "_hasher", quick)
        patch.setattr(actions, "_NOBODY", quick.hash("nobody has this password"))
        yield slow


@pytest.fixture(scope="session", autouse=True)
def same_second() -> Iterator[None]:
    """Sign all CSRF tokens in one second, so that equal screens have equal bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda _: 1_700_000_000)
        yield


@pytest.fixture(scope="session", autouse=True)
def routes_built_once() -> Iterator[None]:
    """Compile what builds the address of a route once, though each test has an app of its own."""
    compile_builder = Rule._compile_builder
    built: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (rule.rule, str(rule.defaults), append_unknown)
        if key not in built:
            built[key] = compile_builder(rule, append_unknown)
        return built[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compiled)
        yield


@pytest.fixture(scope="session", autouse=True)
def done_afterwards() -> Iterator[None]:
    """Let a page that was saved in the browser be rendered before a test goes on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "AFTERWARDS", 60.0)
        yield


@pytest.fixture(scope="session")
def password_hash(slow_hasher: PasswordHasher) -> str:
    """That of everybody's password."""
    return actions.hash_password(PASSWORD)


@pytest.fixture(scope="session")
def empty(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a migrated database without rows: on SQLite to be copied by each test, on
    PostgreSQL to be left empty by each."""
    if backend == "sqlite":
        path = tmp_path_factory.mktemp("empty") / "wiki.db"
        url = f"sqlite:///{path}"
        database = open_database(Settings(database_url=url, secret_key=KEY))
        migrate(database)
        database.dispose()
        yield url
        return
    with _postgres() as url:
        database = open_database(Settings(database_url=url, secret_key=KEY))
        migrate(database)
        database.dispose()
        yield url


@pytest.fixture(scope="session")
def servers(backend: str, empty: str) -> Iterator[_Reused | None]:
    """What gives each test an empty database on PostgreSQL, where making one takes long."""
    if backend == "sqlite":
        yield None
        return
    with _Reused(make_url(empty).database or "") as reused:
        yield reused


@pytest.fixture
def settings(empty: str, servers: _Reused | None, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a fresh wiki with a migrated database of its own."""
    data = tmp_path / "data"
    data.mkdir()
    if servers is None:
        shutil.copyfile(make_url(empty).database or "", data / "wiki.db")
        yield Settings(data_dir=data, secret_key=KEY)
        return
    with servers.for_a_test() as url:
        yield Settings(data_dir=data, secret_key=KEY, database_url=url)


@pytest.fixture(scope="session")
def statements() -> Iterator[LRUCache[Any, Any]]:
    """The statements that were compiled: each test has engines of its own, but none of them
    speaks another SQL than the last one of its kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DefaultDialect, "__hash__", lambda self: hash(type(self)))
        patch.setattr(DefaultDialect, "__eq__", lambda self, other: type(self) is type(other))
        yield LRUCache(2000)


@pytest.fixture
def database(settings: Settings, statements: LRUCache[Any, Any]) -> Iterator[Database]:
    """A migrated database without rows."""
    opened = open_database(settings)
    for engine in (opened.reader, opened.writer):
        engine.update_execution_options(compiled_cache=statements)
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Where the compiled templates are kept: the app of each test needs the same ones."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


class _Unmade(Map):
    """Takes routes that are in another map already."""

    def add(self, rulefactory: RuleFactory) -> None:
        """Leave it out."""


@pytest.fixture(scope="session")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Map:
    """The routes, which are the same in each test's app and take longest to make of it."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("routes"), secret_key=KEY)
    return create_app(settings, open_database(settings)).url_map


@pytest.fixture
def wiki(
    settings: Settings,
    database: Database,
    password_hash: str,
    compiled: FileSystemBytecodeCache,
    routes: Map,
) -> Scene:
    """The app with the cast in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "url_map_class", _Unmade)
        app = create_app(settings, database)
    app.url_map = routes
    app.jinja_env.bytecode_cache = compiled
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
    scene = Scene(app, settings, database, password_hash)
    if not database.is_sqlite:
        scene.alone()
    return scene


class _postgres:
    """A PostgreSQL database that lives as long as the block."""

    def __init__(self, template: str | None = None) -> None:
        self.template = template or "template0"
        self.server = make_url(postgres_url())
        self.name = f"wiki_test_{uuid.uuid4().hex[:12]}"

    def connect(self, database: str | None = None) -> psycopg.Connection[Any]:
        """To the server, or to a database of it; each statement is its own transaction."""
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


class _Reused:
    """A PostgreSQL database that one test after the other has for itself: afterwards its rows are
    taken out, which takes a tenth of the time that a new database does. Where a test has changed
    more than rows there is a new one for the next.
    """

    _TABLES = (
        "SELECT count(*), sum(xmin::text::bigint) FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace"
    )
    _OTHERS = (
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    _COUNTED = (
        "SELECT count(setval(format('%I.%I', schemaname, sequencename)::regclass, start_value,"
        " false)) FROM pg_sequences WHERE last_value IS NOT NULL"
    )

    def __init__(self, template: str) -> None:
        self.template = template
        self.made: _postgres | None = None

    def __enter__(self) -> _Reused:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    @contextmanager
    def for_a_test(self) -> Iterator[str]:
        """The URL of an empty one."""
        if self.made is None:
            self.made = _postgres(self.template)
            self.url = self.made.__enter__()
            self.ours = self.made.connect(self.made.name)
            self.tables = self.ours.execute(self._TABLES).fetchone()
            self.first = {name: self._rows(name) for name in self._filled()}
        yield self.url
        try:
            self.ours.execute(self._OTHERS)
            if self.ours.execute(self._TABLES).fetchone() == self.tables:
                self._empty()
            else:
                self._drop()
        except psycopg.Error:
            self._drop()

    def _empty(self) -> None:
        for name in reversed(self._filled()):
            self.ours.execute(f"DELETE FROM {name}")
        for name, rows in self.first.items():
            with self.ours.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                copy.write(rows)
        self.ours.execute(self._COUNTED)

    def _filled(self) -> list[str]:
        """The tables with rows, those before others that refer to them."""
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
        if self.made is not None:
            self.ours.close()
            self.made.__exit__()
            self.made = None


@pytest.fixture
def nothing_recent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every reading of a text goes to the database."""
    monkeypatch.setattr(texts, "_recent", texts._Recent(0))
