"""Secrets over the API: refused with their places, let pass with a reason."""

from tests.api.conftest import Api

KEY = "AKIA" + "Y34FZKBOKMUTVV7Q"


def test_what_looks_like_a_secret_is_refused_with_its_place(api: Api) -> None:
    refused = api.put("ben", "/pages/eng/keys", {"body": f"---\na: b\n---\nWords.\n\n  {KEY}\n"})
    assert refused.status_code == 422
    assert refused.json["type"] == "urn:trellis:problem:secrets"
    assert refused.json["field"] == "allow_secrets"
    assert refused.json["findings"] == [
        {
            "kind": "token",
            "what": "AWS access key",
            "place": "body",
            "line": 6,
            "column": 3,
            "masked": "AKIA…7Q",
        }
    ]
    assert KEY not in refused.text
    assert api.get("ben", "/pages/eng/keys").status_code == 404


def test_a_reason_lets_it_pass_and_leads_see_it(api: Api) -> None:
    sent = {"body": f"{KEY}\n", "allow_secrets": "A key of the sandbox"}
    assert api.put("ben", "/pages/eng/keys", sent).status_code == 201
    screen = api.wiki.get("eve", "/eng/-/findings").text
    assert "“A key of the sandbox”" in screen
    more = {"body": f"{KEY} and 4111111111111111\n", "base_revision": 1}
    refused = api.put("ben", "/pages/eng/keys", more)
    assert [one["kind"] for one in refused.json["findings"]] == ["card"]
    assert api.put("ben", "/pages/eng/keys", more | {"allow_secrets": "x"}).status_code == 200


def test_a_reason_must_be_one(api: Api) -> None:
    for reason in ("", " ", "x" * 301, f"It is {KEY}"):
        refused = api.put("ben", "/pages/eng/keys", {"body": "Words.", "allow_secrets": reason})
        assert refused.status_code == 422
        assert refused.json["field"] == "allow_secrets"
        assert KEY not in refused.text
