"""Signing in by an OpenID provider: a real one, in a process of its own."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from flask_login import current_user
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.cast import PASSWORD, Scene, words_of
from tests.people.factors import HERE, set_up_app
from tests.people.oidc import BACK, CLIENT_ID, SECRET, go_there, real_provider
from tests.people.test_mfa_policy import require
from wiki.config import Settings
from wiki.db import at, now
from wiki.outbox.models import EventRow
from wiki.people.models import Identity, LoginSession, Person, ProviderVisit
from wiki.people.oidc import identities
from wiki.people.oidc.visits import Stranger
from wiki.people.signin import limiting, sign_in
from wiki.people.signin.sign_in import SignedIn
from wiki.rules.limits import Limit


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    """A provider, one for the whole run."""
    with real_provider() as found:
        yield found


@pytest.fixture
def settings(settings: Settings, issuer: str) -> Settings:
    """Settings that name the provider."""
    return replace(
        settings,
        oidc_issuer=issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=SECRET,
        oidc_name="Example ID",
    )


def address_of(shown: TestResponse) -> str:
    """Where the screen on the way leads, by its header and by its link."""
    assert shown.status_code == 200, shown.text
    refresh = shown.headers["Refresh"]
    assert refresh.startswith("0; url=")
    address = refresh.removeprefix("0; url=")
    assert address.replace("&", "&amp;") in shown.text
    return address


def there(browser: FlaskClient, login: str, *, next: str = "/", refuse: bool = False) -> str:
    """Begin at the wiki, sign in there; the address that one is sent back to."""
    begun = browser.post("/-/login/oidc", data={"next": next})
    return go_there(address_of(begun), login, refuse=refuse)


def back(browser: FlaskClient, address: str, *, follow: bool = False) -> TestResponse:
    return browser.get(
        address.removeprefix(BACK.removesuffix("/-/login/oidc/callback")), follow_redirects=follow
    )


def come(browser: FlaskClient, login: str, *, next: str = "/", **more: Any) -> TestResponse:
    """The whole way; the last screen."""
    return back(browser, there(browser, login, next=next, **more), follow=True)


def who(browser: FlaskClient) -> str:
    """Who is signed in in a browser."""
    found = re.search(r"@([\w.-]+)</a></span>", browser.get("/-/me").text)
    return found[1] if found else "nobody"


def link(wiki: Scene, handle: str, subject: str) -> None:
    with wiki.database.write() as session:
        person = session.get_one(Person, wiki.actor(handle).person_id)
        stranger = Stranger(wiki.settings.oidc_issuer, subject, None)
        identities.link(session, wiki.settings, person.actor(), person, stranger)


def change(wiki: Scene, handle: str, **values: Any) -> None:
    with wiki.database.write() as session:
        mine = Person.id == wiki.actor(handle).person_id
        session.execute(update(Person).where(mine).values(**values))


def links(wiki: Scene) -> list[tuple[str, str]]:
    with wiki.database.read() as session:
        rows = session.execute(
            select(Person.handle, Identity.subject)
            .join(Identity, Identity.person_id == Person.id)
            .order_by(Identity.id)
        )
        return [(row[0], row[1]) for row in rows]


def test_who_is_linked_is_signed_in_as_with_a_password(wiki: Scene) -> None:
    wiki.write("rota", "words")
    link(wiki, "ben", "id-of-ben")
    browser = wiki.new_client()
    assert "Continue with Example ID" in browser.get("/-/login").text
    sent = back(browser, there(browser, "id-of-ben", next="/eng/rota?revision=1"))
    assert (sent.status_code, sent.location) == (303, "/eng/rota?revision=1")
    assert who(browser) == "ben"
    with wiki.database.read() as session:
        rows = session.scalars(select(LoginSession)).all()
        assert [row.person_id for row in rows] == [wiki.actor("ben").person_id]
        assert session.scalars(select(EventRow.name).order_by(EventRow.id.desc())).first() == (
            "SignedIn"
        )
        assert session.scalars(select(Identity.used_at)).one() is not None
    assert browser.post("/-/logout").status_code == 303
    assert who(browser) == "nobody"


def test_the_one_way_to_begin_a_session_is_used(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    begin = sign_in.begin

    def noted(session: Session, person: Person) -> SignedIn:
        begun.append(person.handle)
        assert current_user is not None
        return begin(session, person)

    monkeypatch.setattr(sign_in, "begin", noted)
    link(wiki, "ben", "id-of-ben")
    come(wiki.new_client(), "id-of-ben")
    assert begun == ["ben"]


def test_the_way_back_is_made_of_the_settings_alone(wiki: Scene) -> None:
    begun = wiki.new_client().post(
        "/-/login/oidc",
        data={"next": "/"},
        headers={"Host": "evil.example.org", "X-Forwarded-Host": "evil.example.org"},
    )
    asked = parse_qs(urlsplit(address_of(begun)).query)
    assert asked["redirect_uri"] == [BACK]
    assert asked["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name][0]) >= 43
    assert begun.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "next", ["https://evil.example.org/", "//evil.example.org", "/\\evil.example.org", "/-/logout"]
)
def test_one_ends_up_at_this_wiki_only(wiki: Scene, next: str) -> None:
    link(wiki, "ben", "id-of-ben")
    browser = wiki.new_client()
    assert back(browser, there(browser, "id-of-ben", next=next)).location == "/"


def test_who_is_known_to_nobody_is_told_what_to_do(wiki: Scene) -> None:
    browser = wiki.new_client()
    for login in ("id-of-new", "id-of-nobody"):
        shown = come(browser, login)
        assert "Your Example ID account isn’t linked" in shown.text
        assert 'action="/-/login"' in shown.text
        assert who(browser) == "nobody"
    assert links(wiki) == []


def test_a_proven_address_is_linked_only_after_a_sign_in_and_a_yes(wiki: Scene) -> None:
    change(wiki, "ben", email_proven_at=now())
    browser = wiki.new_client()
    asked = come(browser, "id-of-ben", next="/eng/")
    assert "An account here already uses ben@example.org" in asked.text
    assert (who(browser), links(wiki)) == ("nobody", [])
    next = re.search(r'name="next" value="(/-/me/identities/[^"]+)"', asked.text)
    assert next
    form = {"login": "ben", "password": "wrong", "next": next[1]}
    assert browser.post("/-/login", data=form).status_code == 422
    assert links(wiki) == []
    sent = browser.post("/-/login", data={**form, "password": PASSWORD})
    assert sent.location == next[1]
    shown = browser.get(next[1])
    assert "ben@example.org" in shown.text
    assert links(wiki) == [], "nothing is linked by looking"
    assert browser.post(next[1]).location == "/eng/"
    assert links(wiki) == [("ben", "id-of-ben")]
    assert "linked" in words_of(wiki.letters()[-1])
    assert browser.post(next[1]).status_code == 410, "once"
    other = wiki.new_client()
    come(other, "id-of-ben")
    assert who(other) == "ben"


def test_who_is_signed_in_already_is_asked_at_once(wiki: Scene) -> None:
    change(wiki, "ben", email_proven_at=now())
    browser = wiki.new_client("ben")
    shown = come(browser, "id-of-ben")
    assert "Link accounts" in shown.text
    assert links(wiki) == []
    wiki.unconfirm("ben")
    url = shown.request.path
    asked = browser.post(url)
    assert (asked.status_code, links(wiki)) == (403, [])
    assert "Confirm it’s you" in asked.text
    assert browser.post(url, data={"confirm.password": "wrong"}).status_code == 422
    assert links(wiki) == []
    assert browser.post(url, data={"confirm.password": PASSWORD}).status_code == 303
    assert links(wiki) == [("ben", "id-of-ben")]


@pytest.mark.parametrize("handle", ["ada", "eve"])
def test_nobody_else_links_who_came_with_their_account(wiki: Scene, handle: str) -> None:
    change(wiki, "ben", email_proven_at=now())
    change(wiki, handle, email_proven_at=now())
    browser = wiki.new_client()
    asked = come(browser, "id-of-ben")
    next = re.search(r'value="(/-/me/identities/[^"]+)"', asked.text)
    assert next
    for method in ("GET", "POST"):
        refused = wiki.client(handle).open(next[1], method=method)
        assert refused.status_code == 403
        assert "a different account" in refused.text
    change(wiki, "ben", email="ben@elsewhere.example.org")
    assert wiki.client("ben").post(next[1]).status_code == 403, "the address is not his any more"
    with at(now() + timedelta(minutes=11)):
        assert wiki.client("ben").get(next[1]).status_code == 410
    assert links(wiki) == []


def test_an_address_that_is_not_proven_here_links_nothing(wiki: Scene) -> None:
    browser = wiki.new_client()
    assert "Your Example ID account isn’t linked" in come(browser, "id-of-ben").text
    assert (who(browser), links(wiki)) == ("nobody", [])


def test_an_address_that_is_not_verified_there_links_nothing(wiki: Scene) -> None:
    change(wiki, "cai", email_proven_at=now())
    browser = wiki.new_client()
    assert "Your Example ID account isn’t linked" in come(browser, "id-of-cai").text
    assert (who(browser), links(wiki)) == ("nobody", [])


def test_one_links_and_unlinks_under_one_s_account(wiki: Scene) -> None:
    browser = wiki.new_client("eve")
    wiki.unconfirm("eve")
    asked = browser.post("/-/me/identities")
    assert asked.status_code == 403
    begun = browser.post("/-/me/identities", data={"confirm.password": PASSWORD})
    shown = back(browser, go_there(address_of(begun), "id-of-nobody"), follow=True)
    assert "You can now sign in with Example ID." in shown.text
    assert links(wiki) == [("eve", "id-of-nobody")]
    other = wiki.new_client()
    come(other, "id-of-nobody")
    assert who(other) == "eve"
    with wiki.database.read() as session:
        id = session.scalars(select(Identity.id)).one()
    assert wiki.post("ben", f"/-/me/identities/{id}/unlink").status_code == 404
    wiki.unconfirm("eve")
    assert browser.post(f"/-/me/identities/{id}/unlink").status_code == 403
    assert links(wiki) == [("eve", "id-of-nobody")]
    confirmed = {"confirm.password": PASSWORD}
    assert browser.post(f"/-/me/identities/{id}/unlink", data=confirmed).status_code == 303
    assert links(wiki) == []
    assert "Your Example ID account isn’t linked" in come(wiki.new_client(), "id-of-nobody").text
    subjects = [letter["Subject"] for letter in wiki.letters()]
    assert len(subjects) == 2


def test_admins_see_how_somebody_signs_in(wiki: Scene) -> None:
    assert "<dd>a password</dd>" in wiki.get("ada", "/-/admin/people/eve").text
    link(wiki, "eve", "id-of-nobody")
    assert "<dd>a password or Example ID</dd>" in wiki.get("ada", "/-/admin/people/eve").text
    change(wiki, "eve", password_hash=None)
    assert "<dd>Example ID</dd>" in wiki.get("ada", "/-/admin/people/eve").text


def test_an_account_without_a_password_gets_one_after_signing_in_there_once_more(
    wiki: Scene,
) -> None:
    link(wiki, "eve", "id-of-nobody")
    change(wiki, "eve", password_hash=None)
    browser = wiki.new_client("eve")
    wiki.unconfirm("eve")
    assert "Set password" in browser.get("/-/me").text
    for url, form, sent_from in (
        ("/-/me/identities", {}, "http://localhost/-/me"),
        ("/-/me/password", {"new_password": "another long password"}, "http://[x"),
        ("/-/me/profile", {"name": "Eve", "email": "eve@new.example.org"}, ""),
    ):
        asked = browser.post(url, data=form, headers={"Referer": sent_from})
        assert asked.status_code == 403
        assert "sign in with Example ID again" in asked.text
    begun = browser.post("/-/login/oidc", data={"next": "/-/me", "anew": "1"})
    assert parse_qs(urlsplit(address_of(begun)).query)["prompt"] == ["login"]
    back(browser, go_there(address_of(begun), "id-of-nobody"))
    profile = {"name": "Eve", "email": "eve@new.example.org"}
    assert browser.post("/-/me/profile", data=profile).status_code == 303
    form = {"new_password": "another long password"}
    assert browser.post("/-/me/password", data=form).status_code == 303
    other = wiki.new_client()
    sent = {"login": "eve@new.example.org", "password": "another long password"}
    other.post("/-/login", data=sent)
    assert who(other) == "eve"


def test_who_must_have_a_second_factor_can_sign_in_there_once_more_to_set_one_up(
    wiki: Scene,
) -> None:
    link(wiki, "eve", "id-of-nobody")
    change(wiki, "eve", password_hash=None)
    browser = wiki.new_client("eve")
    set_up_app(wiki.client("ada"))
    require(wiki, "everybody")
    wiki.unconfirm("eve")
    asked = browser.post(f"{HERE}/authenticators", headers={"Referer": f"http://localhost{HERE}"})
    assert asked.status_code == 403
    assert "sign in with Example ID again" in asked.text
    begun = browser.post("/-/login/oidc", data={"next": HERE, "anew": "1"})
    assert begun.status_code == 200
    assert back(browser, go_there(address_of(begun), "id-of-nobody")).location == HERE
    assert browser.get("/-/me").location.startswith(HERE)
    set_up_app(browser)
    assert who(browser) == "eve"


def test_without_any_proof_an_account_is_not_handed_over(wiki: Scene) -> None:
    change(wiki, "eve", password_hash=None)
    browser = wiki.new_client("eve")
    wiki.unconfirm("eve")
    refused = browser.post("/-/me/password", data={"new_password": "another long password"})
    assert refused.status_code == 403
    assert "Ask an admin to give it a password" in refused.text


def test_the_only_way_in_is_not_unlinked(wiki: Scene) -> None:
    link(wiki, "eve", "id-of-nobody")
    link(wiki, "eve", "id-of-new")
    change(wiki, "eve", password_hash=None)
    with wiki.database.read() as session:
        first, second = session.scalars(select(Identity.id).order_by(Identity.id)).all()
    assert wiki.post("eve", f"/-/me/identities/{first}/unlink").status_code == 303
    refused = wiki.post("eve", f"/-/me/identities/{second}/unlink")
    assert refused.status_code == 422
    assert "it’s your only way to sign in" in refused.text
    assert links(wiki) == [("eve", "id-of-new")]


def test_a_link_with_a_provider_that_is_gone_is_no_way_in(wiki: Scene) -> None:
    link(wiki, "eve", "id-of-new")
    with wiki.database.write() as session:
        gone = Identity(
            issuer="https://old.example.org", subject="x", person_id=wiki.actor("eve").person_id
        )
        session.add(gone)
        session.flush()
        current = session.scalars(select(Identity.id).where(Identity.subject == "id-of-new")).one()
    change(wiki, "eve", password_hash=None)
    assert wiki.post("eve", f"/-/me/identities/{current}/unlink").status_code == 422
    assert "not in use here" in wiki.get("eve", "/-/me").text


def test_one_is_linked_with_one_account_only(wiki: Scene) -> None:
    link(wiki, "ben", "id-of-ben")
    browser = wiki.new_client("eve")
    begun = browser.post("/-/me/identities", data={"confirm.password": PASSWORD})
    shown = back(browser, go_there(address_of(begun), "id-of-ben"), follow=True)
    assert "already linked to another account here" in shown.text
    assert links(wiki) == [("ben", "id-of-ben")]


def test_a_visit_that_is_to_link_is_good_in_its_sign_in_only(wiki: Scene) -> None:
    browser = wiki.new_client("eve")
    begun = browser.post("/-/me/identities", data={"confirm.password": PASSWORD})
    address = go_there(address_of(begun), "id-of-ben")
    browser.post("/-/logout")
    assert "Sign in again" in back(browser, address, follow=True).text
    assert links(wiki) == []


def test_a_way_back_is_good_once_in_the_same_browser_and_for_minutes(wiki: Scene) -> None:
    link(wiki, "ben", "id-of-ben")
    browser, other = wiki.new_client(), wiki.new_client()
    address = there(browser, "id-of-ben")
    there(other, "id-of-ben")
    assert "Sign in again" in back(other, address, follow=True).text
    assert who(other) == "nobody"
    late = there(browser, "id-of-ben")
    with at(now() + timedelta(minutes=10, seconds=1)):
        assert "Sign in again" in back(browser, late, follow=True).text
    assert back(browser, address).location == "/"
    assert who(browser) == "ben"
    browser.post("/-/logout")
    assert "Sign in again" in back(browser, address, follow=True).text
    assert who(browser) == "nobody"


@pytest.mark.parametrize("query", ["", "?state=guessed&code=x", "?error=access_denied"])
def test_a_way_back_that_nobody_was_sent_on_leads_to_the_sign_in(wiki: Scene, query: str) -> None:
    shown = wiki.new_client().get(f"/-/login/oidc/callback{query}", follow_redirects=True)
    assert "Sign in again" in shown.text
    assert 'action="/-/login"' in shown.text


def test_whoever_breaks_off_there_can_go_on_here(wiki: Scene) -> None:
    browser = wiki.new_client()
    shown = come(browser, "id-of-ben", refuse=True, next="/eng/")
    assert "the sign-in at Example ID was cancelled or refused" in shown.text
    assert 'name="next" value="/eng/"' in shown.text


def test_another_s_code_is_not_taken(wiki: Scene, caplog: pytest.LogCaptureFixture) -> None:
    link(wiki, "ben", "id-of-ben")
    caplog.set_level(logging.DEBUG)
    attacker, victim = wiki.new_client(), wiki.new_client()
    stolen = parse_qs(urlsplit(there(attacker, "id-of-ben")).query)["code"][0]
    address = there(victim, "id-of-nobody")
    own = parse_qs(urlsplit(address).query)["code"][0]
    shown = back(victim, address.replace(own, stolen), follow=True)
    assert "The sign-in information from Example ID couldn’t be verified" in shown.text
    assert who(victim) == "nobody"
    assert stolen not in caplog.text
    assert "the code was refused" in caplog.text


def test_logs_say_nothing_of_codes_and_tokens(
    wiki: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    link(wiki, "ben", "id-of-ben")
    browser = wiki.new_client()
    address = there(browser, "id-of-ben")
    back(browser, address)
    for value in (*parse_qs(urlsplit(address).query)["code"], SECRET, "eyJ", "Bearer"):
        assert value not in caplog.text


def test_a_disabled_account_does_not_come_in(wiki: Scene) -> None:
    link(wiki, "ben", "id-of-ben")
    change(wiki, "ben", disabled_at=now())
    browser = wiki.new_client()
    assert "is disabled" in come(browser, "id-of-ben").text
    assert who(browser) == "nobody"


def test_attempts_have_a_limit(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiting, "PROVIDER_ADDRESS", Limit(2, timedelta(minutes=15)))
    browser = wiki.new_client()
    answers = [browser.post("/-/login/oidc", data={"next": "/"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Retry-After" in answers[-1].headers
    with wiki.database.read() as session:
        assert session.scalar(select(func.count(ProviderVisit.id))) == 2
    with at(now() + timedelta(minutes=16)):
        assert browser.post("/-/login/oidc", data={"next": "/"}).status_code == 200
    with wiki.database.read() as session:
        assert session.scalar(select(func.count(ProviderVisit.id))) == 1, "old ones are cleared"


class TestNewcomers:
    """People of a domain make accounts by themselves, where the settings say so."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(
            settings, oidc_domains="new.example.org, other.example.org", oidc_role="guest"
        )

    def test_an_account_is_made_with_a_name_of_one_s_choice(self, wiki: Scene) -> None:
        browser = wiki.new_client()
        shown = come(browser, "id-of-new", next="/open/")
        assert "Welcome to" in shown.text
        assert 'value="nia"' in shown.text
        assert 'value="Nia New"' in shown.text
        key = re.search(r'name="key" value="([^"]+)"', shown.text)
        assert key
        url = "/-/login/oidc/new"
        taken = browser.post(url, data={"key": key[1], "handle": "ben", "name": "Nia"})
        assert (taken.status_code, "is taken" in taken.text) == (422, True)
        form = {"key": key[1], "handle": "nia", "name": "Nia New", "email": "ada@example.org"}
        other = wiki.new_client()
        assert "Sign in again" in other.post(url, data=form, follow_redirects=True).text
        assert browser.post(url, data=form).location == "/open/"
        assert who(browser) == "nia"
        with wiki.database.read() as session:
            nia = session.scalars(select(Person).where(Person.handle == "nia")).one()
        assert (nia.site_role, nia.email) == ("guest", "nia@new.example.org")
        assert nia.password_hash is None
        assert nia.email_proven_at is None, "only a mail of ours proves it"
        assert "Sign in again" in other.post(url, data=form, follow_redirects=True).text
        again = wiki.new_client()
        come(again, "id-of-new")
        assert who(again) == "nia"

    def test_an_account_without_a_password_has_no_dead_forms(self, wiki: Scene) -> None:
        link(wiki, "eve", "id-of-nobody")
        change(wiki, "eve", password_hash=None)
        shown = wiki.get("eve", "/-/me").text
        assert 'name="current_password"' not in shown
        assert 'name="email_password"' not in shown
        assert wiki.post("eve", "/-/me/profile", name="Evelyn").status_code == 303
        with wiki.database.read() as session:
            eve = session.get_one(Person, wiki.actor("eve").person_id)
        assert (eve.name, eve.email) == ("Evelyn", "eve@example.org")
        wiki.new_client().post("/-/forgot", data={"login": "eve"})
        begun = wiki.client("eve").post("/-/me/identities")
        back(wiki.client("eve"), go_there(address_of(begun), "id-of-ben"))
        assert links(wiki) == [("eve", "id-of-nobody"), ("eve", "id-of-ben")]

    @pytest.mark.parametrize("login", ["id-of-ben", "id-of-cai", "id-of-nobody"])
    def test_others_get_none(self, wiki: Scene, login: str) -> None:
        for handle in ("ben", "cai"):
            change(wiki, handle, email=f"{handle}@elsewhere.example.org")
        shown = come(wiki.new_client(), login)
        assert "Your Example ID account isn’t linked" in shown.text

    def test_an_address_that_an_account_has_without_proof_is_not_given_away(
        self, wiki: Scene
    ) -> None:
        change(wiki, "cai", email="nia@new.example.org")
        browser = wiki.new_client()
        shown = come(browser, "id-of-new")
        assert "but the address isn’t verified" in shown.text
        assert (who(browser), links(wiki)) == ("nobody", [])


