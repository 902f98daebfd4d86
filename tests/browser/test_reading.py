"""Reading a page with scripts: code is copied, images open large, tables sort."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.attachments.samples import png
from tests.browser.test_every_screen import objections
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

COMFORTS = """```text
first line
```

![A plan](comforts/plan.png)

[![A link](comforts/plan.png)](deep)

| Name | Amount | Day | Version |
| --- | ---: | --- | --- |
| Zoë | 1,200.50 | 3 March 2025 | 1.10.0 |
| adam | 90 | 2024-12-31 | 1.9.2 |
| Émile |  | January 5, 2025 | 1.2.30 |
| Bob | -7 | 2025-01-04 | 2.0.0 |

| Only | one |
| --- | --- |
| row | here |
"""


@pytest.fixture
def comforts(visit: Visit) -> str:
    visit.world.write("comforts", COMFORTS, by="ben", title="Comforts")
    if visit.world.page("comforts").head == 1:
        visit.world.attach("comforts/plan.png", png(300, 200))
    return "/eng/comforts"


def test_a_block_of_code_is_copied_with_the_keyboard(visit: Visit, comforts: str) -> None:
    page = visit.page("cai", permissions=["clipboard-read", "clipboard-write"])
    page.goto(comforts)
    button = page.locator(".prose .copy")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "first line"


def test_an_image_opens_large_by_key_and_click_but_a_linked_one_stays_a_link(
    visit: Visit, comforts: str
) -> None:
    page = visit.open("cai", comforts)
    image = page.get_by_role("button", name="A plan")
    dialog = page.get_by_role("dialog", name="Image")
    image.focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("img", name="A plan")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(image).to_be_focused()
    image.click()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="A link").click()
    page.wait_for_url("**/eng/deep")


def _column(page: Page, number: int) -> Locator:
    return page.locator(f".prose table >> nth=0 >> tbody td:nth-child({number})")


def test_a_table_sorts_by_its_headers_and_the_third_click_restores_it(
    visit: Visit, comforts: str
) -> None:
    page = visit.open("cai", comforts, locale="en-GB")
    table = page.locator(".prose table").first
    written = _column(page, 1).all_inner_texts()
    for name, number, ascending in (
        ("Name", 1, ["adam", "Bob", "Émile", "Zoë"]),
        ("Amount", 2, ["-7", "90", "1,200.50", ""]),
        ("Day", 3, ["2024-12-31", "2025-01-04", "January 5, 2025", "3 March 2025"]),
        ("Version", 4, ["1.2.30", "1.9.2", "1.10.0", "2.0.0"]),
    ):
        header = table.get_by_role("columnheader", name=name)
        button = header.get_by_role("button")
        button.click()
        expect(_column(page, number)).to_have_text(ascending)
        expect(header).to_have_attribute("aria-sort", "ascending")
        button.click()
        filled = [value for value in reversed(ascending) if value]
        expect(_column(page, number).filter(has_text=re.compile("."))).to_have_text(filled)
        expect(header).to_have_attribute("aria-sort", "descending")
        button.click()
        expect(_column(page, 1)).to_have_text(written)
        assert table.locator("[aria-sort]").count() == 0
    assert page.locator(".prose table >> nth=1 >> .sort").count() == 0, "one row is in order"


def test_numbers_and_dates_are_read_by_the_readers_locale(visit: Visit) -> None:
    text = "| a | b |\n| - | - |\n| 1.200 | 02/03/2025 |\n| 3,5 | 03/02/2025 |\n"
    visit.world.write("locales", text, by="ben", title="Locales")
    page = visit.open("cai", "/eng/locales", locale="de-DE")
    page.get_by_role("button", name="a", exact=True).click()
    expect(_column(page, 1)).to_have_text(["3,5", "1.200"])
    page.get_by_role("button", name="b", exact=True).click()
    expect(_column(page, 2)).to_have_text(["03/02/2025", "02/03/2025"])
    page = visit.open("cai", "/eng/locales", locale="en-US")
    page.get_by_role("button", name="b", exact=True).click()
    expect(_column(page, 2)).to_have_text(["02/03/2025", "03/02/2025"])


def test_no_comfort_moves_the_text(visit: Visit, comforts: str) -> None:
    heights = []
    for scripts in (True, False):
        page = visit.page("cai", scripts=scripts)
        page.goto(comforts, wait_until="networkidle")
        box = page.locator(".prose").bounding_box()
        assert box is not None
        cells = page.locator(".prose th").all()
        heights.append((box["height"], [cell.bounding_box() for cell in cells]))
    assert heights[0] == heights[1]


def test_the_menu_copies_the_address_and_the_permalink_and_prints(
    visit: Visit, comforts: str
) -> None:
    page = visit.page("cai", permissions=["clipboard-read", "clipboard-write"])
    page.goto(comforts)
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{visit.site}/eng/comforts"
    page.get_by_role("link", name="Copy permalink").click()
    expect(page.get_by_role("link", name="Copied")).to_be_visible()
    permalink = page.evaluate("navigator.clipboard.readText()")
    assert permalink == f"{visit.site}/-/p/{visit.world.page('comforts').id}"
    assert page.url.endswith(comforts)
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()


def test_opened_menu_and_image_are_for_everyone(visit: Visit, axe: str, comforts: str) -> None:
    page = visit.open("ada", comforts)
    page.get_by_text("More", exact=True).click()
    assert objections(page, axe) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="A plan").click()
    assert objections(page, axe) == []


def test_a_box_is_ticked_on_the_page_by_editors_only(visit: Visit) -> None:
    visit.world.write("chores", "- [ ] Wash\n- [x] Dry\n  - [ ] Fold\n", by="ben", title="Chores")
    head = visit.world.page("chores").head
    assert visit.open("cai", "/eng/chores").get_by_role("checkbox").first.is_disabled()
    plain = visit.open("ben", "/eng/chores", scripts=False)
    assert plain.get_by_role("checkbox").first.is_disabled()
    page = visit.open("ben", "/eng/chores")
    page.get_by_role("checkbox", name="Wash").focus()
    page.keyboard.press("Space")
    page.get_by_role("checkbox", name="Dry").click()
    page.get_by_role("checkbox", name="Fold").click()
    expect(page.locator("[data-ticks] [name=revision]")).to_have_value(str(head + 3))
    expect(page.locator("[aria-busy]")).to_have_count(0)
    page.reload()
    for name, checked in (("Wash", True), ("Dry", False), ("Fold", True)):
        expect(page.get_by_role("checkbox", name=name)).to_be_checked(checked=checked)
    visit.world.write("chores", "- [ ] Sweep\n", by="eve", title="Chores")
    visit.expect("409")
    page.get_by_role("checkbox", name="Wash").click()
    expect(page.get_by_role("alert")).to_contain_text("changed the same")
    expect(page.get_by_role("checkbox", name="Wash")).to_be_checked()
