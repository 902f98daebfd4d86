"""Signing in and out, on sessions that the server keeps."""

import re
from datetime import timedelta
from html import unescape

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update
from werkzeug.test import TestResponse

from tests.cast import PASSWORD, Scene, without_tokens
from wiki.app import create_app
from wiki.config import Settings
from wiki.db import Database, now
from wiki.people import passwords
from wiki.people.models import LoginSession, Person


def sign_in(
    browser: FlaskClient, login: str, password: str = PASSWORD, **more: str
) -> TestResponse:
    return browser.post("/-/login", data={"login": login, "password": password, **more})


def count_sessions(wiki: Scene, handle: str) -> int:
    with wiki.database.read() as session:
        return (
            session.scalar(
                select(func.count()).where(LoginSession.person_id == wiki.actor(handle).person_id)
            )
            or 0
        )


@pytest.mark.parametrize("login", ["ben", "BEN ", "ben@example.org", "Ben@Example.ORG"])
def test_a_person_signs_in_with_name_or_address_in_any_case(wiki: Scene, login: str) -> None:
    browser = wiki.new_client()
    assert browser.get("/-/me").status_code == 302
    answer = sign_in(browser, login, next="/eng/?x=1")
    assert (answer.status_code, answer.location) == (303, "/eng/?x=1")
    assert "Ben" in browser.get("/-/me").text


@pytest.mark.parametrize("url", ["/-/me?what=%C3%A9%2F%3F", "/eng/wh%C3%A5t%3F%25/-/edit", "/-/me"])
def test_a_closed_screen_is_shown_after_the_sign_in_it_asked_for(wiki: Scene, url: str) -> None:
    browser = wiki.new_client()
    asked = browser.get(url)
    assert asked.status_code == 302
    form = browser.get(asked.location)
    found = re.search(r'name="next" value="([^"]+)"', form.text)
    assert found
    assert sign_in(browser, "ben", next=unescape(found[1])).location == url


def answer_of(wiki: Scene, login: str, password: str) -> tuple[int, list[tuple[str, str]], str]:
    answer = sign_in(wiki.new_client(), login, password)
    headers = [(name, "…" if name == "Set-Cookie" else value) for name, value in answer.headers]
    return answer.status_code, headers, without_tokens(answer.text).replace(login, "NAME")


def test_an_unknown_name_a_wrong_password_and_a_closed_account_are_answered_alike(
    wiki: Scene,
) -> None:
    with wiki.database.write() as session:
        session.execute(update(Person).where(Person.handle == "dot").values(disabled_at=now()))
        session.execute(update(Person).where(Person.handle == "cai").values(password_hash=None))
    wrong = answer_of(wiki, "ben", "not the password")
    assert wrong[0] == 422
    assert answer_of(wiki, "zed", "not the password") == wrong
    assert answer_of(wiki, "dot", PASSWORD) == wrong
    assert answer_of(wiki, "cai", "") == answer_of(wiki, "zed", "")


def test_a_password_is_checked_as_long_for_nobody_as_for_somebody(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []

    class Counting(PasswordHasher):  # makes hashes as the tests do
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
            checked.append(str(hash).rpartition("$")[0].rpartition("$")[0])
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting(1, 8, 1))
    for login in ("ben", "zed", "\x00", "ben\x00"):
        sign_in(wiki.new_client(), login, "not the password")
    assert len(checked) == 4
    assert len(set(checked)) == 1


