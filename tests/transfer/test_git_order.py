"""The order of pages in repositories that the wiki writes and reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.cast import Scene
from tests.transfer.gits import git, log, text
from tests.transfer.test_importing import order_of
from wiki.pages.access.restrictions import AccessList, restrict
from wiki.rules.access import May
from wiki.spaces.queries import see_space
from wiki.transfer.git.histories import HistoryImport
from wiki.transfer.git.history import History
from wiki.transfer.git.mirroring import export_to_git
from wiki.transfer.kept_order import ORDER_FILE, restore_order
from wiki.transfer.kept_space import SPACE_FILE

pytestmark = pytest.mark.git


def export(wiki: Scene, folder: Path, by: str = "eve") -> int:
    with wiki.database.read() as session:
        space = see_space(session, wiki.actor(by), "eng").space
        return export_to_git(session, wiki.actor(by), wiki.settings, space, folder).commits


def bring(wiki: Scene, folder: Path, space: str) -> None:
    with wiki.database.read() as session:
        space_id = see_space(session, wiki.actor("eve"), space).space.id
    history = History(folder)
    try:
        HistoryImport(wiki.database, wiki.settings, wiki.actor("eve"), space_id, history).run()
    finally:
        history.close()


def put_first(wiki: Scene, path: str, space: str = "eng") -> None:
    parent, _, name = path.rpartition("/")
    form = {"parent": parent, "name": name, "position": "first"}
    assert wiki.post("eve", f"/{space}/{path}/-/move", **form).status_code in (302, 303)


def test_the_order_goes_into_the_repository_and_back_with_every_change(
    wiki: Scene, tmp_path: Path
) -> None:
    target = tmp_path / "eng.git"
    for path in ("a", "b", "c", "a/x", "a/y"):
        wiki.write(path, f"# {path}\n")
    assert export(wiki, target) == 5  # no order, no file
    put_first(wiki, "c")
    put_first(wiki, "a/y")
    assert export(wiki, target) == 1
    assert export(wiki, target) == 0
    newest = log(target)[-1]
    assert (newest.trailers["Wiki-Action"], newest.message) == ("order", "")
    assert json.loads(text(target, ORDER_FILE)) == {"": ["c"], "a": ["y"]}
    bring(wiki, target, "lab")
    assert order_of(wiki, "lab") == ["c", "a", "b"]
    assert order_of(wiki, "lab", "a") == ["a/y", "a/x"]

    put_first(wiki, "b")
    wiki.write("a", "# A\n\nMore.\n")
    assert export(wiki, target) == 2
    put_first(wiki, "a", space="lab")
    bring(wiki, target, "lab")
    assert order_of(wiki, "lab") == ["b", "c", "a"]


def test_an_import_without_a_new_order_keeps_the_one_given_in_the_wiki(
    wiki: Scene, tmp_path: Path
) -> None:
    target = tmp_path / "eng.git"
    wiki.write("a", "A.")
    wiki.write("b", "B.")
    put_first(wiki, "b")
    put_first(wiki, "a")
    export(wiki, target)
    bring(wiki, target, "lab")
    put_first(wiki, "b", space="lab")
    wiki.write("a", "A, again.")
    export(wiki, target)
    bring(wiki, target, "lab")
    assert order_of(wiki, "lab") == ["b", "a"]
    assert wiki.page("a", space="lab").head > 1


def test_the_name_and_look_of_a_space_go_into_the_repository_and_back(
    wiki: Scene, tmp_path: Path
) -> None:
    target = tmp_path / "eng.git"
    wiki.write("a", "A.")
    export(wiki, target)
    values = {"visibility": "internal", "member_role": "reader", "description": "How we work."}
    look = {"title": "Ship yard", "icon": "rocket", "color": "teal"}
    assert wiki.post("eve", "/eng/-/settings", **values, **look).status_code == 303
    assert export(wiki, target) == 1
    assert export(wiki, target) == 0
    newest = log(target)[-1]
    assert newest.trailers["Wiki-Action"] == "space"
    assert newest.author.startswith("Eve")
    kept = json.loads(text(target, SPACE_FILE))
    assert kept == {**look, "description": "How we work."}
    wiki.post("eve", "/-/spaces/new", slug="yard", title="Yard", color="red", **values)
    bring(wiki, target, "yard")
    with wiki.database.read() as session:
        space = see_space(session, wiki.actor("eve"), "yard").space
        assert (space.title, space.icon, space.colour) == ("Ship yard", "rocket", "red")


def test_an_order_names_only_what_its_reader_may_read(wiki: Scene, tmp_path: Path) -> None:
    wiki.write("a", "A.")
    wiki.write("secret", "S.")
    put_first(wiki, "secret")
    put_first(wiki, "a")
    with wiki.database.write() as session:
        nobody_else = AccessList(May.READ, (), ())
        restrict(session, wiki.actor("eve"), wiki.page("secret").id, nobody_else)
    export(wiki, tmp_path / "cai.git", by="cai")
    assert json.loads(text(tmp_path / "cai.git", ORDER_FILE)) == {"": ["a"]}
    assert "secret" not in git(tmp_path / "cai.git", "log", "-p", "main")


def test_a_reversed_order_is_restored_with_a_fixed_number_of_statements(wiki: Scene) -> None:
    def statements(count: int, under: str) -> int:
        keys = [f"{under}/{number:03}" for number in range(count)]
        for key in keys:
            wiki.write(key, "x")
        seen: list[str] = []
        listen = lambda *sent: seen.append(sent[2])  # noqa: E731
        with wiki.database.write() as session:
            space = see_space(session, wiki.actor("eve"), "eng").space
            restore_order(session, wiki.actor("eve"), space, {under: keys})
            event.listen(session.get_bind(), "before_cursor_execute", listen)
            try:
                restore_order(session, wiki.actor("eve"), space, {under: keys[::-1]})
            finally:
                event.remove(session.get_bind(), "before_cursor_execute", listen)
        assert order_of(wiki, "eng", under) == keys[::-1]
        return len(seen)

    assert statements(12, "many") <= statements(3, "few") + 1
