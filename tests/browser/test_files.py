"""Files in a real browser: attached without scripts, and unable to run any."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.attachments.samples import png
from tests.browser.visit import Visit

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

RAN = "document.documentElement.setAttribute('class', 'ran')"
SVG = f"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 width="40" height="40" onload="{RAN}">
<script>{RAN}</script>
<script href="/-/static/app.js"/>
<foreignObject width="40" height="40"><body xmlns="http://www.w3.org/1999/xhtml">
<script>{RAN}</script><img src="data:," onerror="{RAN}"/><iframe src="/eng/"/>
<form action="/-/logout" method="post"><button id="out">Out</button></form></body></foreignObject>
<image href="http://other.example/pixel.png"/><use xlink:href="http://other.example/x.svg#a"/>
<style>@import "http://other.example/x.css"; circle {{ fill: url(http://other.example/#a) }}</style>
<a href="javascript:{RAN}"><circle cx="20" cy="20" r="20" onclick="{RAN}"/></a>
<animate onbegin="{RAN}" attributeName="x" dur="1s"/>
<set attributeName="href" to="javascript:{RAN}"/></svg>""".encode()


def test_files_are_attached_removed_and_brought_back_without_scripts(visit: Visit) -> None:
    visit.world.write("with-files", "Look.", title="With files")
    page = visit.open("ben", "/eng/with-files", scripts=False)
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Files", exact=True).click()
    page.get_by_label("Attach files").set_input_files(
        [
            {"name": "my plan.png", "mimeType": "image/png", "buffer": png()},
            {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Words."},
        ]
    )
    page.get_by_role("button", name="Attach", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("2 files attached")
    expect(page.get_by_text("![my-plan](with-files/my-plan.png)")).to_be_visible()
    page.get_by_role("link", name="Remove my-plan.png").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("link", name="Remove my-plan.png")).to_have_count(0)
    page.get_by_text("Replaced and removed files").click()
    page.get_by_role("button", name="Restore my-plan.png").click()
    expect(page.get_by_role("link", name="Remove my-plan.png")).to_be_visible()


def test_an_attached_drawing_runs_nothing(visit: Visit) -> None:
    visit.world.attach("drawing.svg", SVG)
    # The browser says what it refuses: scripts, and the icon of a site that is not the file's.
    visit.expect("script", "favicon.ico", "NotSameOrigin", "Content Security Policy", "sandbox")
    visit.expect("Unsafe attempt", "other.example")
    page = visit.page("cai")
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(answer.url))
    page.goto("/eng/-/files/drawing.svg")
    assert page.evaluate("document.documentElement.localName") == "svg"
    page.locator("circle").dispatch_event("click")
    page.evaluate("document.querySelector('#out').click()")
    assert page.evaluate("document.documentElement.getAttribute('class')") is None
    assert page.url.endswith("/drawing.svg")
    assert page.evaluate("self.origin") == "null"
    expect(page.locator("circle")).to_be_visible()
    # What it asked of others never left the browser.
    assert {url.partition("?")[0].rpartition("/")[2] for url in asked} <= {"drawing.svg", "data:,"}
    stopped = [one for one in visit.problems if one.startswith("asked another host")]
    assert all("other.example" in one for one in stopped)
    visit.problems = [one for one in visit.problems if one not in stopped]


def test_a_drawing_in_a_page_runs_nothing_and_asks_nobody(visit: Visit) -> None:
    visit.world.attach("in-page.svg", SVG)
    visit.world.write("drawn", "![It](in-page.svg)", title="Drawn")
    page = visit.open("cai", "/eng/drawn")
    picture = page.get_by_alt_text("It")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.naturalWidth") == 40
    assert page.evaluate("document.documentElement.getAttribute('class')") != "ran"


def test_an_attached_web_page_is_a_download(visit: Visit) -> None:
    visit.world.attach("page.html", b"<!doctype html><script>alert(1)</script>")
    page = visit.open("cai", "/eng/-/files")
    with page.expect_download() as download:
        page.get_by_role("link", name="page.html", exact=True).click()
    assert download.value.suggested_filename == "page.html"


