"""Attaching, listing, reading, replacing, removing and bringing back files in the browser."""

import io
import json
import re
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests.attachments import samples
from tests.cast import Scene

PNG = samples.png()


def send(
    wiki: Scene, who: str, url: str, *files: tuple[str, bytes], program: bool = False
) -> TestResponse:
    return wiki.client(who).post(
        url,
        data={"file": [(io.BytesIO(data), name) for name, data in files]},
        content_type="multipart/form-data",
        headers={"Accept": "application/json"} if program else {},
    )


def put(wiki: Scene, path: str, data: bytes = PNG, *, space: str = "eng") -> int:
    return wiki.attach(path, data, space=space)


def without_address(response: TestResponse) -> str:
    """The page without what differs by itself: the way back after a sign-in, the address that a
    request for access names, the form's token."""
    return re.sub(r"(next|at)=[^\"]*|name=.csrf_token. value=.[^\"]*", "", response.text)


def test_an_editor_attaches_files_and_readers_get_the_same_bytes(wiki: Scene) -> None:
    wiki.write("rota", "x")
    sent = send(wiki, "ben", "/eng/rota/-/files", ("plan.png", PNG), ("notes.txt", b"hello"))
    assert sent.status_code == 303
    shown = wiki.get("cai", "/eng/rota/-/files/plan.png")
    assert shown.data == PNG
    assert shown.content_type == "image/png"
    text = wiki.get("cai", "/eng/rota/-/files/notes.txt")
    assert text.data == b"hello"
    assert text.content_type == "text/plain; charset=utf-8"
    listed = wiki.get("cai", "/eng/rota/-/files").text
    assert "/eng/rota/-/files/plan.png" in listed
    assert "5 bytes" in listed


def test_a_reader_sees_the_list_and_no_form(wiki: Scene) -> None:
    wiki.write("rota", "x")
    put(wiki, "rota/plan.png")
    listed = wiki.get("cai", "/eng/rota/-/files").text
    assert "plan.png" in listed
    assert '<form method="post" enctype' not in listed
    assert "Remove" not in listed
    assert send(wiki, "cai", "/eng/rota/-/files", ("a.png", PNG)).status_code == 403
    assert wiki.get("cai", "/eng/rota/-/files/a.png").status_code == 404


def test_the_type_comes_from_the_bytes_and_never_from_the_name(wiki: Scene) -> None:
    send(wiki, "eve", "/eng/-/files", ("page.html", PNG), ("photo.png", samples.HTML))
    assert wiki.get("cai", "/eng/-/files/page.html").content_type == "image/png"
    fake = wiki.get("cai", "/eng/-/files/photo.png")
    assert fake.content_type == "application/octet-stream"
    assert fake.headers["Content-Disposition"] == 'attachment; filename="photo.png"'


def test_nothing_attached_can_run_or_be_taken_for_something_else(wiki: Scene) -> None:
    for data in (samples.SVG, samples.HTML, PNG + samples.HTML, b"GIF89a<script>"):
        put(wiki, "x.svg", data)
        handed = wiki.get("cai", "/eng/-/files/x.svg")
        assert handed.headers["X-Content-Type-Options"] == "nosniff"
        policy = handed.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "sandbox" in policy
        assert "allow-" not in policy
        assert "script" not in policy
        assert "html" not in handed.content_type


