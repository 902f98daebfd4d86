"""The wiki with one more kind of page, declared in the folder ``decision``."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader

from tests.cast import Scene
from tests.kinds.decision.kind import DECISION
from wiki.kind_registry import forget, register


@pytest.fixture
def decisions(wiki: Scene) -> Iterator[Scene]:
    """The cast in a wiki that knows decisions."""
    register(DECISION)
    own = FileSystemLoader(Path(__file__).parent)
    loader = wiki.app.jinja_env.loader
    assert loader is not None
    wiki.app.jinja_env.loader = ChoiceLoader([loader, own])
    assert DECISION.projection is not None
    with wiki.database.write() as session:
        DECISION.projection.table.create(session.connection())
    yield wiki
    wiki.app.jinja_env.loader = loader
    forget(DECISION)
    with wiki.database.write() as session:
        DECISION.projection.table.drop(session.connection())
