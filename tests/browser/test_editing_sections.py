"""The pencil at a heading opens the editor with the text of that section."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visit import Visit

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

TEXT = "Intro.\n\n## Setup\n\nInstall it.\n\n## Use\n\nRun it.\n"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "without scripts"])
def test_a_section_is_edited_from_its_heading(visit: Visit, scripts: bool) -> None:
    visit.world.write("edits/by-section", TEXT, title="By section")
    page = visit.open("ben", "/eng/edits/by-section", scripts=scripts)
    pencil = page.get_by_role("link", name="Edit section “Setup”")
    expect(pencil).to_have_css("opacity", "0")
    page.get_by_role("heading", name="Setup").hover()
    expect(pencil).to_have_css("opacity", "1")
    page.mouse.move(0, 0)
    pencil.focus()
    expect(pencil).to_have_css("opacity", "1")
    pencil.press("Enter")
    text = page.locator("textarea[name=body]")
    expect(text).to_have_value("## Setup\n\nInstall it.\n")
    expect(page.get_by_role("heading", name="Edit section “Setup”")).to_be_visible()
    if scripts:
        expect(page.get_by_role("textbox", name="Text")).to_be_focused()
        page.keyboard.press("Control+End")
        page.keyboard.type("Then restart.")
    else:
        text.fill("## Setup\n\nInstall it.\nThen restart.\n")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/eng/edits/by-section#sec-setup")
    expect(page.locator(".prose")).to_contain_text("Then restart.")
    expect(page.locator(".prose")).to_contain_text("Run it.")


def test_on_a_touch_screen_the_pencils_are_always_there(visit: Visit) -> None:
    visit.world.write("edits/by-section", TEXT, title="By section")
    page = visit.open("ben", "/eng/edits/by-section", has_touch=True, is_mobile=True)
    pencil = page.get_by_role("link", name="Edit section “Use”")
    expect(pencil).to_have_css("opacity", "1")
    box = pencil.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44


def test_a_draft_of_a_section_is_offered_in_that_section_only(visit: Visit) -> None:
    visit.world.write("edits/by-section", TEXT, title="By section")
    page = visit.open("ben", "/eng/edits/by-section/-/edit?section=sec-use")
    page.on("dialog", lambda dialog: dialog.accept())
    page.keyboard.type("Kept. ")
    page.goto("/eng/edits/by-section/-/edit")
    expect(page.get_by_role("button", name="Restore draft")).to_be_hidden()
    page.goto("/eng/edits/by-section/-/edit?section=sec-use")
    page.get_by_role("button", name="Restore draft").click()
    expect(page.locator("textarea[name=body]")).to_have_value("Kept. ## Use\n\nRun it.\n")
