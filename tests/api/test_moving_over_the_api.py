"""Moving, placing and renaming pages over the API."""

from tests.api.conftest import V1, Api


def pages(api: Api, *paths: str) -> None:
    for path in paths:
        api.put("ben", f"/pages/eng/{path}", {"body": f"{path}\n"})


def names(api: Api) -> list[str]:
    placed = []
    for path in ("a", "b", "c"):
        page = api.get("ben", f"/pages/eng/{path}").json
        placed.append((page["position"] or "~", page["title"]))
    return [title for _, title in sorted(placed)]


def test_a_page_is_placed_beside_others(api: Api) -> None:
    pages(api, "a", "b", "c")
    page = api.get("cai", "/pages/eng/a").json
    assert (page["parent"], page["position"]) == ("", None)
    moved = api.post("ben", "/pages/eng/c/move", {"before": "a"})
    assert moved.status_code == 200
    assert moved.json["position"]
    assert names(api) == ["C", "A", "B"]
    api.post("ben", "/pages/eng/c/move", {"after": "a"})
    assert names(api) == ["A", "C", "B"]
    kinds = [one["type"] for one in api.get("cai", "/changes?space=eng").json["changes"]]
    assert kinds == ["page_saved"] * 3 + ["page_reordered"] * 2


def test_a_page_moves_to_a_parent_and_gets_a_title(api: Api) -> None:
    pages(api, "a", "b", "a/x", "a/y")
    moved = api.post("ben", "/pages/eng/b/move", {"after": "a/x", "title": "Bee"})
    assert moved.json["path"] == "a/b"
    assert moved.json["parent"] == "a"
    assert moved.json["title"] == "Bee"
    assert moved.headers["Location"] == f"{V1}/pages/eng/a/b"
    assert api.get("ben", "/pages/eng/b").status_code == 308
    back = api.post("ben", "/pages/eng/a/b/move", {"parent": "", "message": "Home again"})
    assert (back.json["path"], back.json["position"]) == ("b", None)
    named = api.post("ben", "/pages/eng/b/move", {"path": "deep/er/c", "space": "open"})
    assert named.status_code == 409
    consent = named.json["consent"]
    sent = {"path": "deep/er/c", "space": "open"}
    agreed = api.post("ben", f"/pages/eng/b/move?consent={consent}", sent)
    assert agreed.status_code == 200, agreed.json
    assert (agreed.json["space"], agreed.json["path"]) == ("open", "deep/er/c")


def test_what_cannot_be_done_is_refused_as_a_whole(api: Api) -> None:
    pages(api, "a", "b", "a/x")
    api.put("eve", "/pages/lab/secret", {"body": "x"})
    for sent, field in (
        ({"path": "c", "parent": ""}, "parent"),
        ({"before": "b", "after": "b"}, "after"),
        ({"before": "nowhere"}, "before"),
        ({"path": "b"}, "path"),
        ({"path": "a/x/y"}, "path"),
        ({"title": " ", "path": "z"}, "title"),
        ({"title": "x" * 301, "path": "z"}, "title"),
        ({"path": "z", "before": "a/x"}, "position"),
    ):
        refused = api.post("ben", "/pages/eng/a/move", sent)
        assert refused.status_code == 422, sent
        assert refused.json["field"] == field, sent
    assert api.post("cai", "/pages/eng/a/move", {"path": "z"}).status_code == 403
    assert api.post("ben", "/pages/eng/q/move", {"path": "z"}).status_code == 404
    assert api.post("dot", "/pages/lab/secret/move", {"path": "z"}).status_code == 404
    assert api.post("ben", "/pages/eng/a/move", {"path": "z", "space": "fair"}).status_code == 404
    assert api.get("ben", "/pages/eng/a").json["revision"] == 1


def test_a_page_whose_name_is_move_is_addressed_with_a_slash(api: Api) -> None:
    api.put("ben", "/pages/eng/move/", {"body": "x\n"})
    assert api.get("ben", "/pages/eng/move/").json["path"] == "move"
    assert api.post("ben", "/pages/eng/move/move", {"title": "Moving"}).json["title"] == "Moving"
