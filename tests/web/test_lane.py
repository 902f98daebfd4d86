"""Large comparisons have a lane of their own: few at once, and a limited share for each person."""

from dataclasses import replace

import pytest

from tests.api.conftest import Api
from tests.cast import Scene
from wiki.errors import Busy
from wiki.pages import diffs
from wiki.pages.diffs import forget_diffs
from wiki.room import Rate
from wiki.rooms import ROOMS
from wiki.rules.limits import Pace
from wiki.text.sandbox import parent as sandbox
from wiki.web.limits.lane import PLACES, SHARE, STRANGERS, Lane, comparisons
from wiki.web.limits.rate_limit import Paces, rates_of

RATES = rates_of(ROOMS)


def enter(lane: Lane, who: str, *, stranger: bool = False) -> None:
    """Take a place and keep it, like a request that waits for its turn."""
    lane._enter(who, stranger=stranger)


def test_nobody_has_more_than_a_share_and_there_is_an_end() -> None:
    lane = comparisons()
    for _ in range(SHARE):
        enter(lane, "person 1")
    with pytest.raises(Busy):
        enter(lane, "person 1")
    for number in range(PLACES - SHARE):
        enter(lane, f"person {number + 2}")
    with pytest.raises(Busy) as refused:
        enter(lane, "person 9")
    assert refused.value.retry_after > 0
    lane._leave("person 1", stranger=False)
    enter(lane, "person 9")


def test_strangers_leave_a_place_for_who_is_signed_in() -> None:
    lane = comparisons()
    for number in range(STRANGERS):
        enter(lane, f"198.51.100.{number}", stranger=True)
    with pytest.raises(Busy):
        enter(lane, "198.51.100.99", stranger=True)
    enter(lane, "person 1")


def test_people_who_cannot_be_told_apart_have_no_share() -> None:
    lane = comparisons()
    for _ in range(STRANGERS):
        enter(lane, "", stranger=True)
    with pytest.raises(Busy):
        enter(lane, "", stranger=True)


def test_a_place_is_given_up_whatever_happens() -> None:
    lane = comparisons()
    for _ in range(2 * PLACES):
        with pytest.raises(ZeroDivisionError), lane.place("person 1", stranger=False):
            raise ZeroDivisionError
    assert not lane._inside


@pytest.fixture
def large(wiki: Scene) -> Scene:
    """The wiki, with two revisions of a page that are compared in the lane."""
    wiki.write("large", "old words here\n" * 4_000)
    wiki.write("large", "new words here\n" * 4_000)
    return wiki


def test_a_full_lane_says_when_to_come_back_and_pages_are_shown(
    large: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_diffs()
    lane: Lane = large.app.extensions["lanes"]["comparisons"]
    ben = f"person {large.people['ben'].person_id}"
    for _ in range(SHARE):
        enter(lane, ben)
    charged: list[float] = []
    monkeypatch.setattr(diffs, "charge", lambda _what, price: charged.append(price))
    refused = large.get("ben", "/eng/large/-/diff/1..2")
    assert (refused.status_code, charged) == (503, [])
    assert refused.headers["Retry-After"] == "3"
    assert "busy with other large comparisons" in refused.text
    told = Api(large).get("ben", "/pages/eng/large/diff/1..2")
    assert (told.status_code, told.headers["Retry-After"]) == (503, "3")
    assert large.get("ben", "/eng/large").status_code == 200
    assert large.get("cai", "/eng/large/-/diff/1..2").status_code == 200


def test_a_machine_that_fails_is_not_taken_for_texts_that_are_too_large(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError("no more processes")

    for word in ("first", "second"):  # which no other test compares
        wiki.write("large", f"{word} words here\n" * 4_000)
    with monkeypatch.context() as patch:
        patch.setattr(sandbox._lane, "take", fail)
        refused = wiki.get("ben", "/eng/large/-/diff/1..2")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "3")
        assert wiki.get("ben", "/eng/large").status_code == 200
    assert wiki.get("ben", "/eng/large/-/diff/1..2").status_code == 200


def test_a_comparison_costs_what_its_texts_are_long(large: Scene) -> None:
    forget_diffs()
    rates = RATES | {"comparisons": Rate("comparisons", Pace(20, 0.25))}
    large.app.extensions["paces"] = Paces(rates, clock=lambda: 1000.0)
    large.write("small", "one\n")
    large.write("small", "two\n")
    asked = [large.get("ben", f"/eng/large/-/diff/1..2?context=all&part={n}") for n in range(1, 6)]
    assert [one.status_code for one in asked] == [200, 200, 429, 429, 429]
    small = [large.get("cai", f"/eng/small/-/diff/1..2?n={n}").status_code for n in range(12)]
    assert set(small) == {200}


def test_one_person_moves_one_tree_at_a_time(wiki: Scene) -> None:
    wiki.write("plan", "See [[rota]].")
    wiki.write("rota", "One.")
    lane: Lane = wiki.app.extensions["lanes"]["moves"]
    enter(lane, f"person {wiki.people['ben'].person_id}")
    form = {"space": "eng", "path": "duty", "repair": "1"}
    refused = wiki.post("ben", "/eng/rota/-/move", **form)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "3")
    assert "busy with other page moves" in refused.text
    assert wiki.post("eve", "/eng/rota/-/move", **form).status_code == 303
    assert wiki.page("duty").title


def test_searches_that_wait_leave_threads_to_show_pages(wiki: Scene) -> None:
    wiki.write("rota", "One.")
    wiki.deliver()
    lane: Lane = wiki.app.extensions["lanes"]["searches"]
    for _ in range(lane.share):
        enter(lane, f"person {wiki.people['ben'].person_id}")
    for address in ("/-/search?q=one", "/-/switch?q=rota"):
        refused = wiki.get("ben", address)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "3")
        assert "busy with other searches" in refused.text
        assert "rota" in wiki.get("cai", address).text
    assert Api(wiki).get("ben", "/search?q=one").status_code == 503
    assert wiki.get("ben", "/eng/rota").status_code == 200


@pytest.mark.parametrize("what", ["previews", "saves"])
def test_what_is_sent_costs_what_it_is_long(wiki: Scene, what: str) -> None:
    rates = RATES | {what: replace(RATES[what], pace=Pace(6, 0.25))}
    wiki.app.extensions["paces"] = Paces(rates, clock=lambda: 1000.0)
    url = "/eng/-/preview" if what == "previews" else "/eng/-/new"
    codes = [
        wiki.post("ben", url, title=f"Page {n}", body="word " * 40_000).status_code
        for n in range(3)
    ]
    assert codes[0] < 400
    assert codes[1:] == [429, 429]
    assert wiki.post("ben", url, title="Small", body="word").status_code < 400
