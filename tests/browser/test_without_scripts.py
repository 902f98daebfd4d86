"""Every verb works with scripts switched off."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visit import Visit
from tests.cast import PASSWORD

pytestmark = pytest.mark.browser


def test_a_page_lives_its_whole_life_without_scripts(visit: Visit) -> None:
    visit.expect("404")
    page = visit.page(scripts=False)
    page.goto("/-/login?next=/eng/")
    page.get_by_label("User name").fill("ben")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/eng/")

    page.get_by_role("link", name="New page").click()
    page.get_by_label("Title").fill("Plain page")
    page.locator("textarea[name=body]").fill("Some *plain* words.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".previewed em")).to_have_text("plain")
    page.get_by_role("button", name="Create page").click()
    page.wait_for_url("**/eng/plain-page")
    expect(page.locator(".prose em")).to_have_text("plain")

    page.get_by_role("link", name="Edit", exact=True).click()
    page.locator("textarea[name=body]").fill("Other words.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/eng/plain-page")
    expect(page.locator(".prose")).to_have_text("Other words.")

    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Move or rename").click()
    page.get_by_label("Parent page").fill("teams")
    page.get_by_label("Address", exact=True).fill("plain")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/eng/teams/plain")
    page.goto("/eng/plain-page")
    assert page.url.endswith("/eng/teams/plain")

    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("h1")).to_have_text("This page doesn’t exist yet")
    page.get_by_role("link", name="restore it").click()
    page.get_by_role("button", name="Restore").click()
    page.wait_for_url("**/eng/teams/plain")
    expect(page.locator(".prose")).to_have_text("Other words.")

    visit.world.deliver()
    page.get_by_role("searchbox", name="Search all pages").fill("other words")
    page.keyboard.press("Enter")
    page.locator("main").get_by_role("link", name="Plain page").click()
    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name="restore revision 1").click()
    page.get_by_role("button", name="Restore revision 1").click()
    page.wait_for_url("**/eng/teams/plain")
    expect(page.locator(".prose em")).to_have_text("plain")

    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_the_navigation_opens_on_a_phone_without_scripts(visit: Visit) -> None:
    page = visit.open(
        "ben", "/eng/handbook/everything", scripts=False, viewport={"width": 390, "height": 844}
    )
    tree = page.get_by_role("navigation", name="Pages of Eng")
    expect(tree).to_be_hidden()
    page.get_by_role("button", name="Open navigation").click()
    expect(tree).to_be_visible()
