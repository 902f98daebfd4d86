"""How often a sign-in may be tried."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.cast import PASSWORD, Scene, without_tokens
from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.db import Database, now
from wiki.errors import TooMany
from wiki.outbox.models import EventRow
from wiki.people.models import Attempt
from wiki.people.signin import limiting
from wiki.people.signin.limiting import SIGN_IN_ACCOUNT, Counter
from wiki.rules.limits import Limit, Window, give_back, spend, wait_for

START = datetime(2026, 11, 23, tzinfo=UTC)
limits = st.builds(
    Limit, st.integers(1, 5), st.integers(1, 100).map(lambda n: timedelta(seconds=n))
)
steps = st.lists(st.integers(0, 60).map(lambda n: timedelta(seconds=n)), max_size=60)


def admitted(limit: Limit, moments: list[datetime]) -> list[datetime]:
    window: Window | None = None
    found = []
    for at in moments:
        if not wait_for(window, limit, at):
            window = spend(window, limit, at)
            found.append(at)
    return found


def moments_of(gaps: list[timedelta]) -> list[datetime]:
    at, found = START, []
    for gap in gaps:
        at += gap
        found.append(at)
    return found


@given(limits, steps)
def test_no_stretch_as_long_as_the_window_admits_more_than_twice_the_most(
    limit: Limit, gaps: list[timedelta]
) -> None:
    passed = admitted(limit, moments_of(gaps))
    for begin in passed:
        within = [at for at in passed if begin <= at < begin + limit.window]
        assert len(within) < 2 * limit.most
    # From the first attempt of a window on, it is the most exactly.
    first = [at for at in passed if at < START + limit.window] if passed else []
    assert len([at for at in first if passed[0] <= at < passed[0] + limit.window]) <= limit.most


@given(limits, steps)
def test_whoever_waits_as_long_as_told_is_admitted_and_nobody_before(
    limit: Limit, gaps: list[timedelta]
) -> None:
    window: Window | None = None
    for at in moments_of(gaps):
        wait = wait_for(window, limit, at)
        assert timedelta(0) <= wait <= limit.window
        if wait:
            assert wait_for(window, limit, at + wait - timedelta(microseconds=1))
            assert not wait_for(window, limit, at + wait)
        else:
            window = spend(window, limit, at)


@given(limits, st.integers(-100, 100), st.integers(0, 10))
def test_a_clock_that_was_set_back_locks_nobody_for_longer_than_the_window(
    limit: Limit, seconds: int, count: int
) -> None:
    window = Window(count, START + timedelta(hours=5))
    assert wait_for(window, limit, START + timedelta(seconds=seconds)) <= limit.window


@given(limits, st.integers(1, 10))
def test_what_is_given_back_can_be_spent_again(limit: Limit, count: int) -> None:
    window = Window(count, START + limit.window)
    assert spend(give_back(window), limit, START) == window
    assert give_back(Window(0, START)).count == 0


def attempt(wiki: Scene, login: str, password: str = "wrong", **environ: str) -> TestResponse:
    return wiki.new_client().post(
        "/-/login", data={"login": login, "password": password}, environ_base=environ
    )


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test reaches soon."""
    monkeypatch.setattr(limiting, "SIGN_IN_ACCOUNT", Limit(3, timedelta(minutes=15)))
    monkeypatch.setattr(limiting, "SIGN_IN_ADDRESS", Limit(6, timedelta(minutes=15)))


@pytest.mark.usefixtures("few")
def test_after_too_many_attempts_even_the_right_password_is_refused(wiki: Scene) -> None:
    for _ in range(3):
        assert attempt(wiki, "ben").status_code == 422
    locked = attempt(wiki, "ben", PASSWORD)
    assert locked.status_code == 429
    assert 14 * 60 < int(locked.headers["Retry-After"]) <= 15 * 60
    assert "Wait 15 minutes and try again." in locked.text
    assert "Set-Cookie" not in locked.headers or "_user_id" not in locked.headers["Set-Cookie"]
    assert attempt(wiki, "eve", PASSWORD).status_code == 303


@pytest.mark.usefixtures("few")
@pytest.mark.every_database
def test_all_spellings_of_an_account_count_together(wiki: Scene) -> None:
    for login in ("ben", " BEN ", "Ben@Example.org"):
        assert attempt(wiki, login).status_code == 422
    for login in ("ben", "ben@example.org", "B\u200ben"):
        assert attempt(wiki, login, PASSWORD).status_code == 429
    assert attempt(wiki, "eve@example.org", PASSWORD).status_code == 303


def test_one_address_cannot_try_a_password_on_many_names_at_once(wiki: Scene) -> None:
    answers = [attempt(wiki, f"name{number}", REMOTE_ADDR="192.0.2.1") for number in range(30)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429] * 10
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert attempt(wiki, "ben", PASSWORD, REMOTE_ADDR="192.0.2.2").status_code == 303


@pytest.mark.usefixtures("few")
def test_a_name_that_does_not_exist_is_locked_just_like_one_that_does(wiki: Scene) -> None:
    answers = {}
    for login in ("ben", "zed"):
        for _ in range(3):
            attempt(wiki, login)
        locked = attempt(wiki, login)
        assert 890 < int(locked.headers.pop("Retry-After")) <= 900
        headers = sorted(name for name, _ in locked.headers)
        answers[login] = (
            locked.status_code,
            headers,
            without_tokens(locked.text).replace(f'"{login}"', '"NAME"'),
        )
        with wiki.database.write() as session:
            session.execute(
                update(Attempt).where(Attempt.key.startswith("sign-in from")).values(failures=0)
            )
    assert answers["ben"] == answers["zed"]


