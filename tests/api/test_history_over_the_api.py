"""Revisions and comparisons over the API."""

import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import Api
from tests.cast import Scene
from wiki.api import history
from wiki.text.compare import diff, stretches
from wiki.web.operations import PREFIX


def test_revisions_are_listed_newest_first_slice_by_slice(api: Api, wiki: Scene) -> None:
    for number in range(1, 6):
        wiki.write("p", f"text {number}", message=f"change {number}")
    first = api.get("cai", "/pages/eng/p/revisions?limit=2")
    assert [one["number"] for one in first.json["revisions"]] == [5, 4]
    assert first.headers["Link"] == f'<{first.json["next"]}>; rel="next"'
    seen = list(first.json["revisions"])
    following = first.json["next"]
    while following:
        page = api.get("cai", following.removeprefix("/-/api/v1"))
        seen += page.json["revisions"]
        following = page.json["next"]
    assert [one["number"] for one in seen] == [5, 4, 3, 2, 1]
    assert seen[0]["message"] == "change 5"
    assert "Link" not in page.headers


def test_one_revision_has_its_text(api: Api, wiki: Scene) -> None:
    wiki.write("p", "old", tags=("a",))
    wiki.write("p", "new")
    one = api.get("cai", "/pages/eng/p/revisions/1")
    assert (one.json["body"], one.json["tags"], one.json["action"]) == ("old", ["a"], "create")
    assert api.get("cai", "/pages/eng/p/revisions/3").status_code == 404
    assert api.get("cai", "/pages/eng/p/revisions/0").status_code == 404
    known = {"If-None-Match": one.headers["ETag"]}
    again = api.get("cai", "/pages/eng/p/revisions/1", headers=known)
    assert again.status_code == 304


def test_the_home_page_has_revisions_too(api: Api, wiki: Scene) -> None:
    wiki.write("", "one")
    wiki.write("", "two")
    assert len(api.get("cai", "/pages/eng/revisions").json["revisions"]) == 2
    assert api.get("cai", "/pages/eng/revisions/1").json["body"] == "one"
    assert api.get("cai", "/pages/eng/diff/1..2").json["added"] == 1


def test_two_revisions_are_compared_word_by_word(api: Api, wiki: Scene) -> None:
    filler = "".join(f"line {n}\n" for n in range(20))
    wiki.write("p", f"{filler}The limit is 3.\n{filler}gone\n")
    wiki.write("p", f"{filler}The limit is 5.\n{filler}")
    found = api.get("cai", "/pages/eng/p/diff/1..2").json
    assert (found["old"]["number"], found["new"]["number"]) == (1, 2)
    assert (found["added"], found["removed"]) == (1, 2)
    assert len(found["hunks"]) == 2
    (row,) = [row for row in found["hunks"][0]["rows"] if row["kind"] == "changed"]
    assert [piece["text"] for piece in row["new"]["pieces"] if piece["changed"]] == ["5"]
    assert row["old"]["number"] == 21
    assert found["hunks"][1]["rows"][-1]["kind"] == "removed"
    assert found["hunks"][1]["rows"][-1]["new"] is None


def test_context_and_order_can_be_chosen(api: Api, wiki: Scene) -> None:
    wiki.write("p", "a\nb\nc\n")
    wiki.write("p", "a\nB!\nc\n")
    bare = api.get("cai", "/pages/eng/p/diff/2..1?context=0").json
    rows = [row for hunk in bare["hunks"] for row in hunk["rows"] if row["kind"] != "same"]
    assert "".join(piece["text"] for piece in rows[-1]["new"]["pieces"]) == "b"
    assert api.get("cai", "/pages/eng/p/diff/1..1").json["hunks"] == []
    assert api.get("cai", "/pages/eng/p/diff/1..9").status_code == 404
    assert api.get("cai", "/pages/eng/p/diff/1..2?context=-1").status_code == 422


def test_a_long_comparison_comes_in_parts_that_lead_on(
    api: Api, wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diff, "ROWS", 40)
    monkeypatch.setattr(stretches, "PIECE", 20)
    wiki.write("p", "".join(f"old {n}\n" for n in range(100)))
    wiki.write("p", "".join(f"{n} neu\n" for n in range(100)))
    lines: list[int] = []
    address: str | None = "/pages/eng/p/diff/1..2?context=0"
    parts = 0
    while address:
        answered = api.get("cai", address)
        found = answered.json
        assert (found["added"], found["removed"]) == (100, 100)
        rows = [row for hunk in found["hunks"] for row in hunk["rows"]]
        assert len(rows) <= 40
        lines += [row["new"]["number"] for row in rows if row["new"]]
        address = found["next"] and found["next"].removeprefix(PREFIX)
        assert ("Link" in answered.headers) == bool(address)
        parts += 1
    assert (sorted(lines), parts > 2) == (list(range(1, 101)), True)
    assert api.get("cai", "/pages/eng/p/diff/1..2?part=0").status_code == 422


def test_a_long_blame_leads_on(api: Api, wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_RUNS", 4)
    wiki.write("p", "".join(f"{n}\n" for n in range(10)))
    wiki.write("p", "".join(f"{n if n % 2 else 'x'}\n" for n in range(10)))
    whole: list[tuple[int, int]] = []
    address: str | None = "/pages/eng/p/blame"
    while address:
        found = api.get("cai", address).json
        assert len(found["runs"]) <= 4
        whole += [(run["first"], run["revision"]) for run in found["runs"]]
        address = found["next"] and found["next"].removeprefix(PREFIX)
    assert whole == [(n + 1, 1 if n % 2 else 2) for n in range(10)]


def undo(api: Api, who: str, number: int, **body: object) -> TestResponse:
    return api.call(who, "POST", f"/pages/eng/p/revisions/{number}/undo", json=body)


def test_a_change_is_undone_and_later_ones_are_kept(api: Api, wiki: Scene) -> None:
    wiki.write("p", "one\n\ntwo\n")
    wiki.write("p", "first\n\ntwo\n")
    wiki.write("p", "first\n\nsecond\n")
    done = undo(api, "ben", 2, message="It was right").json
    assert (done["body"], done["revision"], done["changed"]) == ("one\n\nsecond\n", 4, True)
    assert api.get("cai", "/pages/eng/p/revisions/4").json["action"] == "undo"
    assert undo(api, "ben", 2).json["changed"] is False
    assert undo(api, "ben", 1).status_code == 404
    assert undo(api, "ben", 9).status_code == 404
    assert undo(api, "cai", 2).status_code == 403


def test_an_undo_that_later_changes_overlap_answers_with_all_texts(api: Api, wiki: Scene) -> None:
    wiki.write("p", "one\n")
    wiki.write("p", "first\n")
    wiki.write("p", "uno\n")
    refused = undo(api, "ben", 2)
    assert refused.status_code == 409
    texts = [refused.json[side]["body"] for side in ("yours", "base", "theirs")]
    assert texts == ["one\n", "first\n", "uno\n"]
    assert wiki.page("p").head == 3


def test_an_undo_that_brings_a_secret_back_needs_a_reason(api: Api, wiki: Scene) -> None:
    key = "AKIA" + "Y34FZKBOKMUTVV7Q"
    api.put("eve", "/pages/eng/p", {"body": key, "allow_secrets": "an example"})
    wiki.write("p", "words")
    refused = undo(api, "ben", 2)
    assert refused.status_code == 422
    assert key not in refused.text
    assert undo(api, "ben", 2, allow_secrets="an example").json["body"] == key