def test_every_byte_is_asked_for_again(wiki: Scene) -> None:
    put(wiki, "plan.png", space="lab")
    shown = wiki.get("cai", "/lab/-/files/plan.png")
    assert shown.headers["Cache-Control"] == "private, no-cache"
    etag = shown.headers["ETag"]
    again = wiki.get("cai", "/lab/-/files/plan.png", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    outside = wiki.get("dot", "/lab/-/files/plan.png", headers={"If-None-Match": etag})
    assert outside.status_code == 404


RANGES = [
    ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
    ("bytes=8-", 206, b"89", "bytes 8-9/10"),
    ("bytes=-3", 206, b"789", "bytes 7-9/10"),
    ("bytes=0-", 206, b"0123456789", "bytes 0-9/10"),
    ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
    ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
    ("bytes=9-9", 206, b"9", "bytes 9-9/10"),
    ("bytes=10-", 416, None, "bytes */10"),
    ("bytes=99-100", 416, None, "bytes */10"),
    ("bytes=0-1,4-5", 200, b"0123456789", None),
    ("bytes=4-2", 200, b"0123456789", None),
    ("bytes=x-y", 200, b"0123456789", None),
    ("lines=0-1", 200, b"0123456789", None),
    ("", 200, b"0123456789", None),
]


def test_a_part_of_a_file_can_be_asked_for(wiki: Scene) -> None:
    put(wiki, "n.txt", b"0123456789")
    for asked, status, got, said in RANGES:
        part = wiki.get("cai", "/eng/-/files/n.txt", headers={"Range": asked})
        assert (asked, part.status_code) == (asked, status)
        assert part.headers.get("Content-Range") == said
        assert part.headers["Accept-Ranges"] == "bytes"
        if got is not None:
            assert part.data == got
            assert part.headers["Content-Length"] == str(len(got))


def test_a_range_of_an_older_version_gives_the_whole_new_one(wiki: Scene) -> None:
    put(wiki, "n.txt", b"old bytes")
    etag = wiki.get("cai", "/eng/-/files/n.txt").headers["ETag"]
    put(wiki, "n.txt", b"new bytes")
    part = wiki.get("cai", "/eng/-/files/n.txt", headers={"Range": "bytes=0-2", "If-Range": etag})
    assert (part.status_code, part.data) == (200, b"new bytes")


def test_head_and_empty_files(wiki: Scene) -> None:
    put(wiki, "empty.txt", b"")
    assert wiki.get("cai", "/eng/-/files/empty.txt").data == b""
    ranged = wiki.get("cai", "/eng/-/files/empty.txt", headers={"Range": "bytes=0-"})
    assert ranged.status_code == 200
    put(wiki, "plan.png")
    head = wiki.client("cai").head("/eng/-/files/plan.png")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(PNG))


NAMES = [
    ("Screen Shot.png", "Screen-Shot.png"),
    ("C:\\\\Users\\\\ben\\\\plan.png", "plan.png"),
    ("../../../etc/passwd.png", "passwd.png"),
    ("/etc/passwd", "passwd"),
    ("Übersicht.png", "Übersicht.png"),
    ("東京.png", "東京.png"),
    ("a'b;c=d&e.png", "a'b;c=d&e.png"),
    ("%2e%2e%2fx.png", "%2e%2e%2fx.png"),
]


def test_names_are_put_in_order_and_lead_back_to_the_bytes(wiki: Scene) -> None:
    for sent, name in NAMES:
        answer = send(wiki, "eve", "/eng/-/files", (sent, PNG), program=True)
        assert answer.status_code == 201
        (file,) = answer.json["files"]
        assert file["name"] == name
        shown = wiki.get("cai", file["url"])
        assert shown.data == PNG
        assert shown.headers["Content-Disposition"].startswith('inline; filename="')


def test_a_download_keeps_its_real_name(wiki: Scene) -> None:
    put(wiki, 'Über "uns" 100%.bin', b"\0")
    (file,) = [f for f in wiki.get("cai", "/eng/-/files").text.split('"') if "files/" in f][:1]
    said = wiki.get("cai", file).headers["Content-Disposition"]
    assert said == (
        'attachment; filename="Uber-_uns_-100_.bin"; '
        "filename*=UTF-8''%C3%9Cber-%22uns%22-100%25.bin"
    )


REFUSED = [
    ("..", "because it is reserved"),
    ("-", "because it is reserved"),
    ("a\u202egnp.exe", "direction of text"),
    ("x" * 200 + ".png", "up to 120 characters"),
    ("notes.MD", "Create a page from it"),
]


def test_names_that_cannot_be_are_refused_with_a_sentence(wiki: Scene) -> None:
    for sent, why in REFUSED:
        refused = send(wiki, "eve", "/eng/-/files", (sent, PNG), ("good.png", PNG))
        assert refused.status_code == 422
        assert why in refused.text
    assert "good.png" in wiki.get("cai", "/eng/-/files").text


def test_no_address_leads_out_of_the_folder_of_files(wiki: Scene) -> None:
    put(wiki, "plan.png")
    for url in (
        "/eng/-/files/../../../../etc/passwd",
        "/eng/-/files/%2e%2e/%2e%2e/wiki.db",
        "/eng/-/files/..%2f..%2fwiki.db",
        "/eng/-/files//etc/passwd",
        "/eng/-/files/" + "0" * 64,
        "/eng/-/files/x\0y",
        "/eng/-/files/" + quote("💥" * 400),
    ):
        assert wiki.get("eve", url, follow_redirects=True).status_code in (404, 400)


