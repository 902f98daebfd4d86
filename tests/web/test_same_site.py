"""What another site's page sends is refused before anything of it is shown, kept or done."""

import pytest

from tests.cast import Scene, csrf_token
from wiki.app import create_app
from wiki.config import Settings
from wiki.db import Database


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8001"},
        {"Origin": "http://[x"},
        {"Origin": "http://[x]"},
        {"Origin": ""},
    ],
)
def test_a_form_from_elsewhere_is_refused(wiki: Scene, headers: dict[str, str]) -> None:
    wiki.write("rota", "words")
    form = {"title": "Rota", "body": "planted text", "base": "1"}
    for who in ("eve", "nobody"):
        answer = wiki.new_client(who).post("/eng/rota/-/edit", data=form, headers=headers)
        assert answer.status_code == 403
        assert "planted text" not in answer.text
    assert wiki.page("rota").head == 1


def test_an_answer_to_another_site_leaves_the_cookie_of_whoever_is_signed_in(wiki: Scene) -> None:
    # Such a request comes without the cookie (SameSite=Lax); an answer that sets one replaces it.
    answer = wiki.new_client().post(
        "/eng/rota/-/edit", data={"body": "x"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost"},
        {"Origin": "http://127.0.0.1:8000"},
        {},
    ],
)
def test_our_own_forms_come_through(wiki: Scene, headers: dict[str, str]) -> None:
    saved = wiki.client("eve").post(
        "/eng/-/new", data={"title": "Rota", "body": "x"}, headers=headers
    )
    assert saved.status_code == 303


def test_the_address_in_the_settings_is_ours_behind_a_proxy_that_changes_the_host(
    settings: Settings, database: Database
) -> None:
    behind = Settings(
        data_dir=settings.data_dir,
        secret_key=settings.secret_key,
        database_url=settings.database_url,
        base_url="https://wiki.example.org",
    )
    app = create_app(behind, database)
    app.config["WTF_CSRF_ENABLED"] = False
    answer = app.test_client().post(
        "/-/login", data={"login": "x"}, headers={"Origin": "https://wiki.example.org"}
    )
    assert answer.status_code == 422


def test_a_token_of_another_session_is_no_token(wiki: Scene) -> None:
    wiki.app.config["WTF_CSRF_ENABLED"] = True
    eves, bens = wiki.client("eve"), wiki.client("ben")
    token = csrf_token(bens.get("/-/me").text)
    form = {"person": "dot", "role": "lead", "csrf_token": token}
    eves.get("/-/me")
    refused = eves.post("/eng/-/members", data=form)
    assert refused.status_code == 400
    assert "Go back, reload the page" in refused.text
    form["csrf_token"] = csrf_token(eves.get("/-/me").text)
    assert eves.post("/eng/-/members", data=form).status_code == 303


def test_a_browser_that_takes_no_cookies_is_told_so(wiki: Scene) -> None:
    wiki.app.config["WTF_CSRF_ENABLED"] = True
    refused = wiki.app.test_client(use_cookies=False).post("/-/forgot", data={"login": "ben"})
    assert refused.status_code == 400
    assert "Allow cookies and open this wiki at http://127.0.0.1:8000." in refused.text
