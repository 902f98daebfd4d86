"""Passkeys and security keys: added, as a second factor, and instead of a password."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.cast import Scene
from tests.people.factors import HERE, Key, add_key, ask, events, first_step, is_in, set_up_app
from wiki.app import create_app
from wiki.config import Settings
from wiki.db import Database, at, now
from wiki.people.factors.challenges import Party, party
from wiki.people.factors.models import Passkey, PasskeyChallenge
from wiki.people.models import Person
from wiki.people.signin import limiting
from wiki.rules.limits import Limit

SIGN_IN = "/-/login/passkey"
SECOND = "/-/login/second/passkey"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings with an address at which browsers allow passkeys."""
    return replace(settings, base_url="http://localhost:8000")


@pytest.fixture
def key(wiki: Scene) -> Key:
    """Ben's passkey."""
    key = Key()
    assert add_key(wiki.client("ben"), key).status_code == 200
    return key


def by_passkey(wiki: Scene, key: Key, **other: str) -> Any:
    """Sign in with nothing but the key; the browser and its answer."""
    browser = wiki.new_client()
    answer = key.get(ask(browser, SIGN_IN), **other)
    return browser, browser.post("/-/login", data={"passkey": answer, "next": "/eng/"})


def stored(wiki: Scene) -> Passkey:
    with wiki.database.read() as session:
        return session.scalars(select(Passkey)).one()


@pytest.mark.parametrize(
    ("base_url", "found"),
    [
        ("https://wiki.example.org", Party("wiki.example.org", "https://wiki.example.org")),
        ("https://Wiki.Example.org:443/", Party("wiki.example.org", "https://wiki.example.org")),
        ("https://wiki.example:8443", Party("wiki.example", "https://wiki.example:8443")),
        ("https://büro.example", Party("xn--bro-hoa.example", "https://xn--bro-hoa.example")),
        ("http://localhost:8000", Party("localhost", "http://localhost:8000")),
        ("http://wiki.example.org", None),
        ("http://127.0.0.1:8000", None),
        ("https://192.0.2.7", None),
        ("https://[2001:db8::1]", None),
        ("https://a..example", None),
        ("https://wiki.example:port", None),
    ],
)
def test_a_passkey_is_for_the_address_in_the_settings(base_url: str, found: Party | None) -> None:
    assert party(Settings(base_url=base_url)) == found


def test_without_such_an_address_no_passkey_is_offered_and_none_asked_for(
    wiki: Scene, database: Database
) -> None:
    app = create_app(replace(wiki.settings, base_url="http://192.0.2.1"), database)
    app.config.update(WTF_CSRF_ENABLED=False)
    assert "data-passkey" in wiki.get("nobody", "/-/login").text
    assert "data-passkey" not in app.test_client().get("/-/login").text
    assert app.test_client().post(SIGN_IN).status_code == 422
    wiki.app = app
    browser = wiki.new_client("ben")
    assert "HTTPS" in browser.get(f"{HERE}/passkeys/new").text
    assert browser.post(f"{HERE}/passkeys/options").status_code == 422


def test_a_key_is_added_with_a_name_renamed_and_removed(wiki: Scene, key: Key) -> None:
    row = stored(wiki)
    assert (row.name, row.verifies, row.transports) == ("Key", True, ["usb"])
    assert "Key" in wiki.get("ben", HERE).text
    wiki.post("ben", f"{HERE}/passkeys/{row.id}/rename", factor_name="Laptop")
    assert "Laptop" in wiki.get("ben", f"{HERE}/passkeys/{row.id}").text
    assert wiki.get("ada", f"{HERE}/passkeys/{row.id}").status_code == 404
    for verb in ("rename", "remove"):
        assert wiki.post("ada", f"{HERE}/passkeys/{row.id}/{verb}").status_code == 404
    assert wiki.post("ben", f"{HERE}/passkeys/{row.id}/remove").status_code == 303
    wiki.get("ben", HERE)  # says it once
    assert "Laptop" not in wiki.get("ben", HERE).text
    assert by_passkey(wiki, key)[1].status_code == 422
    told = {"person_id": wiki.actor("ben").person_id, "kind": "passkey", "factor_id": row.id}
    for name in ("FactorAdded", "FactorRenamed", "FactorRemoved"):
        assert events(wiki, name) == [told]


def test_a_key_is_added_once_and_the_browser_is_told_which_are_there(wiki: Scene, key: Key) -> None:
    options = ask(wiki.client("ben"), f"{HERE}/passkeys/options")
    assert [one["id"] for one in options["excludeCredentials"]] == [stored(wiki).credential_id]
    own = key.user
    assert add_key(wiki.client("ben"), key).status_code == 422
    assert add_key(wiki.client("eve"), key).status_code == 422
    other = Key(id=b"another credential")
    assert add_key(wiki.client("ben"), other).status_code == 303
    assert other.user == own  # all of one person know them by one name, which tells nothing
    assert "ben" not in other.user