def test_a_file_that_is_too_large_is_named_and_the_others_are_attached(wiki: Scene) -> None:
    object.__setattr__(wiki.settings, "max_file_mb", 1)
    sent = send(wiki, "eve", "/eng/-/files", ("big.bin", b"x" * (1 << 20) + b"x"), ("a.png", PNG))
    assert sent.status_code == 422
    assert "big.bin is too large. Files can have up to 1 MiB." in sent.text
    assert wiki.get("cai", "/eng/-/files/a.png").data == PNG
    assert wiki.get("cai", "/eng/-/files/big.bin").status_code == 404


def test_a_request_beyond_all_limits_is_refused_with_the_limit(wiki: Scene) -> None:
    wiki.app.config["MAX_CONTENT_LENGTH"] = 1 << 20
    sent = send(wiki, "eve", "/eng/-/files", ("big.bin", b"x" * (2 << 20)))
    assert sent.status_code == 413
    assert "Files can have up to 64 MiB." in sent.text


def test_sending_no_file_says_so(wiki: Scene) -> None:
    assert "Choose a file." in send(wiki, "eve", "/eng/-/files").text
    assert send(wiki, "eve", "/eng/-/files", program=True).json["refused"]


def test_the_nearest_page_above_owns_a_file_and_takes_it_along(wiki: Scene) -> None:
    wiki.write("teams", "x")
    put(wiki, "teams/images/deep/logo.png")
    assert wiki.get("cai", "/eng/teams/images/deep/-/files/logo.png").data == PNG
    assert wiki.get("cai", "/eng/teams/-/files/images/deep/logo.png").data == PNG
    wiki.post("ben", "/eng/teams/-/move", path="groups", space="eng")
    assert wiki.get("cai", "/eng/groups/images/deep/-/files/logo.png").data == PNG
    old = wiki.get("cai", "/eng/teams/images/deep/-/files/logo.png")
    assert old.location == "/eng/groups/images/deep/-/files/logo.png"


def test_files_of_a_page_that_moved_where_one_may_not_read_are_gone(wiki: Scene) -> None:
    wiki.write("teams", "x")
    put(wiki, "teams/logo.png")
    wiki.post("eve", "/eng/teams/-/move", path="teams", space="lab")
    gone = wiki.get("dot", "/eng/teams/-/files/logo.png")
    assert gone.status_code == 404
    never = wiki.get("dot", "/eng/teams/-/files/never.png")
    assert without_address(gone) == without_address(never)
    assert wiki.get("cai", "/eng/teams/-/files/logo.png").location == "/lab/teams/-/files/logo.png"


def test_the_page_nearest_to_a_file_goes_first(wiki: Scene) -> None:
    put(wiki, "a/x.txt", b"of the space")
    wiki.write("", "home")
    wiki.write("a", "x")
    put(wiki, "a/x.txt", b"of the page")
    assert wiki.get("cai", "/eng/a/-/files/x.txt").data == b"of the page"
    listed = wiki.get("cai", "/eng/a/-/files").text
    assert listed.count('class="row-title"') == 1


def test_a_space_without_any_page_has_files_too(wiki: Scene) -> None:
    put(wiki, "images/logo.png", space="lab")
    assert wiki.get("cai", "/lab/images/-/files/logo.png").data == PNG
    assert wiki.get("cai", "/lab/images/-/files/LOGO.png").data == PNG
    assert "images/logo.png" in wiki.get("cai", "/lab/-/files").text
    assert wiki.get("dot", "/lab/images/-/files/logo.png").status_code == 404


def test_files_of_a_deleted_page_are_gone_and_come_back_with_it(wiki: Scene) -> None:
    page = wiki.write("old", "x")
    put(wiki, "old/a.png")
    wiki.post("ben", "/eng/old/-/delete")
    assert wiki.get("ben", "/eng/old/-/files/a.png").status_code == 404
    wiki.post("ben", f"/-/p/{page.id}/restore")
    assert wiki.get("cai", "/eng/old/-/files/a.png").data == PNG


def test_the_same_name_again_replaces_and_the_earlier_file_can_come_back(wiki: Scene) -> None:
    first = put(wiki, "n.txt", b"first")
    send(wiki, "ben", "/eng/-/files", ("N.txt", b"second"))
    assert wiki.get("cai", "/eng/-/files/n.txt").data == b"second"
    assert wiki.get("cai", f"/-/f/{first}").status_code == 404
    assert wiki.get("ben", f"/-/f/{first}").data == b"first"
    assert "Replaced and removed" in wiki.get("ben", "/eng/-/files").text
    assert "Replaced and removed" not in wiki.get("cai", "/eng/-/files").text
    assert wiki.post("cai", f"/-/f/{first}/restore").status_code == 404
    assert wiki.post("ben", f"/-/f/{first}/restore").status_code == 303
    assert wiki.get("cai", "/eng/-/files/n.txt").data == b"first"


