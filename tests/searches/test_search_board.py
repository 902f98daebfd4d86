"""The log of searches, and the boards of those without an answer."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from tests.cast import Scene
from wiki.db import now
from wiki.search.asked.actions import forget_old_searches
from wiki.search.asked.models import AskedSearch
from wiki.searches.models import SearchClaim

PEOPLE = ("ada", "ben", "cai", "dot", "eve")
SITE = "/-/admin/searches"


@pytest.fixture(autouse=True)
def index(wiki: Scene) -> None:
    """Build the index, without which nothing is searched."""
    wiki.write("first", "Anything")
    wiki.deliver()


def ask(wiki: Scene, who: str, words: str, space: str = "") -> None:
    answer = wiki.get(who, "/-/search", query_string={"q": words, "space": space})
    assert answer.status_code == 200
    answer.close()  # searches are logged after their results were sent


def logged(wiki: Scene) -> list[tuple[str, int, int, int | None, bool | None]]:
    columns = (AskedSearch.words, AskedSearch.found, AskedSearch.times)
    rows = select(*columns, AskedSearch.opened_id, AskedSearch.helped).order_by(AskedSearch.id)
    with wiki.database.read() as session:
        return [tuple(row) for row in session.execute(rows)]  # type: ignore[misc]


def question(wiki: Scene, who: str, board: str) -> str:
    (found,) = re.findall(r'name="claim" value="(\w+)"', wiki.get(who, board).text)
    return found


@pytest.mark.every_database
def test_a_search_is_logged_once_a_day_with_what_became_of_it(wiki: Scene) -> None:
    page = wiki.write("plan", "quokka", title="Plan")
    hidden = wiki.write("plan", "quokka", space="lab", title="Plan")
    wiki.deliver()
    ask(wiki, "dot", "Quokka")
    ask(wiki, "dot", "quokka")
    ask(wiki, "nobody", "quokka")
    assert logged(wiki) == [("quokka", 1, 2, None, None)]
    sent = {"q": "quokka", "space": ""}
    assert wiki.post("dot", "/-/search/opened", **sent, page=page.id).status_code == 204
    assert wiki.post("dot", "/-/search/opened", **sent, page=hidden.id).status_code == 404
    answered = wiki.post("dot", "/-/search/helped", **sent, helped="no")
    assert (answered.status_code, answered.location) == (303, "/-/search?q=quokka")
    assert logged(wiki) == [("quokka", 1, 2, page.id, False)]
    assert wiki.post("dot", "/-/search/helped", **sent, helped="perhaps").status_code == 422
    assert wiki.post("cai", "/-/search/helped", **sent, helped="yes").status_code == 404
    assert "Was this what you looked for?" in wiki.get("dot", "/-/search?q=quokka").text
    assert "Was this what you looked for?" not in wiki.get("nobody", "/-/search?q=quokka").text


def test_old_searches_are_deleted_with_the_names(wiki: Scene) -> None:
    ask(wiki, "cai", "zebra")
    ask(wiki, "cai", "quokka")
    with wiki.database.write() as session:
        old = {"day": now().date() - timedelta(days=31)}
        session.execute(update(AskedSearch).where(AskedSearch.words == "zebra").values(**old))
    forget_old_searches(wiki.database, wiki.settings)
    assert [row[0] for row in logged(wiki)] == ["quokka"]


@pytest.mark.every_database
def test_words_are_shown_only_when_enough_people_searched_for_them(wiki: Scene) -> None:
    for who in PEOPLE[:4]:
        ask(wiki, who, "marmalade")
        ask(wiki, who, "marmalade", "eng")
    assert "marmalade" not in wiki.get("ada", SITE).text
    assert "marmalade" not in wiki.get("eve", "/eng/-/searches").text
    ask(wiki, PEOPLE[4], "Marmalade")
    assert "armalade" in wiki.get("ada", SITE).text
    assert "armalade" not in wiki.get("eve", "/eng/-/searches").text
    ask(wiki, PEOPLE[4], "Marmalade", "eng")
    shown = wiki.get("eve", "/eng/-/searches").text
    assert "5 people searched for it" in shown
    assert "5 times without a result" in shown
    assert "armalade" not in wiki.get("eve", "/open/-/searches").text


def test_what_was_found_and_did_not_help_is_listed_with_the_answers(wiki: Scene) -> None:
    wiki.write("plan", "marmalade", title="Plan")
    wiki.deliver()
    for who in PEOPLE:
        ask(wiki, who, "marmalade")
    assert "marmalade" not in wiki.get("ada", SITE).text
    wiki.post("cai", "/-/search/helped", q="marmalade", helped="yes")
    wiki.post("ben", "/-/search/helped", q="marmalade", helped="no")
    assert "What they looked for: 1 yes, 1 no" in wiki.get("ada", SITE).text


def test_boards_are_open_to_leads_and_admins_only(wiki: Scene) -> None:
    for who in ("ben", "cai", "nobody"):
        assert wiki.get(who, "/eng/-/searches").status_code in (302, 403)
        assert wiki.get(who, SITE).status_code in (302, 403)
        assert wiki.post(who, "/eng/-/searches", claim="x").status_code in (302, 401, 403)
    assert wiki.get("dot", "/lab/-/searches").status_code == 404
    assert wiki.post("eve", SITE, claim="x").status_code == 403


@pytest.mark.every_database
def test_a_search_is_claimed_written_and_done(wiki: Scene) -> None:
    for who in PEOPLE:
        ask(wiki, who, "marmalade", "eng")
    board = "/eng/-/searches"
    key = question(wiki, "eve", board)
    assert wiki.post("eve", board, claim="0" * 64).status_code == 404
    assert wiki.post("eve", board, claim=key).status_code == 303
    again = wiki.post("eve", board, claim=key)
    assert again.status_code == 409
    assert "already writing this page" in again.text
    shown = wiki.get("eve", board).text
    assert "claimed by Eve" in shown
    assert 'href="/eng/-/new?title=marmalade"' in shown
    assert wiki.post("eve", board, release=key).status_code == 303
    assert wiki.post("eve", board, release=key).status_code == 404
    assert wiki.post("eve", board, claim=key).status_code == 303
    wiki.write("jam", "About it.", title="Marmalade")
    shown = wiki.get("eve", board).text
    assert 'Done: <a href="/eng/jam" dir="auto">Marmalade</a>' in shown


def test_a_search_of_all_spaces_is_claimed_for_a_space_that_one_may_edit(wiki: Scene) -> None:
    for who in PEOPLE:
        ask(wiki, who, "marmalade")
    with wiki.database.read() as session:
        key = session.scalar(select(func.min(AskedSearch.question)))
    assert wiki.post("ada", SITE, claim=key, space="lab").status_code == 404
    with wiki.database.read() as session:
        assert session.scalar(select(func.count(SearchClaim.id))) == 0
