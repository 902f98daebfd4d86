"""Labels of pages over the API: read, given and changed with a save; what a page may not show is
refused with its lines."""

from tests.api.conftest import Api
from tests.cast import Scene
from tests.pages.test_includes import label
from wiki.rules.labels import Label

AT = "/pages/eng/plan"


def test_a_page_is_made_with_a_label_and_tells_which_one_holds(api: Api) -> None:
    made = api.put("ben", AT, {"body": "x", "label": "confidential"})
    assert (made.status_code, made.json["label"]) == (201, "confidential")
    assert api.get("cai", AT).status_code == 404, "Cai reads, and readers are not cleared for it"
    below = api.put("ben", f"{AT}/step", {"body": "y", "label": "internal"})
    assert (below.json["label"], below.json["effective_label"]) == ("internal", "confidential")
    assert api.get("ben", f"{AT}/step").json["effective_label"] == "confidential"


def test_a_label_changes_with_the_text_or_alone(api: Api) -> None:
    first = api.put("ben", AT, {"body": "x"})
    assert first.json["label"] == "public"
    alone = api.put("ben", AT, {"body": "x", "label": "confidential", "base_revision": 1})
    assert (alone.json["revision"], alone.json["changed"]) == (1, True)
    assert alone.headers["ETag"] != first.headers["ETag"]
    both = api.put("ben", AT, {"body": "y", "label": "restricted", "base_revision": 1})
    assert both.status_code == 403, "Ben is not cleared for what is restricted"
    assert "can’t read restricted pages" in both.json["detail"]
    read = api.get("ben", AT).json
    assert (read["body"], read["label"]) == ("x", "confidential"), "nothing of it was saved"
    both = api.put("eve", AT, {"body": "y", "label": "restricted", "base_revision": 1}).json
    assert (both["revision"], both["label"]) == (2, "restricted")


def test_a_lower_label_needs_consent_to_what_it_exposes(api: Api, wiki: Scene) -> None:
    api.put("eve", AT, {"body": "x", "label": "confidential"})
    lower = {"body": "now for all", "label": "internal", "base_revision": 1}
    asked = api.put("eve", AT, lower)
    assert asked.status_code == 409
    assert (asked.json["people"], asked.json["pages"]) == (3, 1)
    assert api.get("eve", AT).json["body"] == "x", "nothing is saved before"
    assert api.put("eve", f"{AT}?consent=another", lower).status_code == 409
    done = api.put("eve", f"{AT}?consent={asked.json['consent']}", lower)
    assert (done.status_code, done.json["label"]) == (200, "internal")
    assert api.get("cai", AT).json["body"] == "now for all"


def test_who_cannot_edit_cannot_label_and_no_other_labels_are_known(api: Api) -> None:
    api.put("ben", AT, {"body": "x"})
    sent = {"body": "x", "label": "internal", "base_revision": 1}
    assert api.put("cai", AT, sent).status_code == 403
    unknown = api.put("ben", AT, {**sent, "label": "secret"})
    assert (unknown.status_code, unknown.json["field"]) == (422, "label")


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
