"""Settings of the site in the browser: at once, in every process, and no secret given away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.cast import Scene
from wiki.app import create_app, open_database
from wiki.outbox.models import EventRow
from wiki.people.models import SiteSetting
from wiki.people.site import Current

URL = "/-/admin/settings"
FORM = {
    "site_name": "Harbour",
    "language": "de",
    "time_zone": "Europe/Berlin",
    "mail_from": "wiki@example.org",
    "smtp_host": "mail.example.org",
    "smtp_port": "2525",
    "smtp_user": "post@example.org",
    "smtp_password": "hush:hush/@",
}
NO_BROWSER = {"Accept-Language": "tlh"}


def now(wiki: Scene) -> str:
    return str(Current(wiki.database)(wiki.settings).smtp_url)


@pytest.mark.every_database
def test_a_change_has_effect_at_once_and_in_every_process(wiki: Scene) -> None:
    wiki.write("plan", "words", space="open")
    other = Scene.__new__(Scene)
    other.app = create_app(wiki.settings, open_database(wiki.settings))
    client = other.app.test_client()
    assert "Trellis</span>" in client.get("/open/plan", headers=NO_BROWSER).text
    answer = wiki.post("ada", URL, **FORM)
    assert (answer.status_code, answer.location) == (303, URL)
    for shown in (
        wiki.get("nobody", "/open/plan", headers=NO_BROWSER).text,
        client.get("/open/plan", headers=NO_BROWSER).text,
    ):
        assert "Harbour</span>" in shown and '<html lang="de"' in shown
    assert " MEZ" in shown or " GMT+1" in shown
    assert '<html lang="en"' in client.get("/open/plan", headers={"Accept-Language": "en"}).text
    wiki.post("ada", URL, **FORM | {"smtp_host": "", "smtp_password": ""})
    wiki.client("nobody").post("/-/forgot", data={"login": "ben"})
    assert "Harbour" in wiki.letters()[-1]["From"]


def test_the_password_of_the_mail_server_is_given_away_nowhere(wiki: Scene) -> None:
    wiki.post("ada", URL, **FORM)
    assert now(wiki) == "smtp://post%40example.org:hush%3Ahush%2F%40@mail.example.org:2525"
    shown = wiki.get("ada", URL).text
    assert "hush" not in shown and 'value="mail.example.org"' in shown
    with wiki.database.read() as session:
        rows = [str(value) for value in session.scalars(select(SiteSetting.value))]
        events = [str(payload) for payload in session.scalars(select(EventRow.payload))]
    assert "hush" not in " ".join(rows + events)
    assert any("site.smtp_password" in event for event in events)
    wiki.post("ada", URL, **FORM | {"smtp_password": "", "smtp_port": "587"})  # kept
    assert now(wiki) == "smtp://post%40example.org:hush%3Ahush%2F%40@mail.example.org:587"
    # Another server does not get it.
    wiki.post("ada", URL, **FORM | {"smtp_password": "", "smtp_host": "evil.example.org"})
    assert now(wiki) == "smtp://post%40example.org@evil.example.org:2525"
    wiki.post("ada", URL, **FORM)
    wiki.post("ada", URL, **FORM | {"smtp_password": "", "smtp_forget": "1"})
    assert "hush" not in now(wiki)


def test_a_password_that_another_key_encrypted_is_as_good_as_none(wiki: Scene) -> None:
    wiki.post("ada", URL, **FORM)
    other = replace(wiki.settings, secret_key="another key that is only good for testing")
    assert (
        Current(wiki.database)(other).smtp_url == "smtp://post%40example.org@mail.example.org:2525"
    )


def test_what_the_environment_sets_wins_and_is_shown_as_fixed(wiki: Scene) -> None:
    wiki.post("ada", URL, **FORM)
    settings = replace(wiki.settings, site_name="Pier", smtp_url="smtp://relay.example.org:25")
    wiki.app = create_app(settings, wiki.database)
    wiki.app.config["WTF_CSRF_ENABLED"] = False
    wiki._clients.clear()
    shown = wiki.get("ada", URL, headers={"Accept-Language": "en"}).text
    assert "Pier</span>" in shown
    assert "Set by <code>WIKI_SITE_NAME</code>" in shown
    assert "Set by <code>WIKI_SMTP_URL</code>" in shown and "WIKI_LANGUAGE</code>." not in shown
    wiki.post("ada", URL, **FORM | {"site_name": "Quay", "language": "fr"})
    assert "Pier</span>" in wiki.get("ada", URL).text
    assert Current(wiki.database)(settings).smtp_url == "smtp://relay.example.org:25"
    assert Current(wiki.database)(settings).language == "fr"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("site_name", "x" * 61),
        ("language", "tlh"),
        ("time_zone", "../etc/passwd"),
        ("mail_from", "nobody"),
        ("mail_from", "a@b\nBcc: c@d"),
        ("smtp_host", "mail example"),
        ("smtp_host", "host/../x@y"),
        ("smtp_port", "0"),
        ("smtp_port", "99999"),
        ("smtp_port", "²"),
        ("smtp_password", "x" * 501),
        ("smtp_user", "x" * 251),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_field(wiki: Scene, field: str, value: str) -> None:
    answer = wiki.post("ada", URL, **FORM | {field: value})
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.text
    assert "hush" not in answer.text
    assert now(wiki) == ""


def test_only_admins_change_settings(wiki: Scene) -> None:
    assert wiki.post("eve", URL, **FORM).status_code == 403
    assert now(wiki) == ""
    wiki.get("ada", URL)
    wiki.unconfirm("ada")
    assert wiki.post("ada", URL, **FORM).location != URL  # asks who they are first
    assert now(wiki) == ""
