"""A save that brings a secret, as its author meets it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_every_screen import objections
from tests.browser.visit import PHONE, Visit
from tests.surroundings import thorough

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

KEY = "AKIA" + "Y34FZKBOKMUTVV7Q"


@pytest.mark.parametrize("scripts", [True, *thorough(False)], ids=["scripts", "no scripts"])
def test_the_line_is_two_keys_away_and_a_reason_is_a_press(
    visit: Visit, axe: str, scripts: bool
) -> None:
    visit.expect("the server responded with a status of 4")
    place = f"edits/secret-{scripts}".lower()
    visit.world.write(place, "Begin.\n", title="Draft")
    page = visit.open("ben", f"/eng/{place}/-/edit", scripts=scripts)
    text = page.get_by_role("textbox", name="Text")
    text.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(f"\nThe key is {KEY} so far.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("AWS access key AKIA…7Q")
    page.get_by_role("link", name="Line 3").click()
    if scripts:
        page.keyboard.press("Delete")  # from the key to the end of its line
        expect(page.locator("textarea[name=body]")).to_have_value("Begin.\n\nThe key is ")
        page.keyboard.type(KEY)
        assert objections(page, axe) == []
        page.set_viewport_size(PHONE)
        assert objections(page, axe) == []
    page.get_by_role("button", name="Intended: save").click()
    page.wait_for_url(f"**/eng/{place}")
    expect(page.locator(".prose")).to_contain_text(KEY)


def test_return_saves_without_a_reason_and_is_refused_again(visit: Visit) -> None:
    visit.expect("the server responded with a status of 4")
    visit.world.write("edits/secret-return", "Begin.\n", title="Draft")
    page = visit.open("ben", "/eng/edits/secret-return/-/edit", scripts=False)
    page.get_by_role("textbox", name="Text").fill(f"{KEY}\n")
    page.get_by_role("button", name="Save", exact=True).click()
    for _ in range(2):
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Title").press("Enter")
    assert visit.world.page("edits/secret-return").head == 1