def test_a_passkey_signs_in_without_a_password(wiki: Scene, key: Key) -> None:
    browser, answer = by_passkey(wiki, key)
    assert (answer.status_code, answer.location) == (303, "/eng/")
    assert "Ben" in browser.get("/-/me").text
    assert events(wiki, "SignedIn")[-1]["by"] == "passkey"


def test_a_key_that_asks_for_no_finger_is_a_second_factor_only(wiki: Scene) -> None:
    key = Key(verifies=False)
    add_key(wiki.client("ben"), key)
    browser, answer = by_passkey(wiki, key)
    assert answer.status_code == 422
    assert not is_in(browser)
    first_step(browser, "ben")
    said = key.get(ask(browser, SECOND))
    assert browser.post("/-/login/second", data={"passkey": said}).status_code == 303
    assert is_in(browser)


def test_the_second_step_takes_the_keys_of_that_person_only(wiki: Scene, key: Key) -> None:
    eves = Key(id=b"eve's")
    add_key(wiki.client("eve"), eves)
    browser = wiki.new_client()
    first_step(browser, "ben")
    options = ask(browser, SECOND)
    assert [one["id"] for one in options["allowCredentials"]] == [
        one.credential_id for one in everybodys(wiki) if one.user_handle == key.user
    ]
    assert browser.post("/-/login/second", data={"passkey": eves.get(options)}).status_code == 422
    options = ask(browser, SECOND)
    assert browser.post("/-/login/second", data={"passkey": key.get(options)}).status_code == 303
    assert "Ben" in browser.get("/-/me").text


def everybodys(wiki: Scene) -> list[Passkey]:
    with wiki.database.read() as session:
        return list(session.scalars(select(Passkey)))


def test_the_keys_of_somebody_are_told_only_after_the_right_password(wiki: Scene, key: Key) -> None:
    assert wiki.new_client().post(SECOND).status_code == 422
    assert ask(wiki.new_client(), SIGN_IN)["allowCredentials"] == []


@pytest.mark.parametrize(
    "other",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8000.evil.example"},
        {"origin": "http://localhost"},
        {"site": "evil.example"},
        {"type": "webauthn.create"},
        {"challenge": "AAAA"},
    ],
)
def test_what_was_signed_for_another_site_or_purpose_is_refused(
    wiki: Scene, key: Key, other: dict[str, str]
) -> None:
    browser, answer = by_passkey(wiki, key, **other)
    assert answer.status_code == 422
    assert "wasn’t accepted" in answer.text
    assert not is_in(browser)


def test_the_host_a_request_names_changes_nothing(wiki: Scene, key: Key) -> None:
    browser = wiki.new_client()
    options = browser.post(SIGN_IN, headers={"Host": "evil.example"}).json
    assert options and options["rpId"] == "localhost"


def test_a_challenge_is_good_once_for_one_browser_one_purpose_and_five_minutes(
    wiki: Scene, key: Key
) -> None:
    browser = wiki.new_client()
    options = ask(browser, SIGN_IN)
    with browser.session_transaction() as cookie:
        challenge = cookie["challenge"]
    elsewhere = wiki.new_client()
    assert elsewhere.post("/-/login", data={"passkey": key.get(options)}).status_code == 422
    assert browser.post("/-/login", data={"passkey": "{}"}).status_code == 422  # uses it up
    with browser.session_transaction() as cookie:
        cookie["challenge"] = challenge
    assert browser.post("/-/login", data={"passkey": key.get(options)}).status_code == 422
    options = ask(browser, SIGN_IN)
    with at(now() + timedelta(minutes=6)):
        assert browser.post("/-/login", data={"passkey": key.get(options)}).status_code == 422
    options = ask(browser, SIGN_IN)
    first_step(browser, "ben")
    said = {"passkey": key.get(options)}
    assert browser.post("/-/login/second", data=said).status_code == 422
    assert not is_in(browser)
    with wiki.database.read() as session:
        assert session.scalars(select(PasskeyChallenge)).all() == []


def test_a_copied_key_is_found_out_by_its_count(wiki: Scene, key: Key) -> None:
    copy = replace(key)
    assert by_passkey(wiki, key)[1].status_code == 303
    assert by_passkey(wiki, key)[1].status_code == 303
    assert by_passkey(wiki, copy)[1].status_code == 422
    assert stored(wiki).sign_count == key.count


def test_a_passkey_that_counts_nothing_works_again_and_again(wiki: Scene) -> None:
    key = Key(counts=False)
    add_key(wiki.client("ben"), key)
    for _ in range(3):
        assert by_passkey(wiki, key)[1].status_code == 303


def test_a_key_says_whose_it_is_and_that_must_be_its_owner(wiki: Scene, key: Key) -> None:
    eves = Key(id=b"eve's")
    add_key(wiki.client("eve"), eves)
    key.user, own = eves.user, key.user
    assert by_passkey(wiki, key)[1].status_code == 422
    key.user = ""
    assert by_passkey(wiki, key)[1].status_code == 422
    key.user = own
    assert by_passkey(wiki, key)[1].status_code == 303


