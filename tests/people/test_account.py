"""Your account: profile, password, sign-ins and API tokens."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.cast import PASSWORD, Scene, words_of
from wiki.outbox.models import EventRow
from wiki.people.models import ApiToken, LoginSession, Person
from wiki.people.one_time import hash_token
from wiki.people.signin import limiting
from wiki.people.signin.devices import device
from wiki.rules.limits import Limit

NEW = "another long password"


def person(wiki: Scene, handle: str) -> Person:
    with wiki.database.read() as session:
        return session.scalars(select(Person).where(Person.handle == handle)).one()


def call(wiki: Scene, token: str, method: str = "GET", **options: object) -> TestResponse:
    return wiki.new_client().open(
        "/-/api/v1/pages/eng/rota",
        method=method,
        headers={"Authorization": f"Bearer {token}"},
        **options,  # type: ignore[arg-type]
    )


def test_a_name_is_changed_without_the_password_and_an_address_only_with_it(wiki: Scene) -> None:
    wiki.client("ben")
    wiki.unconfirm("ben")
    assert (
        wiki.post("ben", "/-/me/profile", name=" Ben  Okri", email="ben@example.org").status_code
        == 303
    )
    assert person(wiki, "ben").name == "Ben Okri"
    form = {"name": "Ben", "email": "New@Example.org"}
    assert wiki.client("ben").post("/-/me/profile", data=form).status_code == 403
    for wrong in ("", "not the password"):
        refused = wiki.client("ben").post("/-/me/profile", data={**form, "confirm.password": wrong})
        assert refused.status_code == 422
        assert ("Incorrect password." in refused.text) == bool(wrong)
        assert 'name="email" value="New@Example.org"' in refused.text
        assert wrong not in refused.text or not wrong
    assert person(wiki, "ben").email == "ben@example.org"
    wiki.client("ben").post("/-/me/profile", data={**form, "confirm.password": PASSWORD})
    assert person(wiki, "ben").email == "new@example.org"
    letter = wiki.letters()[-1]
    assert letter["To"] == "ben@example.org"
    assert "tell an admin" in words_of(letter)


@pytest.mark.parametrize(
    ("name", "email", "sentence"),
    [
        ("", "ben@example.org", "Enter a name with at least one letter."),
        ("\u202e \x07", "ben@example.org", "Enter a name with at least one letter."),
        ("x" * 201, "ben@example.org", "at most 200 characters"),
        ("Ben", "EVE@example.org", "This address belongs to another account."),
        ("Ben", "not an address", "Enter a valid email address."),
        ("Ben", "a@b\x00c", "Enter a valid email address."),
    ],
)
def test_what_cannot_be_a_profile_is_refused_with_a_sentence(
    wiki: Scene, name: str, email: str, sentence: str
) -> None:
    refused = wiki.post("ben", "/-/me/profile", name=name, email=email)
    assert refused.status_code == 422
    assert sentence in refused.text
    assert person(wiki, "ben").name == "Ben"


def test_of_two_who_take_an_address_at_once_one_gets_it(wiki: Scene) -> None:
    browsers = {who: wiki.client(who) for who in ("ben", "cai")}
    ready = Barrier(2)

    def take(who: str) -> int:
        ready.wait()
        form = {"name": who, "email": "team@example.org"}
        return browsers[who].post("/-/me/profile", data=form).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, browsers)) == [303, 422]


def test_a_changed_password_ends_all_other_sign_ins(wiki: Scene) -> None:
    here, there = wiki.new_client("ben"), wiki.new_client("ben")
    short = here.post("/-/me/password", data={"new_password": "x"})
    assert "at least 10 characters" in short.text
    assert there.get("/-/me").status_code == 200
    assert here.post("/-/me/password", data={"new_password": NEW}).status_code == 303
    assert here.get("/-/me").status_code == 200
    assert there.get("/-/me").status_code == 302
    again = wiki.new_client().post("/-/login", data={"login": "ben", "password": NEW})
    assert again.status_code == 303
    assert "password" in wiki.letters()[-1]["Subject"]


def test_a_password_cannot_be_guessed_from_a_browser_that_was_left_open(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiting, "SIGN_IN_ACCOUNT", Limit(3, limiting.SIGN_IN_ACCOUNT.window))
    wiki.client("ben")
    wiki.unconfirm("ben")
    form = {"confirm.password": "guess", "new_password": NEW}
    answers = [wiki.client("ben").post("/-/me/password", data=form) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert "Retry-After" in answers[-1].headers
    form["confirm.password"] = PASSWORD
    assert wiki.client("ben").post("/-/me/password", data=form).status_code == 429


def sign_in(wiki: Scene, user_agent: str, address: str) -> FlaskClient:
    browser = wiki.new_client()
    browser.post(
        "/-/login",
        data={"login": "ben", "password": PASSWORD},
        headers={"User-Agent": user_agent},
        environ_base={"REMOTE_ADDR": address},
    )
    return browser


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Safari/604.1"


def test_sign_ins_are_listed_with_device_and_address_and_ended_one_by_one(wiki: Scene) -> None:
    desk = sign_in(wiki, FIREFOX, "192.0.2.1")
    phone = sign_in(wiki, IPHONE, "192.0.2.2")
    screen = desk.get("/-/me").text
    assert "Firefox on Linux" in screen
    assert "Safari on iPhone" in screen
    assert "192.0.2.2" in screen
    with wiki.database.read() as session:
        rows = session.execute(select(LoginSession.address, LoginSession.id))
        ids = {address: number for address, number in rows}  # noqa: C416
    end = f"/-/me/sign-ins/{ids['192.0.2.2']}/end"
    assert wiki.client("eve").post(end).status_code == 404
    assert phone.get("/-/me").status_code == 200
    assert desk.post(end).status_code == 303
    assert phone.get("/-/me").status_code == 302
    assert desk.get("/-/me").status_code == 200
    assert desk.post(f"/-/me/sign-ins/{ids['192.0.2.1']}/end").location == "/"
    assert desk.get("/-/me").status_code == 302


def test_all_other_sign_ins_are_ended_at_once(wiki: Scene) -> None:
    here, there, eves = wiki.new_client("ben"), wiki.new_client("ben"), wiki.new_client("eve")
    assert here.post("/-/me/sign-ins/end-others").status_code == 303
    assert here.get("/-/me").status_code == 200
    assert there.get("/-/me").status_code == 302
    assert eves.get("/-/me").status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown device"),
        ("<script>", "Unknown device"),
    ],
)
def test_devices_are_named_in_words(user_agent: str, words: str) -> None:
    assert device(user_agent) == words


def make_token(wiki: Scene, handle: str, scope: str) -> str:
    shown = wiki.post(handle, "/-/me/tokens", token_name="Backup", scope=scope)
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"] == "no-store"
    found = re.search(r"wiki_[\w-]{40,}", shown.text)
    assert found
    return found[0]


def test_a_token_is_shown_once_and_kept_as_a_hash(wiki: Scene) -> None:
    wiki.write("rota", "words")
    token = make_token(wiki, "ben", "write")
    assert token not in wiki.get("ben", "/-/me").text
    assert "Backup" in wiki.get("ben", "/-/me").text
    with wiki.database.read() as session:
        row = session.scalars(select(ApiToken)).one()
        assert row.token_hash == hash_token(token)
        assert token not in str(vars(row))
    assert call(wiki, token).status_code == 200
    changed = {"title": "Rota", "body": "by a program", "base_revision": 1}
    assert call(wiki, token, "PUT", json=changed).status_code == 200


def test_a_token_that_reads_cannot_write(wiki: Scene) -> None:
    wiki.write("rota", "words")
    token = make_token(wiki, "ben", "read")
    assert call(wiki, token).status_code == 200
    changed = {"title": "Rota", "body": "by a program", "base_revision": 1}
    assert call(wiki, token, "PUT", json=changed).status_code == 403


def test_a_revoked_token_ends_and_is_revoked_by_its_owner_only(wiki: Scene) -> None:
    wiki.write("rota", "words")
    token = make_token(wiki, "ben", "read")
    with wiki.database.read() as session:
        token_id = session.scalars(select(ApiToken.id)).one()
    assert wiki.post("ada", f"/-/me/tokens/{token_id}/revoke").status_code == 404
    assert call(wiki, token).status_code == 200
    assert wiki.post("ben", f"/-/me/tokens/{token_id}/revoke").status_code == 303
    assert call(wiki, token).status_code == 401
    assert "Backup" not in wiki.get("ben", "/-/me/tokens").text.split("<h1>")[1]
    with wiki.database.read() as session:
        names = session.scalars(select(EventRow.name).order_by(EventRow.id)).all()
    assert names[-2:] == ["TokenCreated", "TokenRevoked"]


def test_a_token_needs_a_purpose_and_there_is_a_most(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wiki.post("ben", "/-/me/tokens", token_name=" ").status_code == 422
    monkeypatch.setattr("wiki.people.tokens.MOST", 1)
    make_token(wiki, "ben", "read")
    refused = wiki.post("ben", "/-/me/tokens", token_name="One more", scope="write")
    assert refused.status_code == 422
    assert "Revoke one first" in refused.text
    assert 'value="One more"' in refused.text


def test_the_account_of_one_person_shows_nothing_of_another(wiki: Scene) -> None:
    make_token(wiki, "ben", "read")
    sign_in(wiki, FIREFOX, "192.0.2.77")
    with wiki.database.write() as session:
        session.execute(update(LoginSession).values(user_agent=FIREFOX))
    eves = wiki.get("eve", "/-/me").text
    assert "Backup" not in eves
    assert "192.0.2.77" not in eves
