"""Synonyms of the site: admins edit them, and searches use them at once."""

import html
import re

import pytest
from sqlalchemy import select

from tests.api.conftest import Api
from tests.cast import Scene
from tests.search.test_searching import found
from wiki.outbox.models import EventRow
from wiki.search.synonyms.actions import MOST_EXPRESSIONS, MOST_GROUPS
from wiki.search.synonyms.models import SynonymGroup

SCREEN = "/-/admin/search"


@pytest.fixture
def pages(wiki: Scene) -> Scene:
    wiki.write("rota", "Who carries the beeper this week.", title="Duty")
    wiki.write("off", "Thirty days of vacation for all.", title="Free time")
    wiki.deliver()
    return wiki


def stored(wiki: Scene) -> list[str]:
    with wiki.database.read() as session:
        return list(session.scalars(select(SynonymGroup.words).order_by(SynonymGroup.id)))


def test_synonyms_apply_from_the_next_search_on_without_a_new_index(pages: Scene) -> None:
    assert found(pages, "cai", "pager") == []
    assert pages.post("ada", SCREEN, words="pager,  Beeper , on-call phone").status_code == 303
    assert found(pages, "cai", "pager") == ["Duty"]
    assert found(pages, "cai", "on call phone") == ["Duty"]
    shown = pages.get("ada", SCREEN).text
    assert "pager, Beeper, on-call phone" in shown
    (group,) = re.findall(rf"{SCREEN}/synonyms/(\d+)\"", shown)
    address = f"{SCREEN}/synonyms/{group}"
    sent = {"seen": "pager, Beeper, on-call phone", "words": "rota, beeper"}
    assert pages.post("ada", address, **sent).status_code == 303
    assert found(pages, "cai", "pager") == []
    assert pages.post("ada", f"{address}/remove").status_code == 303
    assert stored(pages) == []
    assert pages.get("ada", address).status_code == 404
    assert pages.post("ada", f"{address}/remove").status_code == 303
    with pages.database.read() as session:
        names = session.scalars(select(EventRow.name).order_by(EventRow.id)).all()
    assert names[-3:] == ["SynonymsAdded", "SynonymsChanged", "SynonymsRemoved"]
    audit = re.sub("<[^>]+>", "", html.unescape(pages.get("ada", "/-/admin/audit").text))
    assert "removed the synonyms rota, beeper" in audit


def test_a_built_in_group_can_be_switched_off_and_on(pages: Scene) -> None:
    assert found(pages, "cai", "holiday") == ["Free time"]
    for _ in range(2):
        assert pages.post("ada", f"{SCREEN}/built-in", name="vacation", on="0").status_code == 303
    assert found(pages, "cai", "holiday") == []
    assert pages.post("ada", f"{SCREEN}/built-in", name="vacation", on="1").status_code == 303
    assert found(pages, "cai", "holiday") == ["Free time"]
    assert pages.post("ada", f"{SCREEN}/built-in", name="nothing", on="0").status_code == 404


@pytest.mark.parametrize("words", ["年假,休假", "e-mail, mail", "Ferien, Urlaub"])
def test_synonyms_of_any_script_and_cut_work(wiki: Scene, words: str) -> None:
    one, other = (word.strip() for word in words.split(","))
    wiki.write("a", f"{other} ...", title="A")
    wiki.write("b", f"{one.replace('-', '')} ...", title="B")
    wiki.deliver()
    assert wiki.post("ada", SCREEN, words=words).status_code == 303
    assert set(found(wiki, "cai", one)) == {"A", "B"}
    assert set(found(wiki, "cai", other)) == {"A", "B"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "at least two"),
        ("pager", "at least two"),
        ("Pager, pager, PAGER", "at least two"),
        ("pager, ???", "can’t be searched for"),
        ("pager, one two three four five", "can’t be searched for"),
        (", ".join(f"word{n}" for n in range(MOST_EXPRESSIONS + 1)), "at most 12"),
        ("x, " + "y" * 1000, "at most 600"),
        ("\x00,\u202e", "at least two"),
    ],
)
def test_what_is_no_group_is_refused_at_its_field(wiki: Scene, words: str, sentence: str) -> None:
    answer = wiki.post("ada", SCREEN, words=words)
    assert answer.status_code == 422
    assert re.search(f'id="words-error">.*{sentence}', answer.text)
    assert stored(wiki) == []


def test_the_same_group_twice_and_too_many_groups_are_refused(wiki: Scene) -> None:
    assert wiki.post("ada", SCREEN, words="pager, beeper").status_code == 303
    assert wiki.post("ada", SCREEN, words="Beeper, pager").status_code == 409
    with wiki.database.write() as session:
        session.add_all(SynonymGroup(words=f"one{n}, two{n}") for n in range(MOST_GROUPS - 1))
    assert wiki.post("ada", SCREEN, words="rota, duty").status_code == 422


def test_a_change_by_somebody_else_in_between_is_not_overwritten(wiki: Scene) -> None:
    wiki.post("ada", SCREEN, words="pager, beeper")
    (group,) = re.findall(rf"{SCREEN}/synonyms/(\d+)\"", wiki.get("ada", SCREEN).text)
    address = f"{SCREEN}/synonyms/{group}"
    wiki.post("ada", address, seen="pager, beeper", words="pager, phone")
    answer = wiki.post("ada", address, seen="pager, beeper", words="pager, siren")
    assert answer.status_code == 409
    assert "pager, phone" in answer.text
    assert 'value="pager, siren"' in answer.text
    assert stored(wiki) == ["pager, phone"]


def test_only_admins_see_and_change_synonyms(wiki: Scene) -> None:
    for who in ("eve", "gus"):
        assert wiki.get(who, SCREEN).status_code == 403
        assert wiki.post(who, SCREEN, words="pager, beeper").status_code == 403
        assert wiki.post(who, f"{SCREEN}/built-in", name="vacation", on="0").status_code == 403
    assert stored(wiki) == []


def test_the_api_edits_synonyms(pages: Scene) -> None:
    api = Api(pages)
    sent = {"json": {"expressions": ["pager", "beeper"]}}
    made = api.call("ada", "POST", "/synonyms", **sent)
    assert made.status_code == 201
    assert made.json is not None
    assert made.json["expressions"] == ["pager", "beeper"]
    assert found(pages, "cai", "pager") == ["Duty"]
    one = f"/synonyms/{made.json['id']}"
    assert api.call("ada", "PUT", one, json={"expressions": ["rota"]}).status_code == 422
    changed = api.call("ada", "PUT", one, json={"expressions": ["rota", "beeper"]})
    assert changed.status_code == 200
    off = api.call("ada", "PUT", "/synonyms/built-in/vacation", json={"is_on": False})
    assert off.status_code == 204
    listed = api.call("ada", "GET", "/synonyms").json
    assert listed is not None
    assert [each["expressions"] for each in listed["groups"]] == [["rota", "beeper"]]
    assert [each["name"] for each in listed["built_in"] if not each["is_on"]] == ["vacation"]
    assert api.call("ada", "DELETE", one).status_code == 204
    assert api.call("ada", "DELETE", one).status_code == 404
    assert api.call("eve", "GET", "/synonyms").status_code == 403
    assert api.call("eve", "POST", "/synonyms", **sent).status_code == 403
