"""Tokens, malformed calls and the problems they are answered with."""

import json

import pytest
from sqlalchemy import update

from tests.api.conftest import V1, Api
from tests.cast import Scene
from wiki.db import now
from wiki.people.models import ApiToken, Person


def test_without_a_token_one_reads_what_is_public(api: Api, wiki: Scene) -> None:
    wiki.write("p", "x", space="open")
    assert api.get("nobody", "/pages/open/p").status_code == 200
    assert api.get("nobody", "/pages/eng/p").status_code == 404
    refused = api.put("nobody", "/pages/open/q", {"body": "x"})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_cookie_opens_nothing(api: Api, wiki: Scene) -> None:
    wiki.write("p", "x", space="lab")
    signed_in = wiki.client("eve")
    assert signed_in.get("/lab/p").status_code == 200
    assert signed_in.get(f"{V1}/pages/lab/p").status_code == 404
    assert signed_in.put(f"{V1}/pages/lab/p", json={"body": "y"}).status_code == 401


def test_a_wrong_token_is_refused_and_never_taken_for_nobody(api: Api, wiki: Scene) -> None:
    wiki.write("p", "x", space="open")
    for header in ("Bearer wrong", "Bearer", "Bearer  ", "Basic ZXZlOmV2ZQ==", "", "x" * 5000):
        answer = api.get("nobody", "/pages/open/p", headers={"Authorization": header})
        assert (header, answer.status_code) == (header, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_token_and_one_of_a_disabled_person_end_at_once(api: Api, wiki: Scene) -> None:
    assert api.get("eve", "/spaces").status_code == 200
    with wiki.database.write() as session:
        session.execute(update(ApiToken).values(revoked_at=now()))
    assert api.get("eve", "/spaces").status_code == 401
    assert api.get("ben", "/spaces").status_code == 200
    with wiki.database.write() as session:
        ben = session.get_one(Person, wiki.actor("ben").person_id)
        ben.disabled_at = now()
    assert api.get("ben", "/spaces").status_code == 401


def test_a_reading_token_only_reads(api: Api, wiki: Scene) -> None:
    wiki.write("p", "x")
    token = {"Authorization": f"Bearer {api.token('eve', writes=False)}"}
    assert api.get("nobody", "/pages/eng/p", headers=token).status_code == 200
    for method, address in (("PUT", "/pages/eng/p"), ("DELETE", "/pages/eng/p")):
        refused = api.call("nobody", method, address, headers=token, json={"body": "y"})
        assert refused.status_code == 403
        assert "read-only" in refused.json["detail"]
    made = api.call("nobody", "POST", "/spaces", headers=token, json={"slug": "x", "title": "X"})
    assert made.status_code == 403


def test_the_use_of_a_token_is_noted(api: Api, wiki: Scene) -> None:
    api.get("eve", "/spaces")
    with wiki.database.read() as session:
        assert session.query(ApiToken).one().used_at is not None


BODIES = [
    (b"", 400, "JSON"),
    (b"{", 400, "JSON"),
    (b"\xff\xfe", 400, "JSON"),
    (b"[" * 100_000, 400, "nested"),
    (b"[]", 422, "JSON object"),
    (b'"text"', 422, "JSON object"),
    (b"null", 422, "JSON object"),
    (b"{}", 422, "“body” is missing"),
    (b'{"body": 3}', 422, "“body” must be a string"),
    (b'{"body": null}', 422, "“body” must be a string"),
    (b'{"body": "x", "bodi": 1}', 422, "Unknown field “bodi”"),
    (b'{"body": "x", "tags": "a"}', 422, "“tags” must be a list"),
    (b'{"body": "x", "tags": [1]}', 422, "“tags” must be a string"),
    (b'{"body": "x", "fields": []}', 422, "“fields” must be an object"),
    (b'{"body": "x", "base_revision": true}', 422, "“base_revision” must be a whole number"),
    (b'{"body": "x", "base_revision": 1.5}', 422, "“base_revision” must be a whole number"),
    (b'{"body": "x", "base_revision": 1e400}', 422, "“base_revision” must be a whole number"),
    (b'{"body": "x", "base_revision": 99999999999999999999}', 422, "is too large"),
    (b'{"body": "\\ud800"}', 422, "invalid characters"),
    (b'{"body": "x", "message": "\\udfff"}', 422, "invalid characters"),
    (b'{"body": "x", "fields": {"a": [{"\\ud800": 1}]}}', 422, "invalid characters"),
    (b'{"body": "x", "title": "\\ud800"}', 422, "invalid characters"),
]


def test_what_cannot_be_read_is_answered_with_a_sentence(api: Api) -> None:
    for body, status, words in BODIES:
        answer = api.call(
            "eve", "PUT", "/pages/eng/p", data=body, headers={"Content-Type": "application/json"}
        )
        assert (body[:60], answer.status_code) == (body[:60], status)
        assert words in answer.json["detail"], body[:60]
    assert api.get("eve", "/pages/eng/p").status_code == 404


def test_only_json_is_read(api: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = api.call(
            "eve", "PUT", "/pages/eng/p", data=b'{"body": "x"}', headers={"Content-Type": kind}
        )
        assert answer.status_code == 415


def test_what_is_too_large_is_refused_before_it_is_read(api: Api, wiki: Scene) -> None:
    object.__setattr__(wiki.settings, "max_page_kb", 1)
    body = json.dumps({"body": "x" * (2 << 20)}).encode()
    answer = api.call(
        "eve", "PUT", "/pages/eng/p", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


def test_unknown_addresses_and_methods_are_problems_too(api: Api, wiki: Scene) -> None:
    wiki.write("p", "x")
    assert api.get("eve", "/nothing").status_code == 404
    assert api.get("eve", "/pages/eng/p/diff/x..y").status_code == 404
    wrong = api.call("eve", "PATCH", "/pages/eng/p", json={})
    assert wrong.status_code == 405
    assert "PUT" in wrong.headers["Allow"]
    assert api.call("eve", "POST", "/search").status_code == 405


def test_numbers_in_addresses_have_bounds(api: Api, wiki: Scene) -> None:
    wiki.write("p", "x")
    for bad in ("0", "-1", "x", "1.5", "1e3", "99999999999999999999", "٣"):
        assert api.get("eve", f"/pages/eng/p/revisions?limit={bad}").status_code == 422
        assert api.get("eve", f"/pages/eng/p/revisions/{bad}").status_code == 404
    assert api.get("eve", "/pages/eng/p/diff/1..99999999999999999999").status_code == 404
    assert api.get("eve", "/changes?after=9999999999999999").status_code == 422


def test_a_mistake_of_ours_is_a_problem_without_details(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wiki.api.spaces.list_spaces", lambda *_: 1 / 0)
    answer = api.get("eve", "/spaces")
    assert answer.status_code == 500
    assert "division" not in answer.text


def test_addresses_with_huge_numbers_are_not_found_in_the_browser_either(wiki: Scene) -> None:
    for url in ("/-/p/99999999999999999999", "/-/f/99999999999999999999", "/-/f/9007199254740991"):
        assert wiki.get("eve", url).status_code == 404


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/spaces?nothing=1", "Unknown parameter “nothing”."),
        ("/pages/eng/p?revision=1", "Unknown parameter “revision”."),
        ("/pages?limit=1&limit=2", "“limit” was sent 2 times. Send it once."),
        ("/pages?sort=size", "“sort” must be “updated” or “created” or “title”."),
        ("/pages?after=x", "“after” isn’t a position in this list"),
        ("/tags?after=WzFd", "“after” isn’t a position in this list"),
        ("/pages?after=WyJ4IiwxXQ", "“after” isn’t a position in this list"),
        ("/pages?tag=a&sort=updated&since=never", "isn’t a valid date"),
    ],
)
def test_no_parameter_is_ignored(api: Api, wiki: Scene, address: str, words: str) -> None:
    wiki.write("p", "x")
    refused = api.get("eve", address)
    assert refused.status_code == 422
    assert words in refused.json["detail"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("a%01b", "control characters"),
        ("a/-/b", "because it is reserved"),
        ("../b", "because it is reserved"),
        ("x" * 121, "up to 120 characters"),
    ],
)
def test_a_page_is_not_made_where_none_can_be_and_the_answer_says_why(
    api: Api, path: str, words: str
) -> None:
    refused = api.put("eve", f"/pages/eng/{path}", {"body": "x"})
    assert refused.status_code == 422
    assert refused.json["field"] == "path" and words in refused.json["detail"]
    assert api.get("eve", f"/pages/eng/{path}").status_code == 404