@pytest.mark.usefixtures("few")
@pytest.mark.every_database
def test_the_lock_ends_and_a_sign_in_begins_anew(wiki: Scene) -> None:
    for _ in range(4):
        attempt(wiki, "ben")
    with wiki.database.write() as session:
        session.execute(update(Attempt).values(window_ends_at=now() - timedelta(seconds=1)))
    assert attempt(wiki, "ben").status_code == 422
    assert attempt(wiki, "ben", PASSWORD).status_code == 303
    for _ in range(3):
        assert attempt(wiki, "ben").status_code == 422


@pytest.mark.usefixtures("few")
def test_an_address_is_locked_for_all_names(wiki: Scene) -> None:
    for number in range(6):
        assert attempt(wiki, f"guess{number}", REMOTE_ADDR="192.0.2.1").status_code == 422
    assert attempt(wiki, "ben", PASSWORD, REMOTE_ADDR="192.0.2.1").status_code == 429
    assert attempt(wiki, "ben", PASSWORD, REMOTE_ADDR="192.0.2.2").status_code == 303


@pytest.mark.usefixtures("few")
def test_people_who_succeed_do_not_use_up_their_office(wiki: Scene) -> None:
    for _ in range(8):
        assert attempt(wiki, "ben", PASSWORD, REMOTE_ADDR="192.0.2.1").status_code == 303
    for number in range(6):
        assert attempt(wiki, f"guess{number}", REMOTE_ADDR="192.0.2.1").status_code == 422
    assert attempt(wiki, "ben", PASSWORD, REMOTE_ADDR="192.0.2.1").status_code == 429


@pytest.mark.usefixtures("few")
@pytest.mark.every_database
def test_the_count_holds_in_other_processes_and_after_a_restart(wiki: Scene) -> None:
    for _ in range(3):
        attempt(wiki, "ben")
    database = open_database(wiki.settings)
    app = create_app(wiki.settings, database)
    app.config["WTF_CSRF_ENABLED"] = False
    answer = app.test_client().post("/-/login", data={"login": "ben", "password": PASSWORD})
    assert answer.status_code == 429
    database.dispose()


@pytest.mark.every_database
def test_many_at_once_are_not_more_than_the_most(database: Database) -> None:
    counter = Counter("one key", SIGN_IN_ACCOUNT)

    def spend_one(_: int) -> bool:
        try:
            with database.write() as session:
                limiting.spend(session, [counter])
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(spend_one, range(40))) == SIGN_IN_ACCOUNT.most


@pytest.mark.every_database
def test_what_was_typed_as_a_name_is_not_kept(wiki: Scene) -> None:
    attempt(wiki, "my secret password")
    with wiki.database.read() as session:
        keys = " ".join(session.scalars(select(Attempt.key)))
    assert "sign-in name" in keys
    assert "secret" not in keys


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9%eth0", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("not an address", "not an address"),
    ],
)
def test_an_address_counts_as_what_one_customer_has(address: str, network: str) -> None:
    assert limiting.network_of(address) == network


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("proxies", "sent", "counted"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.9.9.9, 203.0.113.9", "203.0.113.9"),
        (2, "203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
    ],
)
def test_a_forwarded_address_counts_only_as_far_as_proxies_are_trusted(
    settings: Settings, database: Database, proxies: int, sent: str, counted: str
) -> None:
    trusting = Settings(
        data_dir=settings.data_dir,
        secret_key=settings.secret_key,
        database_url=settings.database_url,
        trusted_proxies=proxies,
    )
    app = create_app(trusting, database)
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client().post(
        "/-/login",
        data={"login": "ben", "password": "x"},
        headers={"X-Forwarded-For": sent, "X-Forwarded-Host": "evil.example"},
    )
    with database.read() as session:
        assert session.get(Attempt, f"sign-in from {counted}") is not None


def failures(wiki: Scene) -> list[tuple[int | None, int]]:
    with wiki.database.read() as session:
        rows = session.scalars(
            select(EventRow).where(EventRow.name == "SignInFailed").order_by(EventRow.id)
        ).all()
        assert "hunter2" not in str([row.payload for row in rows])
        return [(row.payload["person_id"], row.payload["tries"]) for row in rows]


def test_a_failed_sign_in_is_on_record_first_and_when_the_name_has_to_wait(wiki: Scene) -> None:
    ben = wiki.actor("ben").person_id
    for name in ("ben", "hunter2"):
        for _ in range(12):
            wiki.new_client().post("/-/login", data={"login": name, "password": "wrong"})
    assert failures(wiki) == [(ben, 1), (ben, 10), (None, 1), (None, 10)]
    audit = wiki.get("ada", "/-/admin/audit?category=sign-in").text
    assert "failed to sign in as" in audit
    assert "tried an unknown user name" in audit
    assert "hunter2" not in audit


def test_no_flood_of_failures_is_put_on_record(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiting, "FAILURES_TOLD", Limit(2, timedelta(hours=1)))
    for number in range(5):
        wiki.new_client().post("/-/login", data={"login": f"n{number}", "password": "wrong"})
    assert failures(wiki) == [(None, 1), (None, 1)]
