"""Files in a real browser: attached without scripts, and unable to run any."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.attachments.samples import png
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"
 onload="document.documentElement.setAttribute('class', 'ran')">
<script>document.documentElement.setAttribute('class', 'ran')</script>
<circle cx="20" cy="20" r="20"/></svg>"""


def test_files_are_attached_removed_and_brought_back_without_scripts(visit: Visit) -> None:
    visit.world.write("with-files", "Look.", title="With files")
    page = visit.open("ben", "/eng/with-files", scripts=False)
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Files", exact=True).click()
    page.get_by_label("Attach the first files").set_input_files(
        [
            {"name": "my plan.png", "mimeType": "image/png", "buffer": png()},
            {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Words."},
        ]
    )
    page.get_by_role("button", name="Attach", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("2 files are attached")
    expect(page.get_by_text("![my-plan](with-files/my-plan.png)")).to_be_visible()
    page.get_by_role("link", name="Remove my-plan.png").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("link", name="Remove my-plan.png")).to_have_count(0)
    page.get_by_text("Replaced and removed files").click()
    page.get_by_role("button", name="Bring back my-plan.png").click()
    expect(page.get_by_role("link", name="Remove my-plan.png")).to_be_visible()


def test_an_attached_drawing_runs_nothing(visit: Visit) -> None:
    visit.world.attach("drawing.svg", SVG)
    # The browser says what it refuses: scripts, and the icon of a site that is not the file's.
    visit.expect("script", "favicon.ico", "NotSameOrigin")
    page = visit.open("cai", "/eng/-/files/drawing.svg")
    assert page.evaluate("document.documentElement.localName") == "svg"
    assert page.evaluate("document.documentElement.getAttribute('class')") is None
    expect(page.locator("circle")).to_be_visible()


def test_an_attached_web_page_is_a_download(visit: Visit) -> None:
    visit.world.attach("page.html", b"<!doctype html><script>alert(1)</script>")
    page = visit.open("cai", "/eng/-/files")
    with page.expect_download() as download:
        page.get_by_role("link", name="page.html").click()
    assert download.value.suggested_filename == "page.html"
