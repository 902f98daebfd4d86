"""Spaces, search and files over the API."""

from sqlalchemy import update

from tests.api.conftest import V1, Api
from tests.attachments import samples
from tests.cast import Scene
from wiki.db import now
from wiki.pages.models import Page


def test_everybody_lists_the_spaces_they_may_read(api: Api) -> None:
    expected = {
        "nobody": {"open"},
        "gus": {"open", "fair"},
        "dot": {"open", "eng"},
        "cai": {"open", "eng", "lab"},
        "eve": {"open", "eng", "lab", "fair"},
    }
    for who, slugs in expected.items():
        listed = api.get(who, "/spaces").json["spaces"]
        assert {one["slug"] for one in listed} == slugs
        for one in listed:
            assert api.get(who, f"/spaces/{one['slug']}").json == one
    assert api.get("ben", "/spaces/eng").json["can_edit"] is True
    assert api.get("cai", "/spaces/eng").json["can_edit"] is False


def test_a_member_makes_a_space_and_leads_it(api: Api) -> None:
    made = api.call(
        "dot", "POST", "/spaces", json={"slug": "own", "title": "Own", "visibility": "private"}
    )
    assert made.status_code == 201
    assert made.headers["Location"] == f"{V1}/spaces/own"
    assert api.put("dot", "/pages/own/", {"body": "mine"}).status_code == 201
    assert api.get("eve", "/spaces/own").status_code == 404
    again = api.call("eve", "POST", "/spaces", json={"slug": "own", "title": "x"})
    assert (again.status_code, again.json["field"]) == (409, "slug")
    guest = api.call("gus", "POST", "/spaces", json={"slug": "his", "title": "x"})
    assert guest.status_code == 403
    bad = api.call(
        "eve", "POST", "/spaces", json={"slug": "x", "title": "x", "visibility": "secret"}
    )
    assert "“private”" in bad.json["detail"]


def test_a_space_gets_an_icon_and_a_color(api: Api) -> None:
    sent = {"slug": "new", "title": "New", "icon": "leaf", "color": "green"}
    made = api.call("ben", "POST", "/spaces", json=sent)
    assert (made.json["icon"], made.json["color"]) == ("leaf", "green")
    for name, wrong in (("color", "mud"), ("icon", "no icon")):
        refused = api.call("ben", "POST", "/spaces", json=sent | {"slug": "other", name: wrong})
        assert (refused.status_code, refused.json["field"]) == (422, name)


def test_leads_change_the_name_and_the_look_of_a_space_and_nothing_else(api: Api) -> None:
    before = api.get("eve", "/spaces/lab").json
    sent = {"title": "The lab", "icon": "leaf", "color": "green"}
    changed = api.call("eve", "PATCH", "/spaces/lab", json=sent)
    assert changed.json == before | sent
    assert api.call("eve", "PATCH", "/spaces/lab", json={}).json == before | sent
    assert api.call("eve", "PATCH", "/spaces/lab", json={"icon": ""}).json["icon"] == ""
    wrong = api.call("eve", "PATCH", "/spaces/lab", json={"color": "mud"})
    assert (wrong.status_code, wrong.json["field"]) == (422, "color")
    assert api.call("eve", "PATCH", "/spaces/lab", json={"title": " "}).status_code == 422
    assert api.call("ben", "PATCH", "/spaces/lab", json=sent).status_code == 403
    assert api.call("dot", "PATCH", "/spaces/lab", json=sent).status_code == 404
    assert api.get("eve", "/spaces/lab").json == before | sent | {"icon": ""}


def test_search_finds_what_the_asker_may_read(api: Api, wiki: Scene) -> None:
    for space in ("open", "eng", "lab"):
        wiki.write("zebra", "A zebra crossing", space=space, title=f"Zebra in {space}")
    wiki.deliver()
    found = {
        who: [hit["page"]["space"] for hit in api.get(who, "/search?q=zebra").json["hits"]]
        for who in ("nobody", "dot", "cai")
    }
    assert {who: set(spaces) for who, spaces in found.items()} == {
        "nobody": {"open"},
        "dot": {"open", "eng"},
        "cai": {"open", "eng", "lab"},
    }
    one = api.get("cai", "/search?q=zebra&limit=1").json
    assert one["total"] == 3
    assert one["total_is_exact"] is True
    assert [piece for piece in one["hits"][0]["title"] if piece["found"]]
    second = api.get("cai", one["next"].removeprefix(V1)).json
    assert second["hits"][0]["page"] != one["hits"][0]["page"]
    assert api.get("cai", second["next"].removeprefix(V1)).json["next"] is None
    only = api.get("cai", "/search?q=zebra&space=lab").json
    assert [hit["page"]["url"] for hit in only["hits"]] == ["/lab/zebra"]


