"""A new password by mail, for those who forgot theirs."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.cast import PASSWORD, Scene, words_of
from wiki.db import now
from wiki.mail.models import Mail
from wiki.people.models import LoginSession, PasswordReset, Person
from wiki.people.signin import limiting
from wiki.rules.limits import Limit

NEW = "another long password"


def ask(wiki: Scene, login: str, **options: object) -> TestResponse:
    return wiki.new_client().post("/-/forgot", data={"login": login}, **options)  # type: ignore[arg-type]


def link_for(wiki: Scene, login: str) -> str:
    """The path of the link in the newest mail, after asking for one."""
    ask(wiki, login)
    found = re.search(r"http://127\.0\.0\.1:8000(/-/reset/\S+)", words_of(wiki.letters()[-1]))
    assert found
    return found[1]


def can_sign_in(wiki: Scene, login: str, password: str) -> bool:
    answer = wiki.new_client().post("/-/login", data={"login": login, "password": password})
    return answer.status_code == 303


def test_a_mailed_link_sets_a_new_password_and_ends_every_sign_in(wiki: Scene) -> None:
    signed_in = wiki.new_client("ben")
    assert signed_in.get("/-/me").status_code == 200
    link = link_for(wiki, "Ben@example.org")
    letter = wiki.letters()[-1]
    assert letter["To"] == "ben@example.org"
    browser = wiki.new_client()
    assert "Ben" in browser.get(link).text
    assert browser.post(link, data={"password": NEW}).location == "/-/login"
    assert "Your new password is set" in browser.get("/-/login").text
    assert signed_in.get("/-/me").status_code == 302
    assert can_sign_in(wiki, "ben", NEW)
    assert not can_sign_in(wiki, "ben", PASSWORD)
    assert "was changed" in wiki.letters()[-1]["Subject"]


def test_looking_at_the_link_does_not_use_it_up(wiki: Scene) -> None:
    link = link_for(wiki, "ben")
    for _ in range(3):  # such as a mail filter does
        assert wiki.new_client().get(link).status_code == 200
    refused = wiki.new_client().post(link, data={"password": "short"})
    assert refused.status_code == 422
    assert "at least 10 characters" in refused.text
    assert wiki.new_client().post(link, data={"password": NEW}).status_code == 303


def test_a_link_works_once_and_within_an_hour(wiki: Scene) -> None:
    link = link_for(wiki, "ben")
    wiki.new_client().post(link, data={"password": NEW})
    again = wiki.new_client().post(link, data={"password": "yet another one"})
    assert again.status_code == 410
    assert "Request a new one" in again.text
    late = link_for(wiki, "eve")
    with wiki.database.write() as session:
        session.execute(update(PasswordReset).values(expires_at=now() - timedelta(seconds=1)))
    assert wiki.new_client().get(late).status_code == 410
    assert wiki.new_client().post(late, data={"password": NEW}).status_code == 410
    guessed = wiki.new_client().get("/-/reset/guessed")
    assert guessed.text == wiki.new_client().get(late).text.replace(late, "/-/reset/guessed")


def test_the_use_of_one_link_ends_the_others(wiki: Scene) -> None:
    first, second = link_for(wiki, "ben"), link_for(wiki, "ben@example.org")
    wiki.new_client().post(second, data={"password": NEW})
    assert wiki.new_client().get(first).status_code == 410


def test_of_two_who_use_a_link_at_once_one_wins(wiki: Scene) -> None:
    link = link_for(wiki, "ben")
    ready = Barrier(2)

    def use(number: int) -> int:
        browser = wiki.new_client()
        ready.wait()
        return browser.post(link, data={"password": f"password number {number}"}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(use, range(2))) == [303, 410]


def test_everybody_gets_the_same_answer_and_only_some_a_mail(wiki: Scene) -> None:
    with wiki.database.write() as session:
        session.execute(update(Person).where(Person.handle == "cai").values(email=None))
        session.execute(update(Person).where(Person.handle == "dot").values(disabled_at=now()))
        session.execute(update(Person).where(Person.handle == "eve").values(password_hash=None))
    answers = set()
    for login in ("ben", "cai", "dot", "eve", "zed", "zed@example.org", "\x00", "x" * 300):
        answer = ask(wiki, login)
        answers.add((answer.status_code, answer.location, answer.text))
    assert len(answers) == 1
    assert [letter["To"] for letter in wiki.letters()] == ["ben@example.org"]
    with wiki.database.read() as session:
        kept = session.scalars(select(PasswordReset.login)).all()
        assert kept == ["ben"]  # what others typed is forgotten
        assert session.scalars(select(Mail)).all() == []


def test_the_request_itself_never_looks_whether_the_name_exists(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("looked it up")

    with monkeypatch.context() as patch:
        patch.setattr("wiki.people.signin.resets.find_person", fail)
        patch.setattr("wiki.people.actions.find_person", fail)
        assert ask(wiki, "ben").status_code == ask(wiki, "zed").status_code == 303
    assert len(wiki.letters()) == 1


def test_a_link_leads_to_the_address_in_the_settings_whatever_the_request_claims(
    wiki: Scene,
) -> None:
    ask(
        wiki,
        "ben",
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
    )
    text = words_of(wiki.letters()[-1])
    assert "http://127.0.0.1:8000/-/reset/" in text
    assert "evil" not in text


def test_nobody_is_flooded_with_mails(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiting, "RESET_ADDRESS", Limit(5, timedelta(hours=1)))
    known = [ask(wiki, "ben").status_code for _ in range(5)]
    with wiki.database.write() as session:
        limiting.give_back(session, limiting.reset_counters("", "127.0.0.1")[1:])
    unknown = [ask(wiki, "zed").status_code for _ in range(4)]
    assert known == [303, 303, 303, 429, 429]
    assert unknown == [303, 303, 303, 429]
    refused = ask(wiki, "cai")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 3500
    assert len(wiki.letters()) == 3


def test_all_spellings_of_an_account_count_together(wiki: Scene) -> None:
    for login in ("ben", "ben@example.org") * 3:
        assert ask(wiki, login).status_code == 303
    assert len(wiki.letters()) == 3


def test_a_new_password_opens_an_account_that_was_locked(wiki: Scene) -> None:
    for _ in range(limiting.SIGN_IN_ACCOUNT.most):
        assert not can_sign_in(wiki, "ben", "guess")
    assert not can_sign_in(wiki, "ben", PASSWORD)
    wiki.new_client().post(link_for(wiki, "ben"), data={"password": NEW})
    assert can_sign_in(wiki, "ben", NEW)


def test_a_link_of_somebody_who_was_disabled_ends(wiki: Scene) -> None:
    link = link_for(wiki, "ben")
    wiki.post("ada", "/-/admin/people/ben/disable")
    assert wiki.new_client().post(link, data={"password": NEW}).status_code == 410
    with wiki.database.read() as session:
        assert (
            session.scalars(
                select(LoginSession.id).where(LoginSession.person_id == wiki.actor("ben").person_id)
            ).all()
            == []
        )
