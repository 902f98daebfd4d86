"""Whoever asks for too much waits a moment; nobody does so by hand."""

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.conftest import Api
from tests.cast import Scene
from wiki.app import create_app
from wiki.rooms import ROOMS
from wiki.rules.limits import Bucket, Pace, draw
from wiki.search.index import rebuild
from wiki.web.limits.rate_limit import Paces, rates_of
from wiki.web.limits.shared_buckets import AT_A_PLACE, SharedBuckets
from wiki.web.request import Parts

RATES = rates_of(ROOMS)
FAR = {"REMOTE_ADDR": "198.51.100.7"}


@pytest.fixture
def slow(wiki: Scene) -> Scene:
    """The wiki, in which time stands still and little is much."""
    rates = {name: replace(rate, pace=Pace(3, 0.25)) for name, rate in RATES.items()}
    wiki.app.extensions["paces"] = Paces(rates, clock=lambda: 1000.0)
    rebuild(wiki.database, wiki.settings)
    return wiki


def ask(wiki: Scene, handle: str, url: str, **environ: str) -> int:
    return wiki.client(handle).get(url, environ_overrides=environ).status_code


@pytest.mark.parametrize(
    "url", ["/-/search?q=x", "/-/switch?q=x", "/eng/rota/-/diff/1..2?n", "/eng/rota/-/blame?n"]
)
def test_too_much_is_refused_with_when_to_come_back(slow: Scene, url: str) -> None:
    slow.write("rota", "One.")
    slow.write("rota", "Two.")
    for number in range(3):  # what was answered before costs nothing
        assert ask(slow, "ben", f"{url}&n={number}") == 200
    refused = slow.get("ben", f"{url}&n=3")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "4"
    assert "in a short time. Wait 4 seconds and try again." in refused.text
    assert ask(slow, "cai", url) == 200  # others go on
    assert ask(slow, "ben", "/eng/rota") == 200  # and so does what costs little


def test_a_save_that_is_refused_gives_the_text_back(slow: Scene) -> None:
    for number in range(3):
        slow.post("ben", "/eng/-/new", title=f"Page {number}", body="x")
    refused = slow.post("ben", "/eng/-/new", title="Page 4", body="Words not to be lost.")
    assert refused.status_code == 429
    assert "Words not to be lost." in refused.text
    assert slow.client("ben").post("/eng/-/preview", data={"body": "x"}).status_code == 200


def test_the_api_counts_for_the_token_s_person(slow: Scene) -> None:
    api = Api(slow)
    for _ in range(3):
        assert api.get("ben", "/search?q=x").status_code == 200
    refused = api.get("ben", "/search?q=x")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "4"
    assert refused.json["detail"].startswith("Too many searches")
    assert api.get("cai", "/search?q=x").status_code == 200
    assert ask(slow, "ben", "/-/search?q=x") == 429  # the same person in the browser


def test_strangers_count_by_their_address(slow: Scene) -> None:
    for _ in range(3):
        assert ask(slow, "nobody", "/-/search?q=x", **FAR) == 200
    assert ask(slow, "nobody", "/-/search?q=x", **FAR) == 429
    assert ask(slow, "nobody", "/-/search?q=x", REMOTE_ADDR="198.51.100.8") == 200
    for number in range(3):
        assert ask(slow, "nobody", "/-/search?q=x", REMOTE_ADDR=f"2001:db8::{number}") == 200
    assert ask(slow, "nobody", "/-/search?q=x", REMOTE_ADDR="2001:db8::ffff") == 429


def test_behind_a_proxy_that_nobody_named_strangers_are_not_one_person(slow: Scene) -> None:
    for _ in range(9):
        assert ask(slow, "nobody", "/-/search?q=x", REMOTE_ADDR="127.0.0.1") == 200


def test_it_can_be_turned_off(slow: Scene) -> None:
    parts: Parts = slow.app.extensions["wiki"]
    slow.app.extensions["wiki"] = replace(parts, settings=replace(parts.settings, pace=0.0))
    for _ in range(9):
        assert ask(slow, "ben", "/-/search?q=x") == 200


def test_nobody_reaches_the_limits_by_hand(wiki: Scene) -> None:
    app = create_app(wiki.settings, wiki.database)
    for what, rate in RATES.items():
        waits = [app.extensions["paces"].wait(what, "person 1", 1.0) for _ in range(200)]
        assert not any(waits), what
        assert rate.pace.per_second >= 5


def test_who_was_not_seen_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wiki.web.limits.shared_buckets.PLACES", 1)
    buckets, pace = SharedBuckets(), Pace(1, 0.001)
    for number in range(AT_A_PLACE):
        assert buckets.draw(f"person {number}", pace, float(number), 1.0) == 0
        assert buckets.draw("person 0", pace, number + 0.5, 1.0) > 0
    assert buckets.draw("another", pace, 20.0, 1.0) == 0
    assert buckets.draw("person 0", pace, 20.0, 1.0) > 0
    assert buckets.draw("person 1", pace, 20.0, 1.0) == 0


def test_processes_of_a_server_count_together() -> None:
    paces = Paces(RATES, clock=lambda: 1000.0)
    burst = RATES["saves"].pace.burst
    admitted = 0
    for _ in range(2):
        child = os.fork()
        if not child:
            status = 1
            try:
                waits = [paces.wait("saves", "person 1", 1.0) for _ in range(burst // 2)]
                status = int(any(waits))
            finally:
                os._exit(status)
        admitted += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert admitted == 2
    left = [paces.wait("saves", "person 1", 1.0) for _ in range(burst % 2 + 1)]
    assert [wait > 0 for wait in left] == [False] * (burst % 2) + [True]


@given(
    st.integers(1, 20),
    st.floats(0.1, 10),
    st.lists(st.floats(0, 5), min_size=1, max_size=80),
)
def test_in_any_time_no_more_than_burst_and_rate_are_admitted(
    burst: int, rate: float, pauses: list[float]
) -> None:
    pace, at, bucket = Pace(burst, rate), 0.0, None
    admitted: list[float] = []
    for pause in pauses:
        at += pause
        bucket, wait = draw(bucket, pace, at)
        if wait == 0:
            admitted.append(at)
        else:
            assert draw(bucket, pace, at + wait + 1e-6)[1] == 0  # waiting as told is enough
    for first, begin in enumerate(admitted):
        for count, end in enumerate(admitted[first:], 1):
            assert count <= burst + rate * (end - begin) + 1e-6


def test_a_clock_that_is_set_back_gives_nothing_away() -> None:
    bucket, _ = draw(Bucket(0.0, 100.0), Pace(5, 1.0), 50.0)
    assert bucket.left == 0.0
