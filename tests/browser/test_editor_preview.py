"""The preview beside the text shows the place that one writes or reads, in both directions."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

TEXT = "".join(
    f"## Part {number}\n\n" + "Words of it.\n\n" * (2 + number % 7) for number in range(1, 60)
)

IN_SIGHT = """(words) => {
  const pane = document.querySelector("[data-preview]");
  const heading = [...pane.querySelectorAll("h2")].find((one) => one.textContent === words);
  const box = heading?.getBoundingClientRect();
  const around = pane.getBoundingClientRect();
  return box && box.top >= around.top - 2 && box.bottom <= around.bottom;
}"""

AT_TOP = """() => {
  const view = document.querySelector(".editor-code").shadowRoot.querySelector(".cm-scroller");
  const top = view.getBoundingClientRect().top;
  const lines = [...view.querySelectorAll(".cm-line")];
  return lines.find((line) => line.getBoundingClientRect().bottom > top + 4)?.textContent;
}"""


def test_text_and_preview_follow_each_other(visit: Visit) -> None:
    visit.world.write("edits/long-preview", TEXT, title="Long preview")
    page = visit.open("ben", "/eng/edits/long-preview/-/edit")
    page.get_by_role("button", name="Split").click()
    pane = page.locator("[data-preview]")
    expect(pane.get_by_role("heading", name="Part 59")).to_be_attached()
    page.keyboard.press("Control+End")
    page.wait_for_function(IN_SIGHT, arg="Part 59")
    page.keyboard.type("## New end")
    page.wait_for_function(IN_SIGHT, arg="New end")
    page.keyboard.press("Control+Home")
    page.wait_for_function(IN_SIGHT, arg="Part 1")

    pane.hover()
    middle = "(pane) => { pane.scrollTop = 0; pane.querySelectorAll('h2')[29].scrollIntoView(); }"
    page.mouse.wheel(0, 1)
    pane.evaluate(middle)
    page.wait_for_function(f"() => /Part (29|30)|Words/.test(({AT_TOP})())")
    page.wait_for_function(IN_SIGHT, arg="Part 30")
    scroller = page.locator(".cm-scroller")
    page.wait_for_function(
        "() => document.querySelector('.editor-code').shadowRoot"
        ".querySelector('.cm-scroller').scrollTop > 1000"
    )
    before = scroller.evaluate("(one) => one.scrollTop"), pane.evaluate("(one) => one.scrollTop")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    after = scroller.evaluate("(one) => one.scrollTop"), pane.evaluate("(one) => one.scrollTop")
    assert before == after  # neither drives the other on
