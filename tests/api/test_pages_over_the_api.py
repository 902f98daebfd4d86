"""Reading, making, changing and deleting pages over the API."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from tests.api.conftest import V1, Api
from tests.cast import Scene


def test_a_page_is_made_read_and_changed(api: Api) -> None:
    made = api.put("ben", "/pages/eng/on-call", {"body": "Be awake.\n", "tags": ["rota"]})
    assert made.status_code == 201
    assert made.headers["Location"] == f"{V1}/pages/eng/on-call"
    assert made.json["title"] == "On call"
    read = api.get("cai", "/pages/eng/on-call")
    assert read.json["body"] == "Be awake.\n"
    assert read.json["author"] == {"handle": "ben", "name": "Ben", "photo": None}
    assert read.json["url"] == "/eng/on-call"
    saved = api.put(
        "eve",
        "/pages/eng/on-call",
        {"body": "Be rested.\n", "base_revision": 1, "message": "Healthier"},
    )
    assert saved.status_code == 200
    assert (saved.json["revision"], saved.json["changed"], saved.json["merged"]) == (2, True, False)
    assert saved.json["message"] == "Healthier"
    assert saved.json["tags"] == ["rota"], "what is left out stays"
    assert saved.json["title"] == "On call"


def test_the_home_page_of_a_space_is_a_page_too(api: Api) -> None:
    assert api.get("ben", "/pages/eng").status_code == 404
    assert api.put("ben", "/pages/eng/", {"body": "Welcome"}).status_code == 201
    home = api.get("ben", "/pages/eng")
    assert (home.json["path"], home.json["title"], home.json["url"]) == ("", "Eng", "/eng/")
    assert home.json["folder"] is True


def test_front_matter_in_the_body_fills_the_fields(api: Api) -> None:
    body = "---\ntitle: Rota\ntags: [a, b]\nowner: ben\n---\nText\n"
    made = api.put("ben", "/pages/eng/rota", {"body": body})
    assert made.json["title"] == "Rota"
    assert made.json["tags"] == ["a", "b"]
    assert made.json["fields"] == {"owner": "ben"}
    assert made.json["body"] == "Text\n"


def test_front_matter_in_a_change_replaces_what_it_states_and_the_rest_stays(api: Api) -> None:
    first = "---\ntitle: Rota\ndescription: Who\ntags: [a]\nowner: ben\n---\nText\n"
    api.put("ben", "/pages/eng/rota", {"body": first})

    def change(base: int, block: str, **sent: Any) -> tuple[Any, ...]:
        body = {"body": f"{block}Text {base}\n", "base_revision": base, **sent}
        saved = api.put("ben", "/pages/eng/rota", body).json
        return tuple(saved[key] for key in ("title", "description", "tags", "fields"))

    assert change(1, '{"tags": ["b"]}\n') == ("Rota", "Who", ["b"], {"owner": "ben"})
    assert change(2, "---\nteam: x\n---\n") == ("Rota", "Who", ["b"], {"team": "x"})
    assert change(3, "---\ntitle: R\ntags: []\n---\n")[:3] == ("R", "Who", [])
    assert change(4, "---\nteam: y\n---\n", tags=["c"]) == ("R", "Who", ["c"], {"team": "y"})
    assert change(5, "---\nteam: z\n---\n", fields={"k": 1})[3] == {"k": 1, "team": "z"}
    assert change(6, "") == ("R", "Who", ["c"], {"k": 1, "team": "z"})


def test_fields_with_characters_that_no_database_stores_are_saved_without_them(api: Api) -> None:
    made = api.put("ben", "/pages/eng/odd", {"body": "x", "fields": {"a": ["\0b", {"\0": 1}]}})
    assert (made.status_code, made.json["fields"]) == (201, {"a": ["\ufffdb", {"\ufffd": 1}]})


def test_a_change_must_say_what_it_is_based_on(api: Api) -> None:
    api.put("ben", "/pages/eng/rota", {"body": "first"})
    refused = api.put("ben", "/pages/eng/rota", {"body": "second"})
    assert refused.status_code == 428
    assert "base_revision" in refused.json["detail"]
    assert api.get("ben", "/pages/eng/rota").json["body"] == "first"


def test_edits_of_different_lines_are_merged(api: Api) -> None:
    api.put("ben", "/pages/eng/list", {"body": "one\n\ntwo\n\nthree\n"})
    api.put("ben", "/pages/eng/list", {"body": "ONE\n\ntwo\n\nthree\n", "base_revision": 1})
    merged = api.put("eve", "/pages/eng/list", {"body": "one\n\ntwo\n\n3\n", "base_revision": 1})
    assert (merged.status_code, merged.json["merged"]) == (200, True)
    assert merged.json["body"] == "ONE\n\ntwo\n\n3\n"
    assert merged.json["revision"] == 3


def test_edits_of_the_same_line_come_back_with_both_sides_and_the_base(api: Api) -> None:
    api.put("ben", "/pages/eng/list", {"body": "limit 3\n", "tags": ["a"]})
    api.put("ben", "/pages/eng/list", {"body": "limit 5\n", "base_revision": 1})
    conflict = api.put("eve", "/pages/eng/list", {"body": "limit 8\n", "base_revision": 1})
    assert conflict.status_code == 409
    sides = {name: conflict.json[name] for name in ("base", "yours", "theirs")}
    assert {name: side["body"] for name, side in sides.items()} == {
        "base": "limit 3\n",
        "yours": "limit 8\n",
        "theirs": "limit 5\n",
    }
    assert [side["revision"] for side in sides.values()] == [1, None, 2]
    assert sides["yours"]["tags"] == ["a"]
    assert api.get("ben", "/pages/eng/list").json["revision"] == 2
    settled = api.put("eve", "/pages/eng/list", {"body": "limit 8\n", "base_revision": 2})
    assert settled.json["revision"] == 3


def test_saving_what_is_there_already_adds_nothing(api: Api) -> None:
    api.put("ben", "/pages/eng/rota", {"body": "same"})
    again = api.put("ben", "/pages/eng/rota", {"body": "same", "base_revision": 1})
    assert (again.json["changed"], again.json["revision"]) == (False, 1)


def test_headers_can_carry_the_condition(api: Api) -> None:
    tag = api.put("ben", "/pages/eng/rota", {"body": "1"}).headers["ETag"]
    unchanged = api.get("cai", "/pages/eng/rota", headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    saved = api.put("ben", "/pages/eng/rota", {"body": "2"}, headers={"If-Match": tag})
    assert saved.json["revision"] == 2
    stale = api.put("eve", "/pages/eng/rota", {"body": "3"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    only_new = {"If-None-Match": "*"}
    assert api.put("ben", "/pages/eng/rota", {"body": "x"}, headers=only_new).status_code == 412
    assert api.put("ben", "/pages/eng/new", {"body": "x"}, headers=only_new).status_code == 201
    gone = api.put("ben", "/pages/eng/other", {"body": "x"}, headers={"If-Match": "*"})
    assert gone.status_code == 412
    kept = api.call("ben", "DELETE", "/pages/eng/rota", headers={"If-Match": tag})
    assert kept.status_code == 412
    assert api.get("cai", "/pages/eng/rota").json["body"] == "2"


def test_a_new_page_at_an_old_path_does_not_pass_for_the_old_one(api: Api) -> None:
    first = api.put("ben", "/pages/eng/a", {"body": "1"}).headers["ETag"]
    api.call("ben", "DELETE", "/pages/eng/a")
    api.put("ben", "/pages/eng/a", {"body": "another"})
    assert api.get("cai", "/pages/eng/a", headers={"If-None-Match": first}).status_code == 200


def test_an_edit_of_a_page_that_is_gone_is_not_a_new_page(api: Api) -> None:
    refused = api.put("ben", "/pages/eng/never", {"body": "x", "base_revision": 3})
    assert refused.status_code == 409
    assert api.get("ben", "/pages/eng/never").status_code == 404


def test_a_deleted_page_is_gone_for_the_api(api: Api, wiki: Scene) -> None:
    wiki.write("a", "x")
    wiki.write("a/b", "y")
    assert api.call("ben", "DELETE", "/pages/eng/a").status_code == 204
    assert api.get("ben", "/pages/eng/a").status_code == 404
    assert api.get("ben", "/pages/eng/a/b").status_code == 200
    assert api.call("ben", "DELETE", "/pages/eng/a").status_code == 404
    wiki.write("c", "x")
    wiki.write("c/d", "y")
    assert api.call("ben", "DELETE", "/pages/eng/c?subtree=true").status_code == 204
    assert api.get("ben", "/pages/eng/c/d").status_code == 404


def test_a_moved_page_says_where_it_is(api: Api, wiki: Scene) -> None:
    wiki.write("a", "x")
    wiki.post("ben", "/eng/a/-/move", path="b/c", space="eng")
    moved = api.get("cai", "/pages/eng/a")
    assert (moved.status_code, moved.headers["Location"]) == (308, f"{V1}/pages/eng/b/c")


def test_pages_named_like_verbs_have_one_more_slash(api: Api) -> None:
    made = api.put("ben", "/pages/eng/a/revisions/", {"body": "about revisions"})
    assert made.status_code == 201
    assert made.headers["Location"] == f"{V1}/pages/eng/a/revisions/"
    assert api.get("ben", "/pages/eng/a/revisions/").json["path"] == "a/revisions"
    assert api.get("ben", "/pages/eng/a/revisions").status_code == 404, "of the page a"
    assert api.put("ben", "/pages/eng/a/revisions", {"body": "x"}).status_code == 405
    assert api.get("ben", "/pages/eng/a/revisions/revisions").json["revisions"]
    assert api.put("ben", "/pages/eng/a/revisions/1/undo", {"body": "x"}).status_code == 405
    made = api.put("ben", "/pages/eng/a/revisions/1/undo/", {"body": "about undoing"})
    assert made.headers["Location"] == f"{V1}/pages/eng/a/revisions/1/undo/"


def test_of_two_who_make_a_page_at_once_one_does(api: Api) -> None:
    api.token("ben"), api.token("eve")
    together = Barrier(2)

    def make(who: str) -> int:
        together.wait()
        return api.put(who, "/pages/eng/new", {"body": f"by {who}"}).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(make, ("ben", "eve")))
    assert answers[0] == 201
    assert answers[1] in (409, 428)
    assert api.get("cai", "/pages/eng/new").json["revision"] == 1


def test_what_later_versions_know_is_refused_with_a_sentence(api: Api) -> None:
    post = api.put("ben", "/pages/eng/a", {"body": "x", "kind": "post"})
    assert (post.status_code, post.json["field"]) == (422, "kind")
    assert api.get("ben", "/pages/eng/a").status_code == 404


def test_paths_and_texts_are_held_to_the_same_rules_as_in_the_browser(api: Api) -> None:
    for address in ("/pages/eng/a/../b", "/pages/eng/x.md", "/pages/eng/" + "x" * 200):
        assert api.put("ben", address, {"body": "x"}).status_code in (404, 422)
    nul = api.put("ben", "/pages/eng/nul", {"body": "a\0b", "message": "\0"})
    assert nul.json["body"] == "a\ufffdb"
    large = api.put("ben", "/pages/eng/large", {"body": "é" * (1 << 20) + "x"})
    assert large.status_code == 413
    assert "2048 KiB" in large.json["detail"]


def test_who_may_write_is_the_same_as_in_the_browser(api: Api, wiki: Scene) -> None:
    for space in ("open", "eng", "lab", "fair"):
        wiki.write("p", "x", space=space)
        for who in wiki.people:
            sent = {"title": "p", "body": f"{who} was here", "base": 1}
            in_browser = wiki.post(who, f"/{space}/p/-/edit", **sent).status_code
            answer = api.put(who, f"/pages/{space}/p", {"body": "x", "base_revision": 1})
            expected = 401 if who == "nobody" else {403: 403, 404: 404}.get(in_browser)
            if expected:
                assert (who, space, answer.status_code) == (who, space, expected)
            else:
                assert answer.status_code in (200, 409)


def test_what_is_hidden_answers_with_the_same_bytes_as_what_is_absent(
    api: Api, wiki: Scene
) -> None:
    wiki.write("secret", "x", space="lab")
    verbs = ("", "/revisions", "/revisions/1", "/diff/1..1")
    for who in ("dot", "gus", "ada", "nobody"):
        for verb in verbs:
            hidden = api.get(who, f"/pages/lab/secret{verb}")
            absent = api.get(who, f"/pages/none/secret{verb}")
            assert hidden.status_code == 404
            assert hidden.data == absent.data
            assert dict(hidden.headers) == dict(absent.headers)
        assert api.get(who, "/spaces/lab").data == api.get(who, "/spaces/none").data
        for method in ("PUT", "DELETE"):
            sent = {"json": {"body": "x"}} if method == "PUT" else {}
            hidden = api.call(who, method, "/pages/lab/secret", **sent)
            absent = api.call(who, method, "/pages/none/secret", **sent)
            assert (hidden.status_code, hidden.data) == (absent.status_code, absent.data)


def test_a_save_names_characters_that_nobody_sees(api: Api) -> None:
    made = api.put("ben", "/pages/eng/code", {"body": "a\n\u2066b\u2069\n"})
    assert made.status_code == 201
    assert "LEFT-TO-RIGHT ISOLATE (U+2066) in line 2" in made.json["notices"][0]
    plain = api.put("ben", "/pages/eng/plain", {"body": "👨\u200d👩 می\u200cخواهم\n"})
    assert plain.json["notices"] == []
