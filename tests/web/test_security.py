"""The headers and cookies of every answer, and addresses that no request can choose."""

import json
import re
from dataclasses import replace

import pytest
from flask import Flask

from tests.cast import PASSWORD, Scene
from wiki.app import create_app
from wiki.config import Settings
from wiki.db import Database
from wiki.resources import STATIC
from wiki.web.security import CSP, FOR_DATA


@pytest.fixture
def secure(wiki: Scene, settings: Settings, database: Database) -> Flask:
    """The app as people reach it over HTTPS."""
    app = create_app(replace(settings, base_url="https://wiki.example.org"), database)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.mark.parametrize(
    ("who", "url"),
    [
        ("ben", "/"),
        ("ben", "/eng/rota"),
        ("ben", "/eng/rota/-/edit"),
        ("ben", "/eng/nothing"),
        ("nobody", "/-/login"),
        ("nobody", "/-/api/v1/spaces"),
        ("nobody", "/-/health"),
        ("ben", "/-/switch"),
        ("ben", "/eng/rota/-/raw"),
        ("ben", "/-/inbox/unread"),
    ],
)
def test_every_answer_says_how_it_may_be_used(wiki: Scene, who: str, url: str) -> None:
    wiki.write("rota", "words")
    answer = wiki.get(who, url)
    headers, is_page = answer.headers, answer.mimetype == "text/html"
    assert headers["Content-Security-Policy"] == (CSP if is_page else FOR_DATA)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers.get("Cross-Origin-Opener-Policy") == ("same-origin" if is_page else None)
    assert ("camera=()" in headers.get("Permissions-Policy", "")) == is_page
    assert headers["Cache-Control"].startswith(("private", "no-store"))


def test_a_style_sheet_or_script_carries_no_headers_about_documents(wiki: Scene) -> None:
    manifest = json.loads((STATIC / "manifest.json").read_text())
    for name, is_document in (("app.css", False), ("app.js", False), ("mark.svg", True)):
        headers = wiki.get("nobody", f"/-/static/{manifest[name]}").headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers.get("Content-Security-Policy") == (FOR_DATA if is_document else None)


def test_the_policy_lets_no_inline_script_and_no_other_host_in(wiki: Scene) -> None:
    assert "unsafe" not in CSP
    assert not re.search(r"https?:|\*", CSP)
    assert CSP.startswith("default-src 'none'")
    for word in ("base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert word in CSP


def test_over_https_cookies_and_browsers_insist_on_it(wiki: Scene, secure: Flask) -> None:
    client = secure.test_client()
    form = {"login": "ben", "password": PASSWORD}
    answer = client.post("/-/login", data=form, base_url="https://wiki.example.org")
    assert answer.status_code == 303
    cookies = answer.headers.getlist("Set-Cookie")
    assert any(sent.startswith("__Host-wiki=") for sent in cookies)
    for sent in cookies:
        assert sent.startswith("__Host-wiki")
        for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
            assert word in sent.split("; ")
        assert "Domain" not in sent
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in wiki.get("nobody", "/").headers


def test_over_https_a_form_sent_over_http_is_foreign(secure: Flask) -> None:
    for origin, status in (("http://wiki.example.org", 403), ("https://wiki.example.org", 422)):
        answer = secure.test_client().post(
            "/-/login", data={"login": "x"}, headers={"Origin": origin}
        )
        assert answer.status_code == status


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_a_script_of_another_site_sends_is_refused_whatever_its_kind(
    wiki: Scene, method: str
) -> None:
    wiki.write("rota", "words")
    for url in ("/eng/rota/-/edit", "/eng/-/preview", "/eng/rota/-/uploads", "/-/uploads/x"):
        for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
            answer = wiki.client("eve").open(
                url,
                method=method,
                data=b"{}",
                content_type=kind,
                headers={"Origin": "https://evil.example"},
            )
            assert answer.status_code in (403, 405), (method, url)
    assert wiki.page("rota").head == 1


def test_the_cookie_opens_nothing_in_the_api(wiki: Scene) -> None:
    wiki.write("rota", "words", space="lab")
    assert wiki.get("eve", "/lab/rota").status_code == 200
    assert wiki.get("eve", "/-/api/v1/pages/lab/rota").status_code == 404
    answer = wiki.client("eve").put("/-/api/v1/pages/lab/new", json={"body": "x"})
    assert answer.status_code == 401


def test_no_address_is_made_of_what_a_request_calls_its_host(wiki: Scene) -> None:
    wiki.write("rota", "[[nothing]] and [a link](other.md)")
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    for url in ("/", "/eng/rota", "/eng/rota/-/edit", "/eng", "/-/me", "/-/api/v1/openapi.json"):
        answer = wiki.client("ben").get(url, headers=evil)
        assert "evil.example" not in answer.text, url
        assert "evil.example" not in answer.headers.get("Location", ""), url
    wiki.client("nobody").post("/-/forgot", data={"login": "ben"}, headers=evil)
    (letter,) = wiki.letters()
    assert "evil.example" not in str(letter)
    assert wiki.settings.base_url in str(letter)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "///evil.example",
        "%2f%2fevil.example",
    ],
)
def test_a_sign_in_leads_nowhere_else(wiki: Scene, url: str) -> None:
    form = {"login": "ben", "password": PASSWORD, "next": url}
    answer = wiki.new_client().post("/-/login", data=form)
    assert answer.status_code == 303
    assert answer.location == "/"
