"""Starring pages: on screens, over the API, and only as long as one may read the page."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from tests.api.conftest import Api
from tests.cast import Scene, csrf_token
from tests.pages.test_query_counts import counted
from wiki.bookmarks.models import Bookmark
from wiki.pages.access.restrictions import AccessList, restrict
from wiki.pages.actions import delete_page
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.models import Page
from wiki.people.models import Person
from wiki.people.tokens import TokenScope, create_token
from wiki.purging.actions import purge_page
from wiki.rules.access import May
from wiki.rules.roles import Role
from wiki.spaces.actions import give_role
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Space

LISTS = ("/-/starred", "/", "/-/switch")


def stars(wiki: Scene) -> int:
    with wiki.database.read() as session:
        return session.scalar(select(func.count()).select_from(Bookmark)) or 0


def test_a_star_is_set_and_removed_with_the_button_of_the_page(wiki: Scene) -> None:
    wiki.write("rota", "words", title="The rota")
    wiki.app.config["WTF_CSRF_ENABLED"] = True
    for verb, starred in (("star", True), ("unstar", False)):
        shown = wiki.get("cai", "/eng/rota").text
        assert f'action="/eng/rota/-/{verb}"' in shown
        answer = wiki.post("cai", f"/eng/rota/-/{verb}", csrf_token=csrf_token(shown))
        assert (answer.status_code, answer.location) == (303, "/eng/rota")
        assert ("/eng/rota/-/unstar" in wiki.get("cai", "/eng/rota").text) is starred
        assert ("The rota" in wiki.get("cai", "/-/starred").text) is starred
    assert wiki.post("cai", "/eng/rota/-/star").status_code == 400  # no token


def test_a_page_that_was_not_rendered_before_has_its_star(wiki: Scene) -> None:
    wiki.write("rota", "words")
    wiki.post("cai", "/eng/rota/-/star")
    with wiki.database.write() as session:
        session.execute(update(Page).values(rendered=0))
    assert "/eng/rota/-/unstar" in wiki.get("cai", "/eng/rota").text


def test_a_star_is_for_one_person_and_set_once(wiki: Scene) -> None:
    wiki.write("", "words", title="The home page")
    for _ in range(2):
        assert wiki.post("cai", "/eng/-/star").location == "/eng/"
    assert stars(wiki) == 1
    assert "/eng/-/star" in wiki.get("ben", "/eng/").text
    assert "No starred pages yet" in wiki.get("ben", "/-/starred").text
    answer = wiki.post("cai", "/eng/-/unstar", back="list")
    assert answer.location == "/-/starred"
    assert stars(wiki) == 0


def test_visitors_have_no_stars(wiki: Scene) -> None:
    wiki.write("plan", "words", space="open")
    shown = wiki.get("nobody", "/open/plan").text
    assert "/-/star" not in shown
    assert "/-/starred" not in wiki.get("nobody", "/").text
    assert wiki.get("nobody", "/-/starred").location.startswith("/-/login")
    assert wiki.post("nobody", "/open/plan/-/star").location.startswith("/-/login")


def test_only_the_newest_revision_of_a_live_page_has_the_button(wiki: Scene) -> None:
    page = wiki.write("rota", "one")
    wiki.write("rota", "two")
    assert "/eng/rota/-/star" not in wiki.get("eve", "/eng/rota?revision=1").text
    wiki.post("eve", "/eng/rota/-/star")
    with wiki.database.write() as session:
        delete_page(session, wiki.actor("eve"), page.id)
    assert "/-/unstar" not in wiki.get("eve", f"/-/p/{page.id}").text
    assert wiki.post("eve", "/eng/rota/-/star").status_code == 404
    assert "rota" not in wiki.get("eve", "/-/starred").text


def test_a_star_follows_a_page_that_moves(wiki: Scene) -> None:
    page = wiki.write("rota", "words")
    wiki.post("cai", "/eng/rota/-/star")
    with wiki.database.write() as session:
        move_page(session, wiki.actor("eve"), page.id, MoveTo("duties/rota"), consent=UNASKED)
    assert 'href="/eng/duties/rota"' in wiki.get("cai", "/-/starred").text
    assert wiki.post("cai", "/eng/rota/-/unstar").status_code == 303  # by its former address
    assert stars(wiki) == 0


def test_a_star_is_shown_nowhere_while_its_page_is_hidden_and_comes_back(wiki: Scene) -> None:
    api = Api(wiki)
    page = wiki.write("plan", "words", title="Zeppelins", space="lab")
    wiki.post("cai", "/lab/plan/-/star")
    assert all("Zeppelins" in wiki.get("cai", url).text for url in LISTS)
    lab, cai = select(Space).where(Space.slug == "lab"), wiki.actor("cai").person_id or 0

    def give(role: Role) -> None:
        with wiki.database.write() as session:
            give_role(session, wiki.actor("eve"), session.scalars(lab).one(), cai, role)

    give(Role.NONE)
    assert not any("Zeppelins" in wiki.get("cai", url).text for url in LISTS)
    assert api.get("cai", "/stars").json == {"stars": [], "next": None}
    hidden = api.call("cai", "DELETE", "/stars?space=lab&path=plan")
    absent = api.call("cai", "DELETE", "/stars?space=lab&path=nothing")
    assert (hidden.status_code, hidden.data) == (404, absent.data)
    give(Role.READER)
    assert all("Zeppelins" in wiki.get("cai", url).text for url in LISTS)
    with wiki.database.write() as session:
        ben = wiki.actor("ben").person_id or 0
        restrict(session, wiki.actor("eve"), page.id, AccessList(May.READ, [ben]), consent=UNASKED)
    assert not any("Zeppelins" in wiki.get("cai", url).text for url in LISTS)


@pytest.mark.every_database
def test_stars_go_with_the_page_and_with_the_person(wiki: Scene) -> None:
    page, other = wiki.write("rota", "words"), wiki.write("plan", "words")
    for path in ("rota", "plan"):
        wiki.post("cai", f"/eng/{path}/-/star")
    with wiki.database.write() as session:
        purge_page(session, wiki.actor("ada"), page.id, seen=1)
    assert stars(wiki) == 1
    with wiki.database.write() as session:
        session.delete(session.get_one(Person, wiki.actor("cai").person_id))
    assert stars(wiki) == 0
    assert wiki.page("plan").id == other.id


@pytest.mark.every_database
def test_the_api_lists_stars_slice_by_slice(wiki: Scene) -> None:
    api = Api(wiki)
    for number in range(5):
        wiki.write(f"page{number}", "words", title=f"Page {number}")
        sent = {"space": "eng", "path": f"page{number}"}
        assert api.put("cai", "/stars", sent).status_code == 204
    paths, address = [], "/stars?limit=2"
    while address:
        answer = api.get("cai", address).json
        paths += [one["path"] for one in answer["stars"]]
        address = (answer["next"] or "").partition("/-/api/v1")[2]
    assert paths == [f"page{number}" for number in reversed(range(5))]
    assert api.call("cai", "DELETE", "/stars?space=eng&path=page4").status_code == 204
    assert api.get("cai", "/stars?limit=1").json["stars"][0]["title"] == "Page 3"
    assert api.get("cai", "/stars?after=nonsense").status_code == 422
    assert api.get("nobody", "/stars").status_code == 401
    assert api.put("cai", "/stars", {"space": "eng", "path": "nothing"}).status_code == 404


def test_a_token_for_some_spaces_lists_the_stars_of_these_only(wiki: Scene) -> None:
    for space in ("eng", "lab"):
        wiki.write("plan", "words", space=space)
        wiki.post("cai", f"/{space}/plan/-/star")
    with wiki.database.write() as session:
        cai = session.get_one(Person, wiki.actor("cai").person_id)
        within = session.scalars(select(Space.id).where(Space.slug == "eng")).all()
        made = create_token(session, cai.actor(), cai, TokenScope(True, within), name="test")
    headers = {"Authorization": f"Bearer {made[1]}"}
    answer = wiki.new_client().get("/-/api/v1/stars", headers=headers)
    assert [one["space"] for one in answer.json["stars"]] == ["eng"]


def test_stars_add_no_query_to_a_page_and_none_for_each_star(wiki: Scene) -> None:
    wiki.alone()
    for number in range(8):
        wiki.write(f"page{number}", "words")
    wiki.get("cai", "/eng/page0")  # from now on the levels of the tree are remembered
    counts = []
    for number in range(8):
        wiki.post("cai", f"/eng/page{number}/-/star")
        found = {}
        for url in (*LISTS, "/eng/page0"):
            wiki.get("cai", "/-/tags")  # finds out who Cai is
            with counted(wiki) as statements:
                wiki.get("cai", url)
            found[url] = len(statements)
        counts.append(found)
        wiki.write("page0", f"words {number}")
        wiki.get("cai", "/eng/page0")
    assert counts[0] == counts[-1]
