"""The frame keeps its place: what all screens of a page have does not move."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visit import PHONE, WIDE, Visit

pytestmark = pytest.mark.browser

PAGE = "/eng/handbook/everything"
SCREENS = [
    "",
    "/-/edit",
    "/-/history",
    "/-/diff/1..2",
    "/-/diff/1..2?view=unified",
    "/-/blame",
    "/-/move",
    "/-/access",
    "/-/files",
    "/-/share",
    "/-/backlinks",
    "/-/delete",
    "?revision=1",
]
# Where the parts begin, and how far the sidebar goes; of a title, where its words are.
PLACES = """() => {
  const found = {};
  const keep = (name, element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    found[name] = { left, top, right, bottom };
  };
  if (innerWidth > 1000) {
    keep("sidebar", document.querySelector(".side-tree"));
    keep("tree", document.querySelector(".tree"));
  }
  keep("crumbs", document.querySelector(".crumbs"));
  for (const verb of document.querySelectorAll(".page-verbs > *")) {
    keep(verb.textContent.trim().split(/\\s/)[0] || verb.tagName, verb);
  }
  const input = document.querySelector(".editor-title input");
  const title = input ?? document.querySelector("h1");
  const style = getComputedStyle(title);
  const box = title.getBoundingClientRect();
  const inset = parseFloat(style.paddingInlineStart) + parseFloat(style.borderInlineStartWidth);
  const line = parseFloat(style.lineHeight);
  const top = input ? (box.top + box.bottom - line) / 2 : box.top;
  found.title = { left: box.left + inset, top };
  const below = [...document.querySelectorAll("main > :not(.flashes, .page-bar, .on-page)")]
    .filter((one) => one.checkVisibility() && getComputedStyle(one).position === "static");
  const left = (one) => ({ left: one.getBoundingClientRect().left });
  below.forEach((one, at) => { found[`column ${at}`] = left(one); });
  return found;
}"""


@pytest.mark.parametrize("size", [WIDE, {"width": 1920, "height": 1000}, PHONE])
def test_nothing_moves_from_screen_to_screen_of_a_page(visit: Visit, size: dict[str, int]) -> None:
    page = visit.open("eve", PAGE, viewport=size)
    still = page.evaluate(PLACES)
    start = still["column 0"]["left"]
    moved = []
    for screen in SCREENS[1:]:
        page.goto(PAGE + screen)
        for part, place in page.evaluate(PLACES).items():
            kept = {"left": start} if part.startswith("column") else still[part]
            if screen.startswith("?") and part not in ("sidebar", "tree", "title", "column 0"):
                continue  # an old revision has no button that edits it
            moved += [
                f"{screen}: {part} {edge} {kept[edge]} → {at}"
                for edge, at in place.items()
                if abs(at - kept.get(edge, at)) > 1
            ]
    assert moved == []


def test_the_reading_column_has_66_to_72_characters(visit: Visit) -> None:
    visit.world.write("long", "The quick brown fox jumps over the lazy dog, and so on. " * 40)
    page = visit.open("ben", "/eng/long")
    lines = page.evaluate(
        """() => {
          const text = document.querySelector(".prose p").firstChild;
          const range = document.createRange();
          const lines = [];
          let top = null;
          for (let at = 0; at < text.length; at++) {
            range.setStart(text, at);
            range.setEnd(text, at + 1);
            const box = range.getBoundingClientRect();
            if (top === null || Math.abs(box.top - top) > 4) { lines.push(0); top = box.top; }
            lines[lines.length - 1]++;
          }
          return lines;
        }"""
    )
    whole = lines[:-1]
    assert 66 <= sum(whole) / len(whole) <= 72


def test_the_switcher_leads_to_another_space(visit: Visit) -> None:
    page = visit.open("eve", "/eng/")
    page.get_by_label("Switch space").click()
    switcher = page.locator("[data-spaces]")
    expect(switcher.get_by_role("link", name="Eng")).to_have_attribute("aria-current", "true")
    page.keyboard.press("Escape")
    expect(switcher.get_by_role("link", name="Lab")).to_be_hidden()
    page.get_by_label("Switch space").click()
    switcher.get_by_role("link", name="Lab").click()
    page.wait_for_url("**/lab/")


def test_without_scripts_the_switcher_leads_to_all_spaces(visit: Visit) -> None:
    page = visit.open("eve", "/eng/", scripts=False)
    page.get_by_role("link", name="Switch space").click()
    page.wait_for_url("**/-/spaces")
