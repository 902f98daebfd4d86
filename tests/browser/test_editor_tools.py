"""The dialogs of the editor for links and images, and the tools of tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.attachments.samples import png
from tests.browser.test_editor import DROP
from tests.browser.test_every_screen import objections
from tests.browser.visit import PHONE, Visit

pytestmark = pytest.mark.browser

TABLES = Path(__file__).parents[2] / "static/src/js/editor/tables.js"


@pytest.fixture
def empty(visit: Visit) -> Page:
    """The editor of a new page, with the cursor in its text."""
    page = visit.open("ben", "/eng/-/new?title=Plan")
    expect(page.get_by_role("textbox", name="Text")).to_be_focused()
    return page


def test_a_link_leads_to_a_page_a_section_or_an_address(
    visit: Visit, empty: Page, axe: str
) -> None:
    visit.world.write("edits/target", "# Target\n\n## What to do\n", title="Target of links")
    visit.world.deliver()
    text = empty.locator("textarea[name=body]")
    dialog = empty.get_by_role("dialog", name="Insert link")
    to = dialog.get_by_role("combobox", name="Page or web address")
    empty.keyboard.type("the rules")
    empty.keyboard.press("Control+a")
    empty.keyboard.press("Control+k")
    expect(to).to_be_focused()
    assert objections(empty, axe) == []
    to.fill("target of li")
    expect(dialog.get_by_role("option", name="Target of links")).to_be_visible()
    to.press("Enter")
    expect(to).to_have_value("Target of links")
    dialog.get_by_label("Section").select_option("What to do")
    dialog.get_by_role("button", name="Insert link").click()
    expect(text).to_have_value("[[edits/target#What to do|the rules]]")
    expect(empty.get_by_role("textbox", name="Text")).to_be_focused()
    empty.keyboard.press("Control+End")
    empty.keyboard.press("Control+l")
    to.fill("nothing such")
    dialog.get_by_role("button", name="Insert link").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    to.fill("https://example.org/a(b")
    dialog.get_by_label("Text").fill("site")
    dialog.get_by_role("button", name="Insert link").click()
    expect(text).to_have_value(
        "[[edits/target#What to do|the rules]][site](https://example.org/a%28b)"
    )
    empty.keyboard.press("Control+k")  # nothing is selected: this is the switcher
    expect(empty.get_by_role("dialog", name="Search or jump to a page")).to_be_visible()


def test_an_image_of_the_page_is_inserted_with_its_description(visit: Visit, axe: str) -> None:
    visit.world.write("edits/pictures", "", title="Pictures")
    page = visit.open("ben", "/eng/edits/pictures/-/edit", viewport=PHONE)
    page.get_by_role("textbox", name="Text").evaluate(DROP)
    expect(page.locator("[data-state]")).to_contain_text("red-dot.png attached")
    page.get_by_role("button", name="Image", exact=True).click()
    dialog = page.get_by_role("dialog", name="Insert image")
    dialog.get_by_role("button", name="red-dot.png").first.click()
    assert objections(page, axe) == []
    dialog.get_by_label("Description").fill("A [red] dot")
    dialog.get_by_role("button", name="Insert image").click()
    expect(page.locator("textarea[name=body]")).to_have_value(
        "![red-dot](pictures/red-dot.png)![A \\[red\\] dot](pictures/red-dot.png)"
    )
    page.keyboard.press("Control+s")
    page.wait_for_url("**/eng/edits/pictures")
    expect(page.get_by_alt_text("A [red] dot")).to_be_visible()


def test_a_new_image_is_described_before_it_is_uploaded(visit: Visit) -> None:
    visit.world.write("edits/new-picture", "", title="New picture")
    page = visit.open("ben", "/eng/edits/new-picture/-/edit")
    page.get_by_role("button", name="Image", exact=True).click()
    dialog = page.get_by_role("dialog", name="Insert image")
    with page.expect_file_chooser() as chosen:
        dialog.get_by_role("button", name="Upload image").click()
    image = {"name": "IMG_1.png", "mimeType": "image/png", "buffer": png(40, 30)}
    chosen.value.set_files(image)
    expect(dialog.get_by_label("Description")).to_be_focused()
    expect(dialog.get_by_role("status")).to_have_text("IMG_1.png will be uploaded.")
    page.keyboard.type("The [old] desk")
    page.keyboard.press("Enter")
    expect(page.locator("textarea[name=body]")).to_have_value(
        "![The \\[old\\] desk](new-picture/IMG_1.png)"
    )


def test_tab_walks_through_a_table_and_escape_lets_it_out(empty: Page) -> None:
    text = empty.locator("textarea[name=body]")
    empty.get_by_role("button", name="Table", exact=True).click()
    dialog = empty.get_by_role("dialog", name="Insert table")
    dialog.get_by_label("Columns").fill("2")
    dialog.get_by_label("Rows").fill("1")
    dialog.get_by_label("Rows").press("Enter")
    tools = empty.get_by_role("toolbar", name="Table", exact=True)
    expect(tools).to_be_visible()
    for word in ("Who", "What", "Ben", "a \\| b", "Cai"):
        empty.keyboard.type(word)
        empty.keyboard.press("Tab")
    empty.keyboard.press("Shift+Tab")
    expect(text).to_have_value(
        "| Who | What   |\n| --- | ------ |\n| Ben | a \\| b |\n| Cai |        |"
    )
    empty.keyboard.press("Alt+ArrowUp")
    empty.keyboard.press("Alt+ArrowRight")
    tools.get_by_role("button", name="Align column").click()
    tools.get_by_role("button", name="Add row").click()
    expect(text).to_have_value(
        "| What   | Who |\n| ------ | :-- |\n|        | Cai |\n|        |     |\n| a \\| b | Ben |"
    )
    tools.get_by_role("button", name="Delete row").click()
    tools.get_by_role("button", name="Delete column").click()
    expect(text).to_have_value("| What   |\n| ------ |\n|        |\n| a \\| b |")
    empty.keyboard.press("Escape")
    empty.keyboard.press("Tab")
    expect(empty.get_by_role("textbox", name="Text")).not_to_be_focused()
    empty.get_by_role("textbox", name="Text").focus()
    empty.keyboard.press("Control+End")
    empty.keyboard.type("\n\nAfter")
    expect(tools).to_be_hidden()


@pytest.fixture(scope="module")
def algebra(browser: Any) -> Any:
    """Runs JavaScript with the functions of tables.js."""
    page = browser.new_page()
    source = TABLES.read_text().replace("export ", "")

    def run(code: str) -> Any:
        return page.evaluate(f"() => {{ {source}\n{code} }}")

    yield run
    page.close()


def test_every_change_of_a_table_keeps_it_a_table(algebra: Any) -> None:
    found = algebra("""
      const problems = [];
      const tables = [empty(1, 1), empty(3, 2),
        { rows: [["a", "漢字"], ["b \\\\|", "😀 e\u0301"], ["", "`x`"]],
        aligns: ["right", "center"] }];
      for (const table of tables) for (const [name, run] of Object.entries(changes))
        table.rows.forEach((cells, row) => cells.forEach((_, column) => {
          const done = run(table, row, column);
          if (!done) return;
          const lines = format(done.table);
          const again = parse(lines);
          const say = (what) => problems.push([what, name, row, column, lines]);
          if (JSON.stringify(again) !== JSON.stringify(done.table)) say("not read back");
          if (format(again).join() !== lines.join()) say("not stable");
          const at = placeOf(done.table, done.row, done.column);
          const back = cellAt(lines, at.line, at.from);
          if (back.row !== done.row || back.column !== done.column) say("cell not found");
          const cell = done.table.rows[done.row][done.column];
          if (lines[at.line].slice(at.from, at.to) !== cell) say("not the cell");
        }));
      return problems;""")
    assert found == []


def test_tables_as_people_write_them_are_read(algebra: Any) -> None:
    lines = ["a|b", ":-:|--:", "1|2|3", "only"]
    assert algebra(f"return format(parse({lines}))") == [
        "|  a   |   b |",
        "| :--: | --: |",
        "|  1   |   2 |",
        "| only |     |",
    ]
