"""The bar of the editor: state, message and Save are on the screen wherever one writes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visit import NARROWEST, PHONE, WIDE, Visit
from tests.pseudo import pseudo_languages

pytestmark = pytest.mark.browser

LONG = "\n\n".join(f"Paragraph {number}." for number in range(1, 120)) + "\n"


CLEAR_OF_THE_BARS = """() => {
  const root = document.querySelector(".editor-code").shadowRoot;
  const line = root.querySelector(".cm-cursor-primary").getBoundingClientRect();
  const bar = document.querySelector(".editor-foot").getBoundingClientRect();
  const tools = document.querySelector(".editor-top").getBoundingClientRect();
  // Browsers scroll by whole pixels.
  return line.top > tools.bottom - 1 && line.bottom < bar.top + 1 && bar.bottom <= innerHeight;
}"""


@pytest.mark.parametrize("viewport", [WIDE, PHONE, NARROWEST], ids=["wide", "phone", "narrowest"])
def test_save_is_on_the_screen_wherever_one_writes(visit: Visit, viewport: dict[str, int]) -> None:
    visit.world.write("edits/long-text", LONG, title="Long text")
    page = visit.open("ben", "/eng/edits/long-text/-/edit", viewport=viewport)
    save = page.get_by_role("button", name="Save", exact=True)
    state = page.locator("[data-state]")
    expect(state).to_have_text("No changes yet")
    expect(page.get_by_role("textbox", name="Text", exact=True)).to_be_focused()
    for key in ("Control+End", "Control+Home"):
        page.keyboard.press(key)
        page.keyboard.type("x")
        expect(save).to_be_in_viewport(ratio=1)
        expect(page.get_by_label("What did you change?")).to_be_in_viewport(ratio=1)
        page.wait_for_function(CLEAR_OF_THE_BARS)
    expect(state).to_have_text("Not saved. Draft kept in this browser.")
    expect(state).to_be_in_viewport(ratio=1)
    page.get_by_label("What did you change?").fill("Both ends")
    save.click()
    page.wait_for_url("**/eng/edits/long-text")


def test_the_space_below_a_short_text_leads_into_it(visit: Visit) -> None:
    page = visit.open("ben", "/eng/-/new", viewport=PHONE)
    box = page.locator(".editor-code").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 200)
    expect(page.get_by_role("textbox", name="Text")).to_be_focused()


def test_the_keyboard_goes_from_the_title_to_the_text_and_through_the_tools_in_few_steps(
    visit: Visit,
) -> None:
    page = visit.open("ben", "/eng/-/new")
    text = page.get_by_role("textbox", name="Text", exact=True)
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(text).to_be_focused()
    tools = page.get_by_role("toolbar", name="Formatting")
    expect(tools.locator("button[tabindex='0']")).to_have_count(1)
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Write")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(tools.get_by_role("button", name="Insert")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.type("strong")
    expect(page.locator("textarea[name=body]")).to_have_value("**strong**")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(tools.get_by_role("button", name="Bold")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(tools.get_by_role("button").last).to_be_focused()


def test_without_scripts_the_bar_is_there_too(visit: Visit) -> None:
    visit.world.write("edits/long-text", LONG, title="Long text")
    page = visit.open("ben", "/eng/edits/long-text/-/edit", scripts=False, viewport=PHONE)
    page.get_by_label("Title").fill("Longer text")
    save = page.get_by_role("button", name="Save", exact=True)
    expect(save).to_be_in_viewport(ratio=1)
    save.click()
    page.wait_for_url("**/eng/edits/long-text")


@pytest.mark.parametrize("path", ["/eng/deep/-/edit", "/eng/-/new?path=teams/new"])
@pytest.mark.parametrize("language", ["ar-XB", "de", "fr"])
@pytest.mark.thorough
def test_every_button_of_the_bar_is_on_a_narrow_screen_in_every_language(
    visit: Visit, language: str, path: str
) -> None:
    with pseudo_languages():
        page = visit.open(
            "ben", path, viewport=NARROWEST, extra_http_headers={"Accept-Language": language}
        )
        bar = page.locator(".editor-foot")
        for part in (bar.locator("button[type=submit]:visible"), bar.locator("a.button")):
            expect(part).to_be_in_viewport(ratio=1)
        page.keyboard.type("x")
        expect(bar.locator("[data-state]")).not_to_be_empty()
        lines = bar.locator(".actions > :visible").evaluate_all(
            "(all) => new Set(all.map((one) => one.getBoundingClientRect().top)).size"
        )
        assert lines == 1
        for part in (bar.locator("button[type=submit]:visible"), bar.locator("a.button")):
            expect(part).to_be_in_viewport(ratio=1)