def test_a_hit_that_is_gone_hides_no_hit_after_it(api: Api, wiki: Scene) -> None:
    for path in ("first", "second"):
        wiki.write(path, "A zebra crossing")
    wiki.deliver()
    best = api.get("cai", "/search?q=zebra&limit=1").json["hits"][0]["page"]["path"]
    with wiki.database.write() as session:  # the index does not learn of it
        session.execute(update(Page).where(Page.path == best).values(deleted_at=now()))
    found = api.get("cai", "/search?q=zebra&limit=1").json
    assert (found["total"], found["hits"]) == (1, [])
    rest = api.get("cai", found["next"].removeprefix(V1)).json
    assert {hit["page"]["path"] for hit in rest["hits"]} == {"first", "second"} - {best}


def test_a_search_says_what_it_excluded_and_what_it_took_for_text(api: Api, wiki: Scene) -> None:
    wiki.write("has", "docker-compose up -d")
    wiki.write("image", "the image tag:latest fails")
    wiki.deliver()
    found = api.get("cai", "/search?q=docker-compose+up+-d").json
    assert found["excluded"] == [{"text": "d", "query": 'docker-compose up "-d"'}]
    assert found["as_text"] == []
    found = api.get("cai", "/search?q=image+tag:latest").json
    assert (found["excluded"], found["as_text"], found["total"]) == ([], ["tag:latest"], 1)


def test_a_search_without_a_question_is_refused(api: Api, wiki: Scene) -> None:
    assert api.get("eve", "/search").status_code == 422
    assert api.get("eve", "/search?q=" + "x" * 5000).status_code == 422
    assert api.get("eve", "/search?q=x&page=0").status_code == 422


def test_a_file_is_attached_read_listed_and_removed(api: Api, wiki: Scene) -> None:
    wiki.write("teams", "x")
    png = samples.png()
    kind = {"Content-Type": "image/png"}
    made = api.call("ben", "PUT", "/files/eng/teams/images/Logo 1.png", data=png, headers=kind)
    assert made.status_code == 201
    assert made.json["path"] == "teams/images/Logo-1.png"
    assert made.json["content_type"] == "image/png"
    assert made.headers["Location"] == f"{V1}/files/eng/teams/images/Logo-1.png"
    assert api.get("cai", "/files/eng/teams/images/Logo-1.png").data == png
    assert wiki.get("cai", made.json["url"]).data == png
    part = api.get("cai", "/files/eng/teams/images/Logo-1.png", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, png[:4])
    again = api.call("ben", "PUT", "/files/eng/teams/images/Logo 1.png", data=png)
    assert again.status_code == 200
    other = api.call("ben", "PUT", "/files/eng/teams/images/Logo 1.png", data=b"text")
    assert (other.status_code, other.json["content_type"]) == (200, "text/plain")
    api.call("ben", "PUT", "/files/eng/b.txt", data=b"b")
    first = api.get("cai", "/files/eng?limit=1").json
    second = api.get("cai", first["next"].removeprefix(V1)).json
    listed = [one["path"] for one in first["files"] + second["files"]]
    assert listed == ["teams/images/Logo-1.png", "b.txt"]
    assert api.call("cai", "DELETE", "/files/eng/b.txt").status_code == 403
    assert api.call("ben", "DELETE", "/files/eng/b.txt").status_code == 204
    assert api.get("cai", "/files/eng/b.txt").status_code == 404
    assert api.call("ben", "DELETE", "/files/eng/b.txt").status_code == 404


def test_hidden_files_are_absent_and_large_ones_refused(api: Api, wiki: Scene) -> None:
    api.call("eve", "PUT", "/files/lab/a.txt", data=b"secret")
    for who in ("nobody", "dot"):
        hidden = api.get(who, "/files/lab/a.txt")
        absent = api.get(who, "/files/none/a.txt")
        assert (hidden.status_code, hidden.data) == (404, absent.data)
        assert dict(hidden.headers) == dict(absent.headers)
        assert api.get(who, "/files/lab").status_code == 404
    assert api.call("dot", "PUT", "/files/lab/a.txt", data=b"x").status_code == 404
    assert api.call("cai", "PUT", "/files/lab/a.txt", data=b"x").status_code == 403
    object.__setattr__(wiki.settings, "max_file_mb", 1)
    large = api.call("eve", "PUT", "/files/lab/b.bin", data=b"x" * ((1 << 20) + 1))
    assert large.status_code == 413
    assert "1 MiB" in large.json["detail"]
    assert api.call("eve", "PUT", "/files/lab/notes.md", data=b"x").status_code == 422


