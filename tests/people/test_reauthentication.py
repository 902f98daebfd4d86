"""Asking once more who it is, before what a browser left open must not give away."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from tests.cast import PASSWORD, Scene
from tests.people.factors import HERE, set_up_app
from wiki.db import at, now
from wiki.people.models import LoginSession, Person
from wiki.people.signin import limiting
from wiki.rules.limits import Limit

SENSITIVE = [
    ("ben", "/-/me/password", {"new_password": "another long password"}),
    ("ben", "/-/me/profile", {"name": "Ben", "email": "new@example.org"}),
    ("ben", "/-/me/tokens", {"token_name": "x", "scope": "read"}),
    ("ben", f"{HERE}/authenticators", {"factor_name": "Phone"}),
    ("ben", f"{HERE}/authenticators/1/remove", {}),
    ("ben", f"{HERE}/passkeys", {"factor_name": "x", "passkey": "{}"}),
    ("ben", f"{HERE}/passkeys/1/remove", {}),
    ("ben", f"{HERE}/passkeys/options", {}),
    ("ben", f"{HERE}/recovery-codes", {}),
    ("ada", "/-/admin/people/ben/role", {"role": "admin"}),
    ("ada", "/-/admin/people/ben/disable", {}),
    ("ada", "/-/admin/people/ben/remove-factors", {}),
    ("ada", "/-/admin/factors", {"who": "everybody"}),
]


@pytest.mark.parametrize(("who", "url", "form"), SENSITIVE)
def test_what_matters_asks_first_and_keeps_what_was_sent(
    wiki: Scene, who: str, url: str, form: dict[str, str]
) -> None:
    wiki.client(who)
    wiki.unconfirm(who)
    asked = wiki.post(who, url, **form)
    assert asked.status_code == 403
    assert "Confirm it’s you" in asked.text
    assert f'action="{url}"' in asked.text
    assert asked.headers["Cache-Control"] == "no-store"
    for name, value in form.items():
        assert f'name="{name}" value="{value}"' in unescape(asked.text)
    assert wiki.post(who, url, **form, **{"confirm.password": "wrong"}).status_code == 422
    nothing = wiki.post(who, url, **form, **{"confirm.password": ""})
    assert nothing.status_code == 422
    assert "Confirm that it’s you first." in nothing.text
    with wiki.database.read() as session:
        ben = session.scalars(select(Person).where(Person.handle == "ben")).one()
    assert (ben.site_role, ben.email, ben.disabled_at) == ("member", "ben@example.org", None)
    done = wiki.post(who, url, **form, **{"confirm.password": PASSWORD})
    assert "Confirm it’s you" not in done.text
    assert done.status_code != 403
    if url != "/-/me/password":
        assert wiki.post(who, url, **form).status_code != 403  # a quarter of an hour long


def test_it_holds_for_a_quarter_of_an_hour_in_this_sign_in_only(wiki: Scene) -> None:
    here, there = wiki.new_client("ben"), wiki.new_client("ben")
    wiki.unconfirm("ben")
    form = {"token_name": "x", "scope": "read"}
    assert here.post("/-/me/tokens", data=form | {"confirm.password": PASSWORD}).status_code == 200
    assert there.post("/-/me/tokens", data=form).status_code == 403
    with at(now() + timedelta(minutes=14)):
        assert here.post("/-/me/tokens", data=form).status_code == 200
    with at(now() + timedelta(minutes=16)):
        assert here.post("/-/me/tokens", data=form).status_code == 403


def test_a_sign_in_from_before_there_was_this_asks(wiki: Scene) -> None:
    wiki.client("ben")
    with wiki.database.write() as session:
        for row in session.scalars(select(LoginSession)):
            row.confirmed_at = None
    assert wiki.post("ben", "/-/me/tokens", token_name="x").status_code == 403


def test_a_screen_that_asks_leads_back_to_itself(wiki: Scene) -> None:
    browser = wiki.client("ben")
    wiki.unconfirm("ben")
    asked = browser.get(f"{HERE}/passkeys/new?x=1")
    assert asked.status_code == 302
    form = browser.get(asked.location)
    wanted = re.search(r'name="next" value="([^"]+)"', form.text)
    assert wanted
    data = {"next": unescape(wanted[1]), "confirm.password": PASSWORD}
    assert browser.post("/-/confirm", data=data).location == f"{HERE}/passkeys/new?x=1"
    evil = {"next": "https://evil.example", "confirm.password": PASSWORD}
    assert browser.post("/-/confirm", data=evil).location == "/"


def test_a_code_confirms_too_but_no_recovery_code_and_none_twice(wiki: Scene) -> None:
    app = set_up_app(wiki.client("ben"))
    wiki.unconfirm("ben")
    form = {"token_name": "x", "scope": "read"}
    refused = wiki.post("ben", "/-/me/tokens", **form, **{"confirm.code": app.codes[0]})
    assert refused.status_code == 422
    assert app.codes[0] not in refused.text
    with at(now() + timedelta(minutes=5)):
        code = {"confirm.code": app.code()}
        assert wiki.post("ben", "/-/me/tokens", **form, **code).status_code == 200
    with at(now() + timedelta(minutes=5)):
        other = wiki.new_client("ben")
        wiki.unconfirm("ben")
        assert other.post("/-/me/tokens", data=form | code).status_code == 422


def test_guesses_are_limited(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up_app(wiki.client("ben"))
    wiki.unconfirm("ben")
    monkeypatch.setattr(limiting, "FACTOR_OF_ONE", Limit(2, limiting.FACTOR_OF_ONE.window))
    guess = {"token_name": "x", "confirm.code": "000000"}
    codes = [wiki.client("ben").post("/-/me/tokens", data=guess).status_code for _ in range(3)]
    assert codes == [422, 422, 429]


def test_programs_are_told_in_json(wiki: Scene) -> None:
    wiki.client("ben")
    wiki.unconfirm("ben")
    asked = wiki.client("ben").post(
        f"{HERE}/passkeys/options", headers={"Accept": "application/json"}
    )
    assert asked.status_code == 403
    assert asked.mimetype == "application/problem+json"


def test_who_asks_may_not_is_said_first(wiki: Scene) -> None:
    wiki.client("ben")
    wiki.unconfirm("ben")
    refused = wiki.post("ben", "/-/admin/people/eve/disable")
    assert refused.status_code == 403
    assert "Confirm it’s you" not in refused.text