def test_attaching_the_same_again_changes_nothing(wiki: Scene) -> None:
    assert put(wiki, "n.txt", b"same") == put(wiki, "n.txt", b"same")


def test_removing_asks_first_and_can_be_undone(wiki: Scene) -> None:
    file = put(wiki, "plan.png")
    assert wiki.get("cai", f"/-/f/{file}/remove").status_code == 403
    assert wiki.post("cai", f"/-/f/{file}/remove").status_code == 403
    assert "Remove plan.png?" in wiki.get("ben", f"/-/f/{file}/remove").text
    assert wiki.get("cai", "/eng/-/files/plan.png").status_code == 200
    assert wiki.post("ben", f"/-/f/{file}/remove").location == "/eng/-/files"
    assert wiki.get("ben", "/eng/-/files/plan.png").status_code == 404
    wiki.post("ben", f"/-/f/{file}/restore")
    assert wiki.get("cai", "/eng/-/files/plan.png").data == PNG


def test_the_editor_gets_the_markdown_that_shows_the_file(wiki: Scene) -> None:
    wiki.write("", "home")
    wiki.write("teams/rota", "x")
    answer = send(wiki, "ben", "/eng/teams/rota/-/files", ("my (plan).png", PNG), program=True)
    (file,) = answer.json["files"]
    assert file["markdown"] == "![my-(plan)](rota/my-%28plan%29.png)"
    assert file["url"] == "/eng/teams/rota/-/files/my-(plan).png"
    home = send(wiki, "ben", "/eng/-/files", ("Übersicht [1].pdf", samples.PDF), program=True)
    assert home.json["files"][0]["markdown"] == "[Übersicht-\\[1\\].pdf](Übersicht-%5B1%5D.pdf)"


def test_pasting_two_pictures_of_one_name_keeps_both(wiki: Scene) -> None:
    other = samples.png(shade=7)
    first = send(wiki, "ben", "/eng/-/files", ("image.png", PNG), program=True)
    second = send(wiki, "ben", "/eng/-/files", ("image.png", other), program=True)
    again = send(wiki, "ben", "/eng/-/files", ("image.png", other), program=True)
    assert wiki.get("cai", first.json["files"][0]["url"]).data == PNG
    assert wiki.get("cai", second.json["files"][0]["url"]).data == other
    assert again.json["files"][0]["url"] == second.json["files"][0]["url"]


def test_programs_get_refusals_as_json(wiki: Scene) -> None:
    answer = send(wiki, "cai", "/eng/-/files", ("a.png", PNG), program=True)
    assert answer.status_code == 403
    assert json.loads(answer.data)["title"] == "Not allowed"


@pytest.mark.parametrize("space", ["open", "eng", "lab", "fair"])
def test_who_may_read_the_page_may_read_its_files_and_nobody_else(wiki: Scene, space: str) -> None:
    wiki.write("p", "x", space=space)
    file = put(wiki, "p/plan.png", space=space)
    for who in wiki.people:
        page = wiki.get(who, f"/{space}/p").status_code
        for address in (f"/{space}/p/-/files/plan.png", f"/{space}/p/-/files", f"/-/f/{file}"):
            assert wiki.get(who, address).status_code == page
        if page == 404:
            hidden = wiki.get(who, f"/{space}/p/-/files/plan.png")
            absent = wiki.get(who, f"/{space}/p/-/files/none.png")
            assert without_address(hidden) == without_address(absent)
            assert dict(hidden.headers) == dict(absent.headers)
            assert without_address(wiki.get(who, f"/-/f/{file}")) == without_address(
                wiki.get(who, "/-/f/99")
            )


def test_a_file_whose_bytes_are_lost_is_answered_with_a_sentence(wiki: Scene) -> None:
    put(wiki, "plan.png")
    for path in (wiki.settings.data_dir / "files").rglob("*"):
        if path.is_file():
            path.unlink()
    lost = wiki.get("cai", "/eng/-/files/plan.png")
    assert lost.status_code == 500
    assert "content of this file is missing" in lost.text