def test_somebody_disabled_does_not_come_in_by_a_passkey(wiki: Scene, key: Key) -> None:
    with wiki.database.write() as session:
        session.execute(update(Person).where(Person.handle == "ben").values(disabled_at=now()))
    browser, answer = by_passkey(wiki, key)
    assert answer.status_code == 422
    assert not is_in(browser)


def test_attempts_with_passkeys_count_for_their_address(
    wiki: Scene, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiting, "SIGN_IN_ADDRESS", Limit(2, limiting.SIGN_IN_ADDRESS.window))
    for _ in range(3):
        assert by_passkey(wiki, key)[1].status_code == 303  # what succeeds does not
    codes = [wiki.new_client().post("/-/login", data={"passkey": "{}"}).status_code for _ in "123"]
    assert codes == [422, 422, 429]
    monkeypatch.setattr(limiting, "CHALLENGES_ADDRESS", Limit(1, timedelta(minutes=1)))
    wiki.new_client().post(SIGN_IN)
    assert wiki.new_client().post(SIGN_IN).status_code == 429


HOSTILE = [
    "{",
    "[]",
    "1" * 30_000,
    "[" * 5000,
    '{"id": 1}',
    '{"id": "x", "rawId": "x", "type": "public-key", "response": []}',
    '{"id": "\\u0000", "rawId": "é", "type": "x", "response": {"userHandle": 7}}',
    json.dumps(
        {
            "id": "AA",
            "rawId": "AA",
            "type": "public-key",
            "response": {
                "clientDataJSON": "////",
                "attestationObject": "v////",
                "authenticatorData": "AA",
                "signature": "AA",
                "userHandle": "AA",
            },
        }
    ),
]


@pytest.mark.parametrize("answer", HOSTILE)
def test_hostile_answers_are_refused_with_a_sentence(wiki: Scene, key: Key, answer: str) -> None:
    browser = wiki.new_client()
    ask(browser, SIGN_IN)
    assert browser.post("/-/login", data={"passkey": answer}).status_code == 422
    for known in (json.dumps({**json.loads(key.get(ask(browser, SIGN_IN))), "response": answer}),):
        assert browser.post("/-/login", data={"passkey": known}).status_code == 422
    first_step(browser, "ben")
    ask(browser, SECOND)
    assert browser.post("/-/login/second", data={"passkey": answer}).status_code == 422
    ask(wiki.client("ben"), f"{HERE}/passkeys/options")
    refused = wiki.post("ben", f"{HERE}/passkeys", factor_name="x", passkey=answer)
    assert refused.status_code == 422
    assert "wasn’t accepted" in refused.text


def test_a_key_made_for_another_site_is_not_added(wiki: Scene) -> None:
    for key in (Key(origin="https://evil.example"), Key()):
        options = ask(wiki.client("ben"), f"{HERE}/passkeys/options")
        if key.origin == "http://localhost:8000":
            options["rp"]["id"] = "evil.example"
        refused = wiki.post("ben", f"{HERE}/passkeys", passkey=key.create(options))
        assert refused.status_code == 422
    assert everybodys(wiki) == []


def test_a_passkey_confirms_who_it_is(wiki: Scene, key: Key) -> None:
    browser = wiki.client("ben")
    wiki.unconfirm("ben")
    assert browser.post("/-/me/tokens", data={"token_name": "x"}).status_code == 403
    said = key.get(ask(browser, "/-/confirm/passkey"))
    form = {"token_name": "x", "scope": "read", "confirm.passkey": said}
    made = browser.post("/-/me/tokens", data=form)
    assert made.status_code == 200 and "wiki_" in made.text


def test_what_is_wrong_with_a_confirmation_is_said_where_it_was_given(
    wiki: Scene, key: Key
) -> None:
    browser = wiki.client("ben")
    wiki.unconfirm("ben")
    form = {"token_name": "x", "scope": "read"}
    refused = browser.post("/-/me/tokens", data=form | {"confirm.passkey": "{}"})
    assert refused.status_code == 422
    assert '<a href="#confirm.passkey">' in refused.text
    assert 'aria-describedby="confirm.passkey-error"' in refused.text
    with wiki.database.write() as session:
        session.get_one(Person, wiki.actor("ben").person_id).password_hash = None
    for wrong in ({"confirm.passkey": ""}, {"confirm.password": "no"}, {"confirm.code": "1"}):
        refused = browser.post("/-/me/tokens", data=form | wrong)
        assert refused.status_code == 422
        assert 'role="alert"' in refused.text
        assert "#confirm." not in refused.text


def test_with_a_passkey_an_app_is_asked_for_no_more(wiki: Scene, key: Key) -> None:
    set_up_app(wiki.client("ben"))
    browser, answer = by_passkey(wiki, key)
    assert answer.status_code == 303
    assert is_in(browser)
