"""The engines of search, each empty at the beginning of a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import created_database
from tests.search.sample import source
from tests.surroundings import databases
from wiki.db import Database
from wiki.search.engine import Engine
from wiki.search.postgresql.adapter import PostgresEngine
from wiki.search.whoosh.adapter import WhooshEngine


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine_name" in metafunc.fixturenames:
        postgres = "postgres" in databases(metafunc.config)
        names = ["whoosh", "postgresql"] if postgres else ["whoosh"]
        metafunc.parametrize("engine_name", names, scope="session")


@pytest.fixture(scope="session")
def held_engine(engine_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that keeps what tests leave in it."""
    if engine_name == "whoosh":
        yield WhooshEngine(tmp_path_factory.mktemp("index"))
        return
    with created_database() as url:
        database = Database(url, {})
        yield PostgresEngine(database)
        database.dispose()


@pytest.fixture
def engine(held_engine: Engine) -> Engine:
    """An engine with an empty index."""
    held_engine.rebuild(*source([]))
    return held_engine
