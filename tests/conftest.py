"""Fixtures: a database of each kind, the app on it, and the cast that every test knows."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from hypothesis import settings as property_tests
from itsdangerous import TimestampSigner
from jinja2 import FileSystemBytecodeCache
from psycopg import sql
from sqlalchemy import make_url
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from tests.cast import PASSWORD, Scene
from tests.surroundings import (  # noqa: F401 pytest finds them by name
    chromium,
    corpus,
    postgres_url,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_generate_tests,
    pytest_sessionfinish,
    pytest_terminal_summary,
)
from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.db import Database
from wiki.migrate import migrate
from wiki.pages import texts
from wiki.people import actions

KEY = "a key that is only good for testing"

# A busy machine is no reason to fail.
property_tests.register_profile("wiki", deadline=None)
property_tests.load_profile("wiki")


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


@pytest.fixture(scope="session")
def password_hash(slow_hasher: PasswordHasher) -> str:
    """That of everybody's password."""
    return actions.hash_password(PASSWORD)


@pytest.fixture(scope="session")
def empty(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a migrated database without rows, to be copied by each test."""
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


@pytest.fixture
def settings(backend: str, empty: str, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a fresh wiki with a migrated database of its own."""
    data = tmp_path / "data"
    data.mkdir()
    if backend == "sqlite":
        shutil.copyfile(make_url(empty).database or "", data / "wiki.db")
        yield Settings(data_dir=data, secret_key=KEY)
        return
    with _postgres(template=make_url(empty).database) as url:
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


@pytest.fixture
def wiki(
    settings: Settings,
    database: Database,
    password_hash: str,
    compiled: FileSystemBytecodeCache,
) -> Scene:
    """The app with the cast in it."""
    app = create_app(settings, database)
    app.jinja_env.bytecode_cache = compiled
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
    return Scene(app, settings, database, password_hash)


class _postgres:
    """A PostgreSQL database that lives as long as the block."""

    def __init__(self, template: str | None = None) -> None:
        self.template = template or "template0"
        self.server = make_url(postgres_url())
        self.name = f"wiki_test_{uuid.uuid4().hex[:12]}"

    def _run(self, statement: str, *names: str) -> None:
        plain = self.server.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def __enter__(self) -> str:
        self._run("CREATE DATABASE {} TEMPLATE {} ", self.name, self.template)
        return self.server.set(database=self.name).render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)", self.name)


@pytest.fixture
def nothing_recent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every reading of a text goes to the database."""
    monkeypatch.setattr(texts, "_recent", texts._Recent(0))
