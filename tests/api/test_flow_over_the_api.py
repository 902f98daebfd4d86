"""Labels over the API: what a page may not show is refused with its lines, or its label raised."""

from tests.api.conftest import Api
from tests.pages.test_includes import label
from wiki.rules.labels import Label


def test_what_shows_something_narrower_is_refused_with_its_lines(api: Api) -> None:
    api.wiki.write("figures", "wolpertinger", title="Figures")
    label(api.wiki, "figures", Label.CONFIDENTIAL)
    body = "---\na: b\n---\nWords.\n\n![[figures]]\n"
    refused = api.put("ben", "/pages/eng/rota", {"body": body})
    assert refused.status_code == 422
    assert refused.json["type"] == "urn:trellis:problem:labels"
    assert refused.json["field"] == "raise_label"
    assert (refused.json["label"], refused.json["needed"]) == ("public", "confidential")
    assert refused.json["shown"] == [
        {
            "line": 6,
            "what": "page",
            "name": "",
            "label": "confidential",
            "page": {"space": "eng", "path": "figures", "title": "Figures"},
        }
    ]
    assert api.get("ben", "/pages/eng/rota").status_code == 404
    made = api.put("ben", "/pages/eng/rota", {"body": body, "raise_label": "confidential"})
    assert made.status_code == 201
    assert api.get("cai", "/pages/eng/rota").status_code == 404
    wrong = api.put("ben", "/pages/eng/other", {"body": "x", "raise_label": "secret"})
    assert (wrong.status_code, wrong.json["field"]) == (422, "raise_label")
    changed = {"body": "x", "base_revision": 1, "raise_label": "internal"}
    assert api.put("ben", "/pages/eng/rota", changed).status_code == 200
    assert api.wiki.page("rota").label == Label.CONFIDENTIAL  # raised, never lowered
