"""Following what happens, without missing or seeing too much."""

from typing import Any

from tests.api.conftest import Api
from tests.cast import Scene


def follow(api: Api, who: str, after: int = 0, query: str = "") -> list[dict[str, Any]]:
    """All changes after one, slice by slice."""
    seen: list[dict[str, Any]] = []
    while True:
        answer = api.get(who, f"/changes?after={after}&limit=2{query}").json
        seen += answer["changes"]
        after = answer["after"]
        if not answer["more"]:
            return seen


def kinds(changes: list[dict[str, Any]]) -> list[str]:
    return [change["type"] for change in changes]


def test_what_happens_is_told_in_order(api: Api, wiki: Scene) -> None:
    page = wiki.write("a", "1", by="ben")
    wiki.write("a", "2", by="eve")
    wiki.post("ben", "/eng/a/-/move", path="b", space="eng")
    api.call("ben", "PUT", "/files/eng/b/x.txt", data=b"x")
    wiki.post("ben", "/eng/b/-/delete")
    wiki.post("ben", f"/-/p/{page.id}/restore")
    told = follow(api, "cai")
    assert kinds(told) == [
        "page_saved",
        "page_saved",
        "page_moved",
        "file_added",
        "page_deleted",
        "page_restored",
    ]
    assert [one["id"] for one in told] == sorted(one["id"] for one in told)
    assert [one["actor"]["handle"] for one in told[:2]] == ["ben", "eve"]
    assert [one["revision"] for one in told[:3]] == [1, 2, 3]
    assert (told[2]["old_path"], told[2]["path"]) == ("a", "b")
    assert told[3]["file"] == "x.txt"
    assert all(one["page"]["url"] == "/eng/b" for one in told)


def test_one_goes_on_where_one_stopped(api: Api, wiki: Scene) -> None:
    wiki.write("a", "1")
    first = api.get("cai", "/changes").json
    assert (len(first["changes"]), first["more"]) == (1, False)
    nothing = api.get("cai", f"/changes?after={first['after']}").json
    assert (nothing["changes"], nothing["after"]) == ([], first["after"])
    wiki.write("b", "1")
    (one,) = api.get("cai", f"/changes?after={first['after']}").json["changes"]
    assert one["page"]["path"] == "b"
    sliced = api.get("cai", "/changes?limit=1")
    assert sliced.json["more"] is True
    assert f"after={first['after']}" in sliced.headers["Link"]


def test_nobody_is_told_of_what_they_may_not_read(api: Api, wiki: Scene) -> None:
    for space in ("open", "eng", "lab", "fair"):
        wiki.write("p", "x", space=space)
    seen = {who: {one["space"] for one in follow(api, who)} for who in wiki.people}
    assert seen == {
        "nobody": {"open"},
        "ada": {"open", "eng"},
        "ben": {"open", "eng", "lab"},
        "cai": {"open", "eng", "lab"},
        "dot": {"open", "eng"},
        "eve": {"open", "eng", "lab", "fair"},
        "gus": {"open", "fair"},
    }
    hidden = api.get("dot", "/changes?space=lab")
    assert (hidden.status_code, hidden.data) == (404, api.get("dot", "/changes?space=no").data)


def test_sign_ins_tokens_and_memberships_are_no_changes(api: Api, wiki: Scene) -> None:
    wiki.post("eve", "/eng/-/members", person="dot", role="editor")
    assert follow(api, "eve") == []


def test_a_page_that_moves_out_of_sight_is_told_as_deleted(api: Api, wiki: Scene) -> None:
    page = wiki.write("plan", "x")
    wiki.post("eve", "/eng/plan/-/move", path="secret-name", space="lab")
    told = follow(api, "dot")
    assert kinds(told) == ["page_deleted"]
    assert (told[0]["space"], told[0]["path"]) == ("eng", "plan")
    assert (told[0]["page"], told[0]["page_id"]) == (None, page.id)
    assert "secret-name" not in str(told)
    assert "lab" not in str(told)
    inside = follow(api, "cai")
    assert kinds(inside) == ["page_saved", "page_moved"]
    assert inside[1]["page"]["url"] == "/lab/secret-name"


def test_a_page_that_moves_into_sight_does_not_betray_where_it_was(api: Api, wiki: Scene) -> None:
    wiki.write("secret-name", "x", space="lab", title="Plan")
    wiki.agree("eve", wiki.post("eve", "/lab/secret-name/-/move", path="plan", space="eng"))
    (moved,) = follow(api, "dot")
    assert (moved["type"], moved["path"], moved["old_path"]) == ("page_moved", "plan", None)
    assert "secret-name" not in str(moved)
    assert "lab" not in str(moved)


def test_what_is_kept_from_somebody_is_not_told_to_them(api: Api, wiki: Scene) -> None:
    page = wiki.write("plan", "x", title="Layoffs")
    wiki.attach("plan/list.txt", b"x")
    wiki.post("eve", "/eng/plan/-/access", label="restricted")
    wiki.post("eve", "/eng/plan/-/move", path="hush", space="eng")
    wiki.agree("eve", wiki.post("eve", "/eng/hush/-/move", path="out", space="lab"))
    assert follow(api, "dot") == []
    assert [one["page_id"] for one in follow(api, "eve")] == [page.id] * 4


def test_a_deleted_page_is_named_no_more(api: Api, wiki: Scene) -> None:
    wiki.write("plan", "x", title="Closing the office")
    wiki.post("eve", "/eng/plan/-/delete")
    told = follow(api, "cai")
    assert kinds(told) == ["page_saved", "page_deleted"]
    assert "Closing" not in str(told)


def test_one_space_can_be_followed_alone(api: Api, wiki: Scene) -> None:
    wiki.write("a", "x", space="eng")
    wiki.write("b", "x", space="lab")
    assert [one["space"] for one in follow(api, "cai", query="&space=lab")] == ["lab"]
    assert api.get("cai", "/changes?space=lab").json["changes"][0]["page"]["url"] == "/lab/b"
