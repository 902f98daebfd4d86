"""The order of pages with the same parent: it is kept, told, undone, and nothing about it leaks."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from tests.cast import Scene
from tests.surroundings import examples
from wiki.pages.access.restrictions import AccessList, restrict
from wiki.pages.actions import delete_page, restore_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.models import Page
from wiki.pages.ordering.actions import rearrange
from wiki.pages.ordering.checking import check_positions
from wiki.pages.tree import children_of
from wiki.rules.access import May
from wiki.spaces.queries import see_space
from wiki.text.positions import UNPLACED


def order(wiki: Scene, under: str = "", actor: str = "eve") -> list[str]:
    """The names of the pages below a path, as the tree shows them."""
    with wiki.database.read() as session:
        seen = see_space(session, wiki.actor(actor), "eng")
        nodes = children_of(session, seen, [under])[under].nodes
        return [node.path.rpartition("/")[2] for node in nodes]


def page_at(session: Session, path: str) -> Page:
    return session.scalars(select(Page).where(Page.path == path)).one()


def put(wiki: Scene, path: str, where: str, actor: str = "ben", under: str = "") -> object:
    """Send the form that moves a page, with a position such as `after:setup`."""
    side, _, beside = where.partition(":")
    if beside:
        with wiki.database.read() as session:
            beside = str(page_at(session, f"{under}/{beside}".strip("/")).id)
    place = f"{side}:{beside}".strip(":")
    name = path.rpartition("/")[2]
    sent = {"parent": under, "name": name, "space": "eng", "position": place, "subtree": "1"}
    return wiki.post("ben" if actor == "ben" else actor, f"/eng/{path}/-/move", **sent)


@pytest.fixture
def abc(wiki: Scene) -> Scene:
    for name in "abcd":
        wiki.write(f"{name}", f"# {name.upper()}\n")
    return wiki


def test_pages_stand_by_title_until_somebody_places_one(abc: Scene) -> None:
    assert order(abc) == ["a", "b", "c", "d"]
    assert put(abc, "d", "after:a").status_code == 303  # type: ignore[attr-defined]
    assert order(abc) == ["a", "d", "b", "c"]
    put(abc, "b", "first")
    assert order(abc) == ["b", "a", "d", "c"]
    put(abc, "b", "last")
    assert order(abc) == ["a", "d", "c", "b"]
    abc.write("aa", "# AA\n")
    assert order(abc) == ["a", "d", "c", "b", "aa"]


def test_the_history_tells_who_moved_it_from_where_to_where(abc: Scene) -> None:
    put(abc, "d", "after:a")
    shown = abc.get("cai", "/eng/d/-/history").text
    assert "Ben" in shown
    assert "moved the page from after “c” to before “b”" in shown
    assert "changed the position of" in abc.get("cai", "/eng/-/changes").text


def test_a_hidden_neighbour_is_named_to_nobody_who_may_not_read_it(abc: Scene) -> None:
    with abc.database.write() as session:
        restrict(session, abc.actor("eve"), page_at(session, "b").id, AccessList(May.READ, (), ()))
    put(abc, "d", "before:b", actor="eve")
    put(abc, "a", "last", actor="eve")
    put(abc, "a", "before:b", actor="eve")
    assert "“b”" in abc.get("eve", "/eng/a/-/history").text
    shown = abc.get("cai", "/eng/a/-/history").text
    assert "“b”" not in shown
    assert "“c”" in shown
    hidden = put(abc, "c", "after:b", actor="eve")
    refused = abc.post("ben", "/eng/d/-/move", parent="", name="d", position=f"after:{10**9}")
    with abc.database.read() as session:
        id = page_at(session, "b").id
    told = abc.post("ben", "/eng/d/-/move", parent="", name="d", position=f"after:{id}")
    assert hidden.status_code == 303  # type: ignore[attr-defined]
    assert (told.status_code, refused.status_code) == (422, 422)
    assert "isn’t at this level any more" in told.text
    assert "isn’t at this level any more" in refused.text


def event_of(wiki: Scene, path: str) -> str:
    found = re.findall(r"move/undo\?event=(\d+)", wiki.get("ben", f"/eng/{path}/-/history").text)
    return found[0]


def test_a_change_of_position_can_be_undone(abc: Scene) -> None:
    put(abc, "a", "after:c")
    assert order(abc) == ["b", "c", "a", "d"]
    put(abc, "d", "first")
    event = event_of(abc, "a")
    assert "former position" in abc.get("ben", f"/eng/a/-/move/undo?event={event}").text
    abc.post("ben", "/eng/a/-/move/undo", event=event)
    assert order(abc) == ["d", "a", "b", "c"]
    event = event_of(abc, "d")
    abc.post("ben", "/eng/d/-/move/undo", event=event)
    assert order(abc) == ["a", "b", "c", "d"]
    assert abc.post("cai", "/eng/d/-/move/undo", event=event).status_code == 403
    assert abc.post("ben", "/eng/a/-/move/undo", event=event).status_code == 404
    assert abc.post("ben", "/eng/a/-/move/undo", event="x").status_code == 404


def test_a_page_dropped_where_it_is_offers_no_undo_of_an_earlier_move(abc: Scene) -> None:
    before = f"before:{abc.page('a').id}"
    placed = abc.post("ben", "/eng/c/-/place", parent="", position=before).json
    assert placed["event"] > 0
    again = abc.post("ben", "/eng/c/-/place", parent="", position=before)
    assert (again.status_code, again.json["event"]) == (200, 0)


def test_a_move_elsewhere_can_be_undone_with_its_position(abc: Scene) -> None:
    abc.write("box", "# Box\n")
    put(abc, "b", "after:c")
    moved = abc.post("ben", "/eng/b/-/move", parent="box", name="bee", subtree="1", repair="1")
    assert moved.location == "/eng/box/bee"
    assert order(abc, "box") == ["bee"]
    event = event_of(abc, "box/bee")
    assert "/eng/b" in abc.get("ben", f"/eng/box/bee/-/move/undo?event={event}").text
    assert abc.post("ben", "/eng/box/bee/-/move/undo", event=event).location == "/eng/b"
    assert order(abc) == ["a", "box", "c", "b", "d"]
    again = abc.post("ben", "/eng/b/-/move/undo", event=event)
    assert again.status_code == 422
    assert "moved again since" in again.text


def test_one_submit_moves_renames_and_places(abc: Scene) -> None:
    abc.write("a/x", "# X\n")
    with abc.database.read() as session:
        beside = page_at(session, "a/x").id
    form = {
        "title": "New name",
        "title_before": "d",
        "parent": "a",
        "name": "",
        "position": f"before:{beside}",
    }
    assert abc.post("ben", "/eng/d/-/move", **form).location == "/eng/a/new-name"
    assert order(abc, "a") == ["new-name", "x"]
    assert "New name" in abc.get("cai", "/eng/a/new-name").text
    shown = abc.get("cai", "/eng/a/new-name/-/history").text
    assert "Renamed from “d” to “New name”" in shown
    assert "Moved from d to a/new-name" in shown


def test_nothing_happens_if_a_part_is_refused(abc: Scene) -> None:
    for wrong, field in (
        ({"title": " "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"name": "b"}, "name"),
        ({"name": "."}, "name"),
        ({"position": "after:x"}, "position"),
        ({"position": "after:9"}, "position"),
        ({"parent": "a/../b"}, "name"),
        ({}, "name"),
    ):
        form = {"title": "a", "title_before": "a", "parent": "", "name": "a", **wrong}
        form["title_before"] = "a"
        refused = abc.post("ben", "/eng/a/-/move", **form)
        assert refused.status_code == 422, wrong
        assert f'href="#{field}"' in refused.text, wrong
        assert order(abc) == ["a", "b", "c", "d"]
    assert abc.page("a").head == 1
    assert abc.post("cai", "/eng/a/-/move", parent="", name="z").status_code == 403


def test_a_title_that_somebody_else_changed_meanwhile_stays(abc: Scene) -> None:
    form = {"title": "a", "title_before": "a", "parent": "", "name": "a", "position": "last"}
    abc.write("a", "x", title="Other")
    abc.post("ben", "/eng/a/-/move", **form)
    assert abc.page("a").title == "Other"


def test_the_home_page_is_renamed_but_not_moved(wiki: Scene) -> None:
    wiki.write("", "# Home\n")
    shown = wiki.get("ben", "/eng/-/move").text
    assert 'name="parent"' not in shown
    form = {"title": "Welcome", "title_before": "eng"}
    assert wiki.post("ben", "/eng/-/move", **form).location == "/eng/"
    assert wiki.page("").title == "Welcome"
    assert wiki.post("ben", "/eng/-/move", position="first").status_code == 422


def test_a_deleted_page_comes_back_to_its_place(abc: Scene) -> None:
    put(abc, "a", "after:c")
    with abc.database.write() as session:
        id = page_at(session, "a").id
        delete_page(session, abc.actor("ben"), id)
    put(abc, "d", "first")
    put(abc, "b", "last")
    with abc.database.write() as session:
        restore_page(session, abc.actor("ben"), id)
    assert order(abc) == ["d", "c", "a", "b"]


@pytest.mark.every_database
def test_two_who_move_different_pages_both_win(abc: Scene) -> None:
    def move(path: str, spot: str, actor: str) -> None:
        with abc.database.write() as session:
            page = page_at(session, path)
            rearrange(session, abc.actor(actor), page.id, MoveTo(page.path, spot=spot))

    with ThreadPoolExecutor(2) as pool:
        for _ in range(5):
            done = [
                pool.submit(move, "a", "last", "ben"),
                pool.submit(move, "d", "first", "eve"),
            ]
            for one in done:
                one.result()
            assert order(abc) == ["d", "b", "c", "a"]
            done = [
                pool.submit(move, "d", "last", "ben"),
                pool.submit(move, "a", "first", "eve"),
            ]
            for one in done:
                one.result()
            assert order(abc) == ["a", "b", "c", "d"]


@pytest.mark.every_database
def test_of_two_who_move_the_same_page_the_last_wins_and_both_are_told(abc: Scene) -> None:
    def move(spot: str, actor: str) -> None:
        with abc.database.write() as session:
            page = page_at(session, "b")
            rearrange(session, abc.actor(actor), page.id, MoveTo("b", spot=spot))

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(move, "last", "ben"), pool.submit(move, "first", "eve")]:
            one.result()
    assert order(abc) in (["b", "a", "c", "d"], ["a", "c", "d", "b"])
    shown = abc.get("cai", "/eng/b/-/history").text
    assert "Ben" in shown
    assert shown.count("moved the page") == 2


ONE_OF_FOUR = st.integers(0, 3)


@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.sampled_from(["before", "after", "end"]), st.integers(0, 3)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_sequence_of_moves_and_their_undoing_agrees_with_a_list(
    abc: Scene, moves: list[tuple[int, str, int]]
) -> None:
    with abc.database.write() as session:
        session.execute(update(Page).values(position=UNPLACED))
    model = ["a", "b", "c", "d"]
    for which, how, beside in moves:
        name, other = "abcd"[which], "abcd"[beside]
        before = list(model)
        with abc.database.write() as session:
            page, there = page_at(session, name), page_at(session, other)
            spot = "last" if how == "end" or name == other else f"{how}:{there.id}"
            done = rearrange(session, abc.actor("ben"), page.id, MoveTo(name, spot=spot))
        model.remove(name)
        at = model.index(other) + (how == "after") if spot != "last" else len(model)
        model.insert(at, name)
        assert order(abc) == model
        assert (done.placed is None) == (model == before)
        if done.placed is not None and which % 2:
            abc.post("ben", f"/eng/{name}/-/move/undo", event=done.event_id)
            model = before
            assert order(abc) == model


def test_equal_positions_are_told_apart_when_somebody_moves_a_page_between_them(abc: Scene) -> None:
    with abc.database.write() as session:
        session.execute(update(Page).where(Page.path != "").values(position="i"))
    put(abc, "d", "after:a")
    assert order(abc) == ["a", "d", "b", "c"]
    put(abc, "c", "after:a")
    assert order(abc) == ["a", "c", "d", "b"]


def test_invalid_positions_are_found_and_repaired(abc: Scene) -> None:
    with abc.database.write() as session:
        page_at(session, "a").position = "a0"
        page_at(session, "b").position = "k"
    found = list(check_positions(abc.database, lambda _done, _all: None))
    assert [one.sentence for one in found] == [
        "1 page has an invalid position among the pages with its parent."
    ]
    assert found[0].repair is not None
    found[0].repair()
    assert order(abc) == ["b", "a", "c", "d"]
    assert not list(check_positions(abc.database, lambda _done, _all: None))


def test_ten_thousand_pages_at_one_level_are_shown_in_parts(wiki: Scene) -> None:
    wiki.write("big", "# Big\n")
    with wiki.database.write() as session:
        columns = [
            c.name for c in Page.__table__.columns if c.name not in ("id", "path", "path_key")
        ]
        columns = [c for c in columns if c not in ("parent_key", "name_key", "title")]
        names = ", ".join(columns)
        is_sqlite = wiki.database.is_sqlite
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
        number = "printf('%05d', i)" if is_sqlite else "lpad(i::text, 5, '0')"
        session.execute(
            text(
                f"{numbers} INSERT INTO pages"
                f" (path, path_key, parent_key, name_key, title, {names})"
                f" SELECT 'big/p' || {number}, 'big/p' || {number}, 'big', 'p' || {number},"
                f" 'Page ' || {number}, {names} FROM n, pages WHERE path = 'big'"
            )
        )
    shown = wiki.get("cai", "/eng/big").text
    assert shown.count('data-path="big/p') == 100
    rest = re.search(r'href="(/eng/-/tree\?under=big&amp;after=\d+)"', shown)
    assert rest
    following = wiki.get("cai", rest[1].replace("&amp;", "&")).text.split("<main")[1]
    assert 'data-path="big/p00101"' in following
    assert 'data-path="big/p00100"' not in following
    assert "Page 00200" in following
    far = wiki.get("cai", "/eng/-/tree?under=big/p07000").text
    assert 'data-path="big/p07000"' in far
