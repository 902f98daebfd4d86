"""Coming in: by an invitation, by a link, and back in while something unsaved is on the screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_every_screen import objections
from tests.browser.visit import Visit
from tests.cast import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


def sign_in(page: Page, login: str) -> None:
    page.get_by_label("User name or email").fill(login)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in", exact=True).click()


def test_a_text_survives_a_sign_in_that_has_ended(visit: Visit, axe: str) -> None:
    visit.expect("the server responded with a status of 40")
    text = 'The early shift begins at seven.\n\n- Keys: <Eve> & "Ben"\n- ☕'
    visit.world.write("shifts", "Old words.", title="Shifts")
    page = visit.open("ben", "/eng/shifts/-/edit", scripts=False)
    page.locator("textarea[name=body]").fill(text)
    page.context.clear_cookies()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Your session has expired.")).to_be_visible()
    sign_in(page, "ben")
    expect(page.get_by_text("it isn’t saved yet")).to_be_visible()
    expect(page.locator("textarea[name=body]")).to_have_value(text)
    assert visit.world.page("shifts").head == 1
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/eng/shifts")
    expect(page.locator(".prose")).to_contain_text("The early shift")


def test_the_sign_in_that_keeps_a_text_is_for_everyone(visit: Visit, axe: str) -> None:
    visit.expect("the server responded with a status of 40")
    visit.world.write("shifts", "Old words.", title="Shifts")
    page = visit.open("ben", "/eng/shifts/-/edit")
    page.context.clear_cookies()
    page.evaluate("HTMLFormElement.prototype.submit.call(document.querySelector('.editor'))")
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    assert objections(page, axe) == []
    sign_in(page, "cai")
    expect(page.get_by_role("heading", name="Your text was not saved")).to_be_visible()
    assert objections(page, axe) == []


def test_with_scripts_the_editor_stays_and_says_what_to_do(visit: Visit) -> None:
    visit.expect("the server responded with a status of 40")
    visit.world.write("shifts", "Old words.", title="Shifts")
    page = visit.open("ben", "/eng/shifts/-/edit")
    page.locator(".cm-content").fill("New words.")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-state]")).to_contain_text("your session has expired")
    page.get_by_role("link", name="Sign in again").click()
    sign_in(page, "ben")
    page.wait_for_url("**/eng/shifts/-/edit")
    page.get_by_role("button", name="Restore draft").click()
    expect(page.locator(".cm-content")).to_contain_text("New words.")


def test_somebody_new_comes_in_by_a_link_without_scripts(visit: Visit) -> None:
    visit.expect("the server responded with a status of 4")
    lead = visit.open("eve", "/lab/-/members", scripts=False)
    lead.get_by_role("button", name="Invite").click()
    lead.get_by_role("button", name="Invite").click()
    link = lead.locator(".secret").inner_text()
    page = visit.open("nobody", link.partition("8000")[2], scripts=False)
    page.get_by_label("Your name").fill("Hal Jordan")
    page.get_by_label("User name").fill("hal")
    page.get_by_label("Password").fill("short")
    page.get_by_label("Password").evaluate("field => field.form.noValidate = true")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_label("Your name")).to_have_value("Hal Jordan")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/lab/")
    expect(page.get_by_text("Your account is ready")).to_be_visible()


def test_a_link_that_is_shown_once_is_copied_by_a_button(visit: Visit, axe: str) -> None:
    page = visit.open("ben", "/eng/-/share")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Create link").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.locator(".secret").inner_text()
    assert objections(page, axe) == []
    there = visit.open("nobody", "/-/s/" + link.partition("/-/s/")[2])
    expect(there.get_by_text("Shared by Ben")).to_be_visible()
