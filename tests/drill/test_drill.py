"""The leak drill finds nothing in the wiki as it is, and something as soon as any gate is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, true

from tests.statements import forget_statements
from tests.surroundings import thorough
from wiki.api import changes as changes_feed
from wiki.app import create_app, open_database
from wiki.attachments import queries as files
from wiki.audit import queries as audit
from wiki.canary import World
from wiki.config import Settings
from wiki.drill.canaries import lay_out
from wiki.drill.crawl import Drill
from wiki.history import recent
from wiki.migrate import migrate
from wiki.pages import below, tree
from wiki.pages.rendering import including
from wiki.rules.access import ANONYMOUS, Decision
from wiki.search import scope as search
from wiki.sharing import queries as shared
from wiki.sharing import shown
from wiki.spaces import gate
from wiki.spaces import queries as spaces
from wiki.spaces.models import Membership
from wiki.tags import lists as page_lists
from wiki.tags import queries as tags


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A scratch wiki with its canaries, on SQLite as the command has it."""
    folder: Path = tmp_path_factory.mktemp("drill")
    settings = Settings(data_dir=folder, secret_key="d" * 40)
    database = open_database(settings)
    migrate(database)
    app = create_app(settings, database)
    app.config.update(WTF_CSRF_ENABLED=False)
    yield lay_out(app, database, settings)
    database.dispose()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, world: World) -> Iterator[Callable[..., None]]:
    """Takes a gate out, for this test."""

    def run(where: object, name: str, instead: object) -> None:
        monkeypatch.setattr(where, name, instead)
        forget_statements()

    yield run
    monkeypatch.undo()
    forget_statements()


@pytest.mark.thorough
def test_nothing_leaks_and_every_route_is_asked(world: World) -> None:
    report = Drill(world).run()
    assert [str(leak) for leak in report.leaks] == []
    assert [str(leak) for leak in report.differences] == []
    assert report.unasked == {}
    assert report.unseen == []
    assert report.changed == []
    assert report.clean
    assert report.requests > 10_000


def test_roles_that_two_people_swap_are_a_change_of_roles(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap() -> None:
        with world.database.write() as session:
            values = select(Membership.space_id, Membership.person_id, Membership.role)
            rows = [dict(row) for row in session.execute(values).mappings()]
            one, other = next(
                (one, other)
                for one, other in combinations(rows, 2)
                if one["space_id"] == other["space_id"] and one["role"] != other["role"]
            )
            one["person_id"], other["person_id"] = other["person_id"], one["person_id"]
            session.execute(delete(Membership))  # so that the order of roles stays
            session.execute(insert(Membership), rows)

    monkeypatch.setattr(Drill, "_ask_rule", lambda *_: None)
    try:
        report = Drill(world).run(lambda done, _: swap() if done == 1 else None)
        assert report.changed == ["roles"]
    finally:
        swap()  # back


def everything(*_: object, **__: object) -> object:
    return true()


def everywhere(_: object) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(below, "live_for", everything)
        patch.setattr(below, "stands_in", everything)
        return below.pages_at(ANONYMOUS)


GATES = {
    "the rule itself": (spaces, "decide", lambda *_: Decision(True, ""), {"pages.read"}),
    "lists of spaces": (spaces, "readable_by", everything, {"spaces.index"}),
    "restrictions in SQL": (gate, "fails", lambda *_: ~true(), {"tags.pages", "api.list_pages"}),
    "the tree": (tree, "shown_in_space", everything, {"trees.tree"}),
    "folders": (tree, "holds_page", everything, {"trees.tree"}),
    "search": (search, "hidden_pages", lambda *_: frozenset(), {"search.results"}),
    "the feed of changes": (changes_feed, "unhidden_from", everything, {"api.list_changes"}),
    "recent changes": (recent, "readable_by", everything, {"history.changes_of_space"}),
    "lists of pages": (page_lists, "live_for", everything, {"tags.pages_of_space"}),
    "tags": (tags, "_readable", lambda *_: [], {"tags.tags", "tags.tag"}),
    "names in the audit": (audit, "readable_by", everything, {"audit.audit"}),
    "includes": (including, "pages_at", everywhere, {"pages.read"}),
    "what a link shows": (shown, "shareable_by", everything, {"shared.read"}),
    "labels and links": (shown, "is_up_to", everything, {"shared.read"}),
    "the end of a link": (shared.LinkSeen, "is_live", True, {"shared.read"}),
    "files": (files, "live_for", everything, {"attachments.files", "attachments.read"}),
}  # fmt: skip


@pytest.mark.parametrize("gate", [*list(GATES)[:4], *thorough(*list(GATES)[4:])])
def test_a_gate_that_is_open_is_found(world: World, opened: Callable[..., None], gate: str) -> None:
    where, name, instead, only = GATES[gate]
    opened(where, name, instead)
    report = Drill(world, only=only, until_first=True).run()
    assert report.leaks or report.differences