@pytest.fixture
def files(visit: Visit, request: pytest.FixtureRequest) -> str:
    """The address of the files of a page that only this test uses."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")
    visit.world.write(f"attaching/{name}", "Begin.\n", title="Attaching")
    return f"/eng/attaching/{name}/-/files"


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Makes files to be sent."""

    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def drop(page: Page, target: Locator, *paths: Path) -> None:
    """Drop files as somebody does who drags them from a folder."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    protocol = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        protocol.send(
            "Input.dispatchDragEvent",
            {
                "type": kind,
                "x": box["x"] + box["width"] / 2,
                "y": box["y"] + min(box["height"] / 2, 20),
                "data": {"items": [], "files": list(map(str, paths)), "dragOperationsMask": 1},
            },
        )


def bytes_of(visit: Visit, files: str, name: str) -> bytes:
    return visit.world.get("cai", f"{files}/{name}").data


def line(page: Page, name: str) -> Locator:
    """A file on its way."""
    return page.locator(".uploads li", has_text=name)


def test_many_dropped_files_each_say_what_became_of_them(
    visit: Visit, files: str, make: Callable[[str, bytes], Path]
) -> None:
    visit.expect("422")
    page = visit.open("ben", files)
    some = [make(f"plan {n}.png", png(shade=n)) for n in range(6)]
    drop(page, page.get_by_label("Attach files"), *some, make("notes.md", b"# Words"))
    for number in range(6):
        expect(line(page, f"plan {number}.png")).to_contain_text(f"Attached as plan-{number}.png")
    expect(line(page, "notes.md")).to_contain_text("Create a page from it instead")
    expect(page.locator(".files .row-title")).to_have_count(6)
    page.get_by_role("button", name="Close notes.md").click()
    expect(line(page, "notes.md")).to_have_count(0)
    assert bytes_of(visit, files, "plan-3.png") == png(shade=3)


def test_chosen_files_replace_those_of_the_same_name(visit: Visit, files: str) -> None:
    page = visit.open("ben", files)
    for shade in (1, 2):
        page.get_by_label("Attach").set_input_files(
            [{"name": "a.png", "mimeType": "image/png", "buffer": png(shade=shade)}]
        )
        expect(line(page, "a.png")).to_have_count(shade)
        expect(line(page, "a.png").last).to_contain_text("Attached")
    expect(page.get_by_role("link", name="Version 2 of a.png")).to_be_visible()
    assert bytes_of(visit, files, "a.png") == png(shade=2)


LARGE = 20 << 20


def test_a_large_file_goes_on_by_itself_after_the_connection_was_lost(
    visit: Visit, files: str, make: Callable[[str, bytes], Path]
) -> None:
    visit.expect("ERR_FAILED", "503")
    data = os.urandom(LARGE)
    page = visit.open("ben", files)
    sent: list[int] = []

    def unreliable(route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        sent.append(int(route.request.headers["upload-offset"]))
        if len(sent) in (2, 3):
            route.abort()
        elif len(sent) == 5:
            route.fulfill(status=503, body="The wiki is busy.")
        else:
            route.continue_()

    page.route("**/-/uploads/*", unreliable)
    page.get_by_label("Attach").set_input_files(make("film.bin", data))
    expect(line(page, "film.bin")).to_contain_text("The upload will continue automatically")
    expect(line(page, "film.bin")).to_contain_text("Attached", timeout=60_000)
    assert bytes_of(visit, files, "film.bin") == data
    assert sent[1] == sent[2] == sent[3] > 0  # nothing that had arrived was sent again


def test_a_large_file_goes_on_after_the_screen_was_closed(
    visit: Visit, files: str, make: Callable[[str, bytes], Path]
) -> None:
    visit.expect("ERR_FAILED")
    data = os.urandom(LARGE)
    path = make("film.bin", data)
    page = visit.open("ben", files)
    page.on("dialog", lambda dialog: dialog.accept())
    sent: list[int] = []

    def note(route: Route) -> None:
        if route.request.method == "PATCH":
            sent.append(int(route.request.headers["upload-offset"]))
        if len(sent) == 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/-/uploads/*", note)
    page.get_by_label("Attach").set_input_files(path)
    expect(line(page, "film.bin")).to_contain_text("The upload will continue automatically")
    page.reload()
    sent += [-1]
    page.get_by_label("Attach").set_input_files(path)
    expect(line(page, "film.bin")).to_contain_text("Attached", timeout=60_000)
    assert sent[sent.index(-1) + 1] == sent[1] > 0
    assert bytes_of(visit, files, "film.bin") == data


@pytest.mark.parametrize(
    ("language", "sending", "cancel"),
    [("en", "Sending 20 MiB", "Cancel"), ("fr", "Envoi de 20 Mio", "Annuler")],
)
def test_a_file_on_its_way_can_be_cancelled(
    visit: Visit,
    files: str,
    make: Callable[[str, bytes], Path],
    language: str,
    sending: str,
    cancel: str,
) -> None:
    page = visit.open("ben", files, extra_http_headers={"Accept-Language": language})
    held: list[Route] = []
    page.route(
        "**/-/uploads/*",
        lambda route: held.append(route) if route.request.method == "PATCH" else route.continue_(),
    )
    with page.expect_request(lambda request: request.method == "PATCH"):
        page.locator("input[type=file]").set_input_files(make("film.bin", os.urandom(LARGE)))
    expect(line(page, "film.bin")).to_contain_text(sending)
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as answer:
        page.get_by_role("button", name=f"{cancel} film.bin").click()
    assert answer.value.status == 204
    expect(line(page, "film.bin")).to_have_count(0)
    assert (
        page.evaluate("Object.keys(localStorage).filter((key) => key.includes('upload')).length")
        == 0
    )


def test_a_file_cancelled_before_the_wiki_has_answered_leaves_nothing_there(
    visit: Visit, files: str, make: Callable[[str, bytes], Path]
) -> None:
    page = visit.open("ben", files)
    held: list[Route] = []
    page.route("**/-/uploads", lambda route: held.append(route))
    with page.expect_request("**/-/uploads"):
        page.get_by_label("Attach").set_input_files(make("film.bin", os.urandom(LARGE)))
    page.get_by_role("button", name="Cancel film.bin").click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as answer:
        held[0].continue_()
    assert answer.value.status == 204
    expect(line(page, "film.bin")).to_have_count(0)


def test_the_editor_takes_files_dropped_and_chosen(
    visit: Visit, files: str, make: Callable[[str, bytes], Path]
) -> None:
    page = visit.open("ben", f"{files.removesuffix('files')}edit")
    page.on("dialog", lambda dialog: dialog.accept())
    text = page.get_by_role("textbox", name="Text")
    drop(page, text, make("one.png", png(shade=1)), make("two.png", png(shade=2)))
    expect(line(page, "two.png")).to_contain_text("Attached")
    expect(line(page, "one.png")).to_contain_text("Attached")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach a picture or file").click()
    chooser.value.set_files(make("film.bin", os.urandom(LARGE)))
    expect(line(page, "film.bin")).to_contain_text("Attached", timeout=60_000)
    name = files.split("/")[-3]
    for written in (f"![one]({name}/one.png)", f"![two]({name}/two.png)", f"[film.bin]({name}/"):
        expect(page.locator("textarea[name=body]")).to_have_value(re.compile(re.escape(written)))


def test_a_refused_file_leaves_the_text_as_it_was(visit: Visit, files: str) -> None:
    visit.expect("422")
    page = visit.open("ben", f"{files.removesuffix('files')}edit")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach a picture or file").click()
    chooser.value.set_files([{"name": "x.md", "mimeType": "text/plain", "buffer": b"words"}])
    expect(line(page, "x.md")).to_contain_text("Create a page from it")
    expect(page.locator("textarea[name=body]")).to_have_value("Begin.\n")


def test_pictures_in_a_page_take_their_room_before_they_are_there(
    visit: Visit, make: Callable[[str, bytes], Path]
) -> None:
    visit.world.attach("wide.png", png(2000, 1000))
    visit.world.write("with-picture", "![Wide](wide.png)\n\nAfter it.", title="With a picture")
    visit.world.deliver()
    page = visit.page("cai")
    held: list[Route] = []
    page.route("**/-/files/*", lambda route: held.append(route))
    page.goto("/eng/with-picture", wait_until="commit")
    after = page.get_by_text("After it.")
    expect(after).to_be_visible()
    before = after.bounding_box()
    for route in held:
        route.continue_()
    page.unroute_all(behavior="wait")
    picture = page.get_by_alt_text("Wide")
    picture.evaluate("(image) => image.decode()")
    assert after.bounding_box() == before
    assert "?width=" in picture.evaluate("(image) => image.currentSrc")
