"""No screen asks the database more often because there is more in it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from tests.cast import Scene
from wiki.db import at
from wiki.pages.merging import Text
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.secrets import Override
from wiki.pages.saving.submit import submit
from wiki.spaces.queries import see_space


@contextmanager
def counted(wiki: Scene) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN")):
            statements.append(statement)

    # On PostgreSQL the reader is the writer's engine with another option.
    engines = [wiki.database.writer]
    if wiki.database.is_sqlite:
        engines.append(wiki.database.reader)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield statements
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


SCREENS = (
    "/",
    "/eng/",
    "/eng/a/b",
    "/eng/a/b?revision=1",
    "/eng/a/b/-/edit",
    "/eng/a/b/-/move",
    "/eng/a/b/-/delete",
    "/eng/a/b/-/backlinks",
    "/eng/a/b/-/history",
    "/eng/a/b/-/blame",
    "/eng/-/changes",
    "/-/changes",
    "/eng/-/tree",
    "/-/spaces",
    "/-/spaces/menu?pages=1,2",
    "/eng/-/members",
    "/eng/a/nothing",
    "/eng/-/changes?on=2026-01-31",
    "/-/changes?on=2026-01-31",
    "/eng/-/calendar",
    "/eng/-/tags",
    "/eng/-/tags?sort=pages",
    "/eng/-/tags/rota",
    "/eng/-/rename-tag?tag=rota&to=duty",
    "/eng/-/pages",
    "/eng/-/pages?tag=rota&author=eve&sort=title",
    "/-/tags",
    "/-/tags/rota",
    "/-/pages",
    "/eng/-/findings",
    "/eng/-/scanning",
    "/eng/-/redactions",
)


def test_no_query_count_grows_with_the_data(wiki: Scene) -> None:
    wiki.alone()
    wiki.write("a", "x", tags=("rota", "duty"))
    wiki.write("a/b", "[one](c1.md)")
    wiki.write("a/b", "[one](c1.md) again")
    wiki.write("a/b/d", "x")
    with at(datetime(2026, 1, 31, tzinfo=UTC)):
        wiki.write("old", "x")
    hold_secret(wiki, "keys")
    wiki.deliver()
    before = counts(wiki)
    for number in range(12):
        hold_secret(wiki, f"keys{number}")
        wiki.write(f"a/c{number}", "[b](b.md)")
        wiki.write(f"a/b/d{number}", "[b](../b.md)")
        wiki.write(f"top{number}", "[b](a/b.md)", tags=("rota", f"number {number}"))
        with at(datetime(2026, 1, 31, number, tzinfo=UTC)):
            wiki.write("old", f"x {number}", by="ben" if number % 2 else "eve")
        wiki.write("a/b", " ".join(f"[x](c{n}.md) [y](no{n}.md)" for n in range(number)))
    wiki.deliver()
    assert counts(wiki) == before
    assert max(before.values()) < 16


def hold_secret(wiki: Scene, path: str) -> None:
    with wiki.database.write() as session:
        seen = see_space(session, wiki.actor("eve"), "eng")
        text = Text(path, f"{path} AKIA" + "Y34FZKBOKMUTVV7Q")
        submit(
            session, seen.actor, Edit(NewPage(seen.space, path), text, override=Override("meant"))
        )


def counts(wiki: Scene) -> dict[str, int]:
    found = {}
    wiki.get("eve", "/-/me")  # finds out who Eve is
    wiki.get("eve", "/eng/-/settings")  # and how many requests wait for her
    for url in SCREENS:
        with counted(wiki) as statements:
            assert wiki.get("eve", url).status_code in (200, 404), url
        found[url] = len(statements)
    return found


@pytest.mark.parametrize("who", ["nobody", "eve"])
@pytest.mark.every_database
def test_a_page_seen_before_asks_the_database_nothing(wiki: Scene, who: str) -> None:
    wiki.alone()
    wiki.write("plan", "words", space="open")
    for _ in range(2):  # the first view may give the browser its CSRF token
        wiki.get(who, "/open/plan")
    with counted(wiki) as statements:
        wiki.get(who, "/open/plan")
    assert statements == []


def test_kinds_of_links_are_no_parameters_which_sqlite_would_plan_statements_for(
    wiki: Scene,
) -> None:
    wiki.write("a", "x")
    with counted(wiki) as seen:
        wiki.write("b", "[one](a.md) [two](gone.md) [three](#gone) ![four](gone.png)")
        assert wiki.get("eve", "/eng/b").status_code == 200
    assert any("page_links.kind = " in statement for statement in seen)
    assert not [one for one in seen if re.search(r"page_links\.kind !?= [^']", one)]
