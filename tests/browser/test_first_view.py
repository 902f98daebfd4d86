"""A first view is light: page, style sheet and scripts together, as they go over the wire. So is
the screen of the editor. Bytes are counted, never time."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

FIRST_VIEW = 30 * 1024
EDITOR = 200 * 1024
LOADED = "performance.getEntriesByType('resource').map((e) => [e.name, e.transferSize])"


def sizes_of(page: Page) -> dict[str, float]:
    """Count what the page loads from now on, headers included, by its address."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    addresses: dict[str, str] = {}
    sizes: dict[str, float] = {}
    network.on(
        "Network.requestWillBeSent",
        lambda event: addresses.update({event["requestId"]: event["request"]["url"]}),
    )
    network.on(
        "Network.loadingFinished",
        lambda event: sizes.update({addresses[event["requestId"]]: event["encodedDataLength"]}),
    )
    return sizes


@pytest.mark.parametrize(
    ("handle", "path"), [("nobody", "/open/public"), ("ben", "/eng/handbook/everything")]
)
def test_a_first_view_fits_its_budget(visit: Visit, handle: str, path: str) -> None:
    page = visit.page(handle)
    sizes = sizes_of(page)
    page.goto(path, wait_until="networkidle")
    assert len(sizes) >= 4
    assert sum(sizes.values()) <= FIRST_VIEW, sizes


def test_the_editor_fits_its_budget(visit: Visit) -> None:
    page = visit.page("ben")
    sizes = sizes_of(page)
    page.goto("/eng/handbook/onboarding/-/edit", wait_until="networkidle")
    assert any("/editor-" in address for address in sizes)
    assert sum(sizes.values()) <= EDITOR, sizes


def test_the_editor_comes_when_someone_reaches_for_it(visit: Visit) -> None:
    page = visit.page("ben")
    sizes = sizes_of(page)
    page.goto("/eng/handbook/onboarding", wait_until="networkidle")
    assert not any("edit" in address.rpartition("/")[2] for address in sizes)
    edit = page.get_by_role("link", name="Edit", exact=True)
    with page.expect_request_finished(lambda request: "/editor-" in request.url):
        edit.hover()
    edit.click()
    expect(page.get_by_role("textbox", name="Text")).to_be_focused()
    page.keyboard.type("x")
    again = page.evaluate(LOADED)
    assert [name for name, size in again if "/editor-" in name and size] == []
    page.goto("/eng/handbook/onboarding/-/history", wait_until="networkidle")
    sizes.clear()
    page.get_by_role("link", name="Edit", exact=True).hover()
    page.wait_for_load_state("networkidle")
    assert sizes == {}, "what is cached is not fetched again"
