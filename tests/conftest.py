"""Fixtures: a database of each kind, the app on it, and the cast that every test knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from itsdangerous import TimestampSigner

from tests.cast import PASSWORD, Scene
from tests.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.surroundings import (  # noqa: F401 pytest finds them by name
    chromium,
    corpus,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_generate_tests,
    pytest_sessionfinish,
    pytest_terminal_summary,
)
from wiki.app import connect, create_app, open_database
from wiki.config import POSTGRESQL, Settings
from wiki.db import Database
from wiki.pages.rendering import stored as rendering
from wiki.pages.texts import stored as texts
from wiki.pages.texts.stored import Recent
from wiki.people import passwords


@pytest.fixture(scope="session", autouse=True)
def slow_hasher() -> Iterator[PasswordHasher]:
    """Hash passwords without the effort that keeps them safe; gives the hasher that makes it."""
    slow = passwords._hasher
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", quick)
        patch.setattr(passwords, "_NOBODY", quick.hash("nobody has this password"))
        yield slow


@pytest.fixture(scope="session", autouse=True)
def same_second() -> Iterator[None]:
    """Sign all CSRF tokens in one second, so that equal screens have equal bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda _: 1_700_000_000)
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
    return passwords.hash_password(PASSWORD)


@pytest.fixture(scope="session")
def databases(
    backend: str, password_hash: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """The provider of a database for each test."""
    if backend == "sqlite":
        yield SqliteDatabases(password_hash, tmp_path_factory.mktemp("templates"))
        return
    with PostgresDatabases(password_hash) as databases:
        yield databases


@pytest.fixture
def settings(
    databases: Databases, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Settings]:
    """Settings of a wiki with a data folder and a database of its own. The cast is in it, unless
    the test is marked `empty_database`. One marked `search_in_database` searches PostgreSQL, if
    that is the database."""
    data = tmp_path / "data"
    data.mkdir()
    begin = "empty" if request.node.get_closest_marker("empty_database") else "cast"
    in_database = request.node.get_closest_marker("search_in_database")
    with databases.for_a_test(begin, data) as settings:
        if in_database and settings.database_url:
            settings = replace(settings, search_engine=POSTGRESQL)
        yield settings


@pytest.fixture
def database(settings: Settings, databases: Databases) -> Iterator[Database]:
    """The database of the settings."""
    opened = open_database(settings, databases.engines())
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def apps() -> dict[Settings, Flask]:
    """The apps of this process, by their settings without the location of the data."""
    return {}


@pytest.fixture
def wiki(
    settings: Settings, database: Database, databases: Databases, apps: dict[Settings, Flask]
) -> Scene:
    """The app with the cast in it. Tests share the app and nothing that it keeps in memory."""
    same = replace(settings, data_dir=Path(), database_url="")
    app = apps.get(same)
    if app is None:
        app = apps[same] = create_app(settings, database)
    else:
        connect(app, settings, database)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
    scene = Scene(app, settings, database, databases.people)
    if not database.is_sqlite:
        scene.alone()
    return scene


@pytest.fixture
def nothing_recent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every reading of a text goes to the database."""
    monkeypatch.setattr(texts, "_recent", Recent(0))
