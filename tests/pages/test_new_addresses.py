"""The place of a new page: an address made from its title, and a parent chosen from the tree."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Scene
from wiki.pages.access.restrictions import AccessList, restrict
from wiki.rules.access import May


def ask(wiki: Scene, verb: str, who: str = "ben", **sent: str) -> Any:
    answer = wiki.client(who).get(f"/eng/-/{verb}", query_string=sent)
    assert answer.status_code == 200
    return answer.json


def hide(wiki: Scene, path: str) -> None:
    with wiki.database.write() as session:
        nobody_else = AccessList(May.READ, (), ())
        restrict(session, wiki.actor("eve"), wiki.page(path).id, nobody_else)


def test_a_title_gives_the_address_and_a_second_one_a_number(wiki: Scene) -> None:
    assert ask(wiki, "address", title="Q&A: what’s new?") == {
        "path": "q-a-whats-new",
        "there": None,
    }
    wiki.write("team/plan", "x", title="The plan")
    taken = ask(wiki, "address", title="Plan", under="team")
    assert taken == {"path": "team/plan-2", "there": {"title": "The plan", "url": "/eng/team/plan"}}
    for path in ("/eng/team/plan-2", "/eng/team/plan-3"):
        created = wiki.post("ben", "/eng/-/new", title="Plan", body="x", under="team")
        assert created.location == path
    refused = wiki.post("ben", "/eng/-/new", title="Plan", body="x", path="team/plan")
    assert "There’s already a page" in refused.text  # a typed address is taken at its word
    longest = "x" * 120
    wiki.write(longest, "x")
    assert ask(wiki, "address", title=longest)["path"] == "x" * 116 + "-2"


def test_an_address_tells_nothing_of_a_hidden_page(wiki: Scene) -> None:
    wiki.write("secret", "x")
    hide(wiki, "secret")
    assert ask(wiki, "address", title="Secret") == {"path": "secret", "there": None}
    for bad in ("../x", "a//b", "-", "x" * 5000, "\0"):
        assert (
            wiki.client("ben").get("/eng/-/address", query_string={"under": bad}).status_code == 422
        )
    assert wiki.get("cai", "/lab/-/address?title=x").status_code == 403
    assert wiki.get("dot", "/lab/-/address?title=x").status_code == 404


def test_parents_are_found_and_browsed(wiki: Scene) -> None:
    for path in ("a", "a/b", "a/b/c", "d", "secret", "folder/x"):
        wiki.write(path, "x")
    hide(wiki, "secret")

    def paths(level: Any) -> list[tuple[str, bool]]:
        return [(one["path"], one["more"]) for one in level["choices"]]

    way = ask(wiki, "parents", way="a/b")
    assert paths(way[""]) == [("a", True), ("d", False), ("folder", True)]
    assert paths(way["a"]) == [("a/b", True)]
    assert paths(ask(wiki, "parents", under="a/b")["a/b"]) == [("a/b/c", False)]
    found = ask(wiki, "parents", q="b")
    assert [(one["path"], one["more"]) for one in found] == [("a/b", True), ("a/b/c", False)]
    assert ask(wiki, "parents", q="secret") == []


@pytest.mark.every_database
def test_the_search_for_a_parent_lists_the_best_match_first(wiki: Scene) -> None:
    for path, title in (
        ("a", "Annual plans and budgets"),
        ("b", "An explanation"),
        ("c", "The on-call plan"),
        ("d", "Plan B"),
        ("e", "PLAN"),
        ("plan/deep", "Across"),
    ):
        wiki.write(path, "x", title=title)
    found = [page["path"] for page in ask(wiki, "parents", q="plan")]
    assert found == ["e", "d", "c", "a", "b", "plan/deep"]
    assert [page["path"] for page in ask(wiki, "parents", q="budgets plan")] == ["a"]
    assert [page["path"] for page in ask(wiki, "parents", q="/plan/deep")] == ["plan/deep"]
    assert [page["path"] for page in ask(wiki, "parents", q="100%")] == []