def test_passwords_are_never_hashed_while_other_writers_wait(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = []

    class Watching(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
            assert not writing
            return super().verify(hash, password)

        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            assert not writing
            return super().hash(password, salt=salt)

    monkeypatch.setattr(passwords, "_hasher", Watching(1, 8, 1))
    if wiki.database.is_sqlite:
        engine = wiki.database.writer
        event.listen(engine, "begin", lambda _: writing.append(1))
        event.listen(engine, "commit", lambda _: writing.clear())
        event.listen(engine, "rollback", lambda _: writing.clear())
    browser = wiki.new_client()
    assert sign_in(browser, "ben").status_code == 303
    changed = browser.post(
        "/-/me/password",
        data={"new_password": "another long password"},
    )
    assert changed.status_code == 303
    assert sign_in(wiki.new_client(), "ben", "another long password").status_code == 303


def test_hashes_take_the_effort_that_is_advised(slow_hasher: PasswordHasher) -> None:
    assert slow_hasher.hash("x").startswith("$argon2id$")
    # OWASP, Password Storage Cheat Sheet: at least 19 MiB and two passes.
    assert slow_hasher.memory_cost >= 19 * 1024
    assert slow_hasher.time_cost >= 2


def test_a_hash_made_with_other_effort_is_renewed_at_the_sign_in(wiki: Scene) -> None:
    weak = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    with wiki.database.write() as session:
        session.execute(update(Person).where(Person.handle == "ben").values(password_hash=weak))
    assert sign_in(wiki.new_client(), "ben").status_code == 303
    with wiki.database.read() as session:
        stored = session.scalar(select(Person.password_hash).where(Person.handle == "ben"))
    assert stored not in (weak, None)
    assert sign_in(wiki.new_client(), "ben").status_code == 303


def test_a_password_is_the_same_from_a_keyboard_that_composes_accents_otherwise() -> None:
    person = Person(password_hash=passwords.hash_password("Caf\u00e9 im Garten"))
    assert passwords.check_password(person, "Cafe\u0301 im Garten")
    assert not passwords.check_password(person, "Cafe im Garten")


def test_signing_out_ends_the_session_on_the_server(wiki: Scene) -> None:
    browser = wiki.new_client()
    sign_in(browser, "ben")
    cookie = browser.get_cookie("wiki")
    assert cookie is not None
    assert browser.post("/-/logout").status_code == 303
    assert count_sessions(wiki, "ben") == 0
    browser.set_cookie("wiki", cookie.value)
    assert browser.get("/-/me").status_code == 302


def test_nothing_of_an_earlier_cookie_is_trusted_after_the_sign_in(wiki: Scene) -> None:
    browser = wiki.new_client()
    browser.get("/-/login")
    with browser.session_transaction() as cookie:
        before = cookie["csrf_token"]
        cookie["planted"] = "by somebody"
    sign_in(browser, "ben")
    browser.get("/-/me")
    with browser.session_transaction() as cookie:
        assert cookie["csrf_token"] != before
        assert "planted" not in cookie


def test_a_second_sign_in_of_a_browser_takes_the_place_of_the_first(wiki: Scene) -> None:
    browser = wiki.new_client()
    sign_in(browser, "ben")
    sign_in(browser, "ben")
    assert count_sessions(wiki, "ben") == 1
    sign_in(browser, "eve")
    assert count_sessions(wiki, "ben") == 0


def test_an_unused_sign_in_ends_and_is_cleared_away(wiki: Scene) -> None:
    browser = wiki.new_client()
    sign_in(browser, "ben")
    with wiki.database.write() as session:
        session.execute(update(LoginSession).values(expires_at=now() - timedelta(seconds=1)))
    assert browser.get("/-/me").status_code == 302
    sign_in(wiki.new_client(), "eve")
    assert count_sessions(wiki, "ben") == 0


def test_a_used_sign_in_lives_on_without_a_write_for_each_view(wiki: Scene) -> None:
    browser = wiki.new_client()
    sign_in(browser, "ben")
    earlier = now() - timedelta(hours=1)
    with wiki.database.write() as session:
        session.execute(
            update(LoginSession).values(seen_at=earlier, expires_at=now() + timedelta(1))
        )
    commits: list[object] = []
    event.listen(wiki.database.writer, "commit", commits.append)
    seen = browser.get("/-/me", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert "Expires" in seen.headers["Set-Cookie"]
    writes = len(commits)
    for _ in range(3):
        assert "Expires" not in browser.get("/-/me").headers.get("Set-Cookie", "")
    if wiki.database.is_sqlite:  # on PostgreSQL readers commit on the same engine
        assert (writes, len(commits)) == (1, 1)
    with wiki.database.read() as session:
        row = session.scalars(select(LoginSession)).one()
        assert row.seen_at > earlier + timedelta(minutes=59)
        assert row.expires_at > now() + timedelta(days=29)
        assert row.address == "192.0.2.7"


def test_a_sign_in_that_was_ended_is_not_revived_by_being_seen(wiki: Scene) -> None:
    browser = wiki.new_client()
    sign_in(browser, "ben")
    with wiki.database.write() as session:
        session.execute(update(LoginSession).values(expires_at=now() - timedelta(days=1)))
    assert browser.get("/").status_code == 200
    assert browser.get("/-/me").status_code == 302


def test_cookies_keep_to_themselves(wiki: Scene, settings: Settings, database: Database) -> None:
    cookies = sign_in(wiki.new_client(), "ben").headers.getlist("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["wiki-known", "wiki"]
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
    secure = Settings(
        data_dir=settings.data_dir,
        secret_key=settings.secret_key,
        base_url="https://wiki.example.org",
    )
    app = create_app(secure, database)
    app.config["WTF_CSRF_ENABLED"] = False
    cookies = sign_in(app.test_client(), "ben").headers.getlist("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["__Host-wiki-known", "__Host-wiki"]
    for cookie in cookies:
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


def test_before_there_is_an_admin_the_sign_in_says_how_to_become_one(wiki: Scene) -> None:
    assert "first admin" not in wiki.get("nobody", "/-/login").text
    with wiki.database.write() as session:
        session.execute(update(Person).values(site_role="member"))
    assert "first admin" in wiki.get("nobody", "/-/login").text


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "/-/login"],
)
def test_nobody_is_led_out_of_the_wiki_or_in_a_circle(wiki: Scene, url: str) -> None:
    assert sign_in(wiki.new_client(), "ben", next=url).location == "/"
    signed_in = wiki.client("ben").get("/-/login", query_string={"next": url})
    assert signed_in.location == "/"
