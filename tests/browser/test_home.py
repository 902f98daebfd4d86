"""The parts of the home page that only the reader's browser knows."""

from playwright.sync_api import expect

from tests.browser.visit import Visit


def test_home_lists_recently_read_pages_and_unsaved_drafts_until_the_reader_signs_out(
    visit: Visit,
) -> None:
    page = visit.open("ben", "/eng/handbook/onboarding")
    page.goto("/eng/deep")
    page.goto("/eng/busy/-/edit")
    page.locator(".cm-content").click()
    page.keyboard.type("Half a thought. ")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/")
    drafts = page.get_by_role("region", name="Unsaved drafts")
    expect(drafts.get_by_role("link")).to_have_attribute("href", "/eng/busy/-/edit")
    recent = page.get_by_role("region", name="Recently read").get_by_role("link")
    expect(recent.nth(0)).to_contain_text("Deep page")
    expect(recent.nth(1)).to_contain_text("Onboarding")

    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="Onboarding")).to_be_visible()
    page.keyboard.press("Escape")

    drafts.get_by_role("link").click()
    page.get_by_role("button", name="Discard").click()
    page.goto("/")
    expect(page.get_by_role("heading", name="Recently read")).to_be_visible()
    expect(drafts).to_be_hidden()
    page.evaluate(
        "document.querySelector(\"form[action='/-/logout']\").addEventListener('submit',"
        " (event) => event.preventDefault())"
    )
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    assert page.evaluate("Object.keys(localStorage).filter((k) => k.includes('recent'))") == []
