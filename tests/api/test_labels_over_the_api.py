"""Labels of pages over the API: read, given and changed with a save."""

from tests.api.conftest import Api
from tests.cast import Scene

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
    assert "cleared" in both.json["detail"]
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
