"""Language, time zone and theme: chosen in the account, or in a visitor's browser."""

from __future__ import annotations

import pytest

from tests.api.conftest import Api
from tests.cast import Scene
from wiki.web.screens.theme import COOKIE


def test_what_a_person_chooses_holds_on_their_screens_and_for_nobody_else(wiki: Scene) -> None:
    wiki.write("plan", "words", space="open")
    wiki.post("cai", "/open/plan/-/star")
    answer = wiki.post(
        "cai", "/-/me/preferences", language="de", time_zone="Asia/Tokyo", theme="dark"
    )
    assert (answer.status_code, answer.location) == (303, "/-/me#preferences")
    shown = wiki.get("cai", "/-/me").text
    assert '<html lang="de" dir="ltr" data-theme="dark" data-zone="Asia/Tokyo">' in shown
    assert '<meta name="color-scheme" content="dark">' in shown
    assert '<option value="Asia/Tokyo" selected>' in shown
    assert "Einstellungen gespeichert." in shown
    assert " GMT+9" in wiki.get("cai", "/-/starred").text
    assert '<html lang="en" dir="ltr">' in wiki.get("ben", "/open/plan").text
    wiki.post("cai", "/-/me/preferences", language="", time_zone="", theme="")
    assert '<html lang="en" dir="ltr">' in wiki.get("cai", "/open/plan").text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "tlh"),
        ("language", "../../etc"),
        ("time_zone", "Europe/Atlantis"),
        ("time_zone", "/etc/passwd"),
        ("theme", 'dark" onload="x'),
        ("theme", "x" * 10_000),
    ],
)
def test_what_cannot_be_chosen_is_refused_at_its_field(wiki: Scene, field: str, value: str) -> None:
    sent = {"language": "de", "time_zone": "", "theme": "dark"} | {field: value}
    answer = wiki.post("cai", "/-/me/preferences", **sent)
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.text
    assert '<html lang="en" dir="ltr">' in wiki.get("cai", "/-/me").text


def test_preferences_over_the_api(wiki: Scene) -> None:
    api = Api(wiki)
    assert api.get("cai", "/me/preferences").json == {"language": "", "time_zone": "", "theme": ""}
    sent = {"language": "de", "theme": "dark"}
    changed = api.call("cai", "PATCH", "/me/preferences", json=sent)
    assert changed.json == {**sent, "time_zone": ""}
    api.call("cai", "PATCH", "/me/preferences", json={"language": ""})
    assert api.get("cai", "/me/preferences").json["theme"] == "dark"
    assert 'data-theme="dark"' in wiki.get("cai", "/").text
    refused = api.call("cai", "PATCH", "/me/preferences", json={"time_zone": "Mars/Base"})
    assert (refused.status_code, refused.json["field"]) == (422, "time_zone")
    assert api.get("nobody", "/me/preferences").status_code == 401


def test_visitors_choose_light_or_dark_for_their_browser(wiki: Scene) -> None:
    wiki.write("plan", "words", space="open")
    assert 'href="/-/appearance"' in wiki.get("nobody", "/open/plan").text
    assert "data-theme" not in wiki.get("nobody", "/open/plan").text
    answer = wiki.post("nobody", "/-/appearance", theme="dark")
    assert answer.location == "/-/appearance"
    assert f"{COOKIE}=dark" in answer.headers["Set-Cookie"]
    assert 'data-theme="dark"' in wiki.get("nobody", "/open/plan").text
    assert wiki.post("nobody", "/-/appearance", theme="pink").status_code == 422
    wiki.post("nobody", "/-/appearance", theme="")
    assert "data-theme" not in wiki.get("nobody", "/open/plan").text
    wiki.client("nobody").set_cookie(COOKIE, '"><script>')
    assert "data-theme" not in wiki.get("nobody", "/open/plan").text
    wiki.client("nobody").delete_cookie(COOKIE)
    assert wiki.get("cai", "/-/appearance").location == "/-/me#preferences"
