"""Texts of links as a way to find pages: only texts that the searcher may read at that moment."""

from collections.abc import Callable

import pytest

from tests.cast import Scene
from tests.search.test_searching import found
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.purging.actions import purge_page
from wiki.rules.access import May
from wiki.spaces.consent import UNASKED


def restrict(wiki: Scene, path: str = "source") -> None:
    with wiki.database.write() as session:
        eve = wiki.actor("eve")
        allowed = AccessList(May.READ, [eve.person_id or 0], ())
        restrictions.restrict(session, eve, wiki.page(path).id, allowed, consent=UNASKED)


def delete(wiki: Scene) -> None:
    wiki.post("ben", "/eng/source/-/delete")


def move(wiki: Scene) -> None:
    sent = {"title": "source", "path": "source", "space": "lab"}
    assert wiki.post("eve", "/eng/source/-/move", **sent).status_code == 303


def purge(wiki: Scene) -> None:
    with wiki.database.write() as session:
        page = wiki.page("source")
        purge_page(session, wiki.actor("ada"), page.id, seen=page.head, anywhere=True)


@pytest.fixture
def linked(wiki: Scene) -> Scene:
    """A page that is found by the text of a link on another one."""
    wiki.write("target", "A giraffe.", title="Plain")
    wiki.write("source", "[zebra crossing](target)")
    wiki.write("target", "Two giraffes.", title="Plain")
    wiki.deliver()
    assert set(found(wiki, "dot", "zebra")) == {"source", "Plain"}
    return wiki


@pytest.mark.every_database
@pytest.mark.search_in_database
@pytest.mark.parametrize("take_away", [restrict, delete, move, purge])
def test_no_page_is_found_by_a_link_of_a_page_taken_away_before_the_index_has_heard(
    linked: Scene, take_away: Callable[[Scene], None]
) -> None:
    take_away(linked)
    for _ in range(2):
        for question in ("zebra", "zebra giraffe", "zebr*", "zebar", "crossings"):
            assert "source" not in found(linked, "dot", question)
        for question in ("zebra", "zebr*", "zebar", "crossings", '"zebra crossing"'):
            assert found(linked, "dot", question) == []
        assert found(linked, "dot", "giraffe") == ["Plain"]
        assert "zebra" not in linked.get("dot", "/-/search?q=zebar").text
        linked.deliver()


def test_a_page_is_still_found_by_links_that_the_searcher_may_read(linked: Scene) -> None:
    restrict(linked)
    assert "Plain" in found(linked, "eve", "zebra")
    linked.write("other", "[okapi house](target)")
    linked.write("target", "Three giraffes.", title="Plain")
    linked.deliver()
    assert "Plain" in found(linked, "dot", "okapi")


@pytest.mark.parametrize("take_away", [restrict, delete])
def test_a_link_that_was_edited_away_before_finds_nothing_either(
    linked: Scene, take_away: Callable[[Scene], None]
) -> None:
    linked.write("source", "Without a link.")
    linked.deliver()
    take_away(linked)
    for _ in range(2):
        assert found(linked, "dot", "zebra") == []
        linked.deliver()


def test_a_restricted_page_is_not_found_by_a_link_that_everybody_reads(linked: Scene) -> None:
    restrict(linked, "target")
    for _ in range(2):
        assert found(linked, "dot", "zebra") == ["source"]
        linked.deliver()