def test_a_text_waits_through_a_sign_in_in_another_tab(wiki: Scene) -> None:
    wiki.write("rota", "words", by="ben")
    link(wiki, "ben", "id-of-ben")
    browser = wiki.new_client()
    lost = browser.post("/eng/rota/-/edit", data={"title": "Rota", "body": "My text", "base": "1"})
    assert lost.status_code == 401
    assert 'target="_blank"' in lost.text
    kept = dict(re.findall(r'name="(kept\.[^"]+)" value="([^"]*)"', lost.text))
    again = {**kept, "again": "1", "next": "/eng/rota/-/edit", "login": "", "password": ""}
    assert "My text" in browser.post("/-/login", data=again).text, "not yet, and nothing is lost"
    begun = browser.post("/-/login/oidc", data={"next": "/eng/rota/-/edit", "kept": "1"})
    done = back(browser, go_there(address_of(begun), "id-of-ben"), follow=True)
    assert "Your text is kept in the other tab" in done.text
    shown = browser.post("/-/login", data=again)
    assert "My text" in shown.text
    assert 'name="body"' in shown.text
    assert wiki.page("rota").head == 1


def test_without_a_provider_there_is_nothing_of_it(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(wiki.app.extensions, "wiki.provider", None)
    for method, url in (
        ("POST", "/-/login/oidc"),
        ("GET", "/-/login/oidc/callback"),
        ("GET", "/-/login/oidc/new"),
        ("POST", "/-/me/identities"),
        ("GET", "/-/me/identities/x"),
    ):
        assert wiki.client("ben").open(url, method=method).status_code == 404


def test_a_provider_that_is_down_is_one_sentence(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = wiki.app.extensions["wiki.provider"]
    monkeypatch.setattr(provider, "issuer", "http://127.0.0.1:9")
    shown = wiki.new_client().post("/-/login/oidc", data={"next": "/eng/"}, follow_redirects=True)
    assert "Example ID can’t be reached at the moment" in shown.text
    assert 'name="next" value="/eng/"' in shown.text
    assert 'action="/-/login"' in shown.text