def test_a_file_that_pages_use_is_not_removed_and_they_are_named(api: Api, wiki: Scene) -> None:
    api.call("ben", "PUT", "/files/eng/plan.png", data=samples.png())
    wiki.write("rota", "![](plan.png)", title="The rota")
    used = api.get("cai", "/uses/eng/plan.png").json
    assert [page["title"] for page in used["pages"]] == ["The rota"]
    assert used["more"] is False
    refused = api.call("ben", "DELETE", "/files/eng/plan.png")
    assert refused.status_code == 409
    assert refused.json["type"] == "urn:trellis:problem:file-in-use"
    assert refused.json["pages"] == used["pages"]
    assert "“The rota”" in refused.json["detail"]
    wiki.write("rota", "nothing")
    assert api.call("ben", "DELETE", "/files/eng/plan.png").status_code == 204
    assert api.get("cai", "/uses/eng/plan.png").status_code == 404


def test_versions_are_listed_read_and_brought_back(api: Api, wiki: Scene) -> None:
    for words in (b"one", b"two", b"three"):
        sent = api.call("ben", "PUT", "/files/eng/n.txt", data=words)
    assert sent.json["version"] == 3
    listed = api.get("ben", "/versions/eng/n.txt?limit=2").json
    rest = api.get("ben", listed["next"].removeprefix(V1)).json
    versions = listed["versions"] + rest["versions"]
    assert [one["version"] for one in versions] == [3, 2, 1]
    assert [one["current"] for one in versions] == [True, False, False]
    assert rest["next"] is None
    assert api.get("ben", "/files/eng/n.txt?version=1").data == b"one"
    assert [one["version"] for one in api.get("cai", "/versions/eng/n.txt").json["versions"]] == [3]
    assert api.get("cai", "/files/eng/n.txt?version=1").status_code == 404
    assert api.get("cai", "/files/eng/n.txt?version=3").data == b"three"
    back = api.call("ben", "POST", "/versions/eng/n.txt", json={"version": 1})
    assert (back.status_code, back.json["version"]) == (200, 4)
    assert api.get("cai", "/files/eng/n.txt").data == b"one"
    assert api.call("cai", "POST", "/versions/eng/n.txt", json={"version": 1}).status_code == 403
    assert api.call("ben", "POST", "/versions/eng/n.txt", json={"version": 9}).status_code == 404
    assert api.call("dot", "POST", "/versions/lab/n.txt", json={"version": 1}).status_code == 404


def test_a_removed_file_is_found_by_its_versions_and_comes_back(api: Api, wiki: Scene) -> None:
    api.call("ben", "PUT", "/files/eng/n.txt", data=b"words")
    api.call("ben", "DELETE", "/files/eng/n.txt")
    assert api.get("cai", "/versions/eng/n.txt").status_code == 404
    (old,) = api.get("ben", "/versions/eng/n.txt").json["versions"]
    assert old["removed_at"]
    assert api.call("ben", "POST", "/versions/eng/n.txt", json={"version": 1}).status_code == 200
    assert api.get("cai", "/files/eng/n.txt").data == b"words"


def test_a_thumbnail_can_be_asked_for(api: Api) -> None:
    api.call("ben", "PUT", "/files/eng/p.png", data=samples.png(900, 300))
    small = api.get("cai", "/files/eng/p.png?width=320")
    assert (small.status_code, small.content_type) == (200, "image/webp")


def test_hidden_versions_and_uses_are_as_absent_ones(api: Api, wiki: Scene) -> None:
    api.call("eve", "PUT", "/files/lab/a.txt", data=b"secret")
    for what in ("versions", "uses"):
        hidden, absent = (api.get("dot", f"/{what}/{space}/a.txt") for space in ("lab", "none"))
        assert (hidden.status_code, hidden.data) == (404, absent.data)
        assert dict(hidden.headers) == dict(absent.headers)
