"""Pasting into the editor: what was copied elsewhere becomes Markdown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.clipboard import (
    CELLS_MARKDOWN,
    CELLS_TEXT,
    CODE_TEXT,
    converter,
    expect_text,
    paste,
    sample,
)
from tests.browser.test_editor import DROP
from tests.browser.visit import Visit

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


CONVERTED = """async (converter) => {
  await import(converter);
  await new Promise((resolve) => setTimeout(resolve));
}"""
"""Waits until what was pasted has been converted."""


@pytest.fixture
def editor(visit: Visit, request: pytest.FixtureRequest) -> Page:
    """The editor of a page that only this test edits, with nothing in it."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")
    visit.world.write(f"pasting/{name}", "Begin.\n", title="Draft")
    page = visit.open("ben", f"/eng/pasting/{name}/-/edit")
    page.on("dialog", lambda dialog: dialog.accept())
    clear(page)
    return page


def clear(page: Page) -> None:
    page.get_by_role("textbox", name="Text").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")


@pytest.mark.parametrize(
    ("html", "text", "markdown"),
    [
        pytest.param(sample("word.html"), "The plan", sample("word.md"), id="word"),
        pytest.param(sample("docs.html"), "Release", sample("docs.md"), id="docs"),
        pytest.param(sample("web.html"), "Setup", sample("web.md"), id="web"),
        pytest.param(sample("excel.html"), CELLS_TEXT, CELLS_MARKDOWN, id="excel"),
        pytest.param(sample("sheets.html"), "Item\tCost", CELLS_MARKDOWN, id="sheets"),
        pytest.param("", CELLS_TEXT, CELLS_MARKDOWN, id="tab-separated"),
        pytest.param(sample("vscode.html"), CODE_TEXT, CODE_TEXT, id="vscode"),
        pytest.param(sample("jetbrains.html"), CODE_TEXT, CODE_TEXT, id="jetbrains"),
        pytest.param("<h2>Learn C #</h2>", "C #", "## Learn C \\#", id="heading"),
        pytest.param("<p><b>Note:</b>a</p>", "Note:a", "**Note**:a", id="signs"),
        pytest.param("<p><s>a ~ b</s> ~</p>", "a ~ b ~", "~~a \\~ b~~ \\~", id="tildes"),
        pytest.param("<b>~ 5</b> min", "~ 5 min", "**\\~ 5** min", id="tilde"),
        pytest.param("<span>2 * 3 * 4</span>", "2 * 3 * 4", "2 * 3 * 4", id="words"),
    ],
)
def test_what_was_copied_elsewhere_becomes_markdown(
    editor: Page, html: str, text: str, markdown: str
) -> None:
    paste(editor, html, text)
    editor.evaluate(CONVERTED, converter())
    expect_text(editor, markdown)


def test_undo_gives_the_plain_text_and_then_what_was_before(editor: Page) -> None:
    editor.keyboard.type("Before ")
    paste(editor, "<p>a <b>bold</b> word</p>", "a bold word")
    expect_text(editor, "Before a **bold** word")
    expect(editor.locator("[data-state]")).to_contain_text("Pasted as Markdown")
    editor.keyboard.press("Control+z")
    expect_text(editor, "Before a bold word")
    editor.keyboard.press("Control+z")
    expect_text(editor, "Before ")


def test_an_address_over_a_selection_links_it(editor: Page) -> None:
    editor.keyboard.type("see the site")
    for _ in range(len("the site")):
        editor.keyboard.press("Shift+ArrowLeft")
    paste(editor, text="https://example.org/a_(b)?q=1")
    expect_text(editor, "see [the site](https://example.org/a_(b)?q=1)")
    editor.keyboard.press("Control+z")
    expect_text(editor, "see https://example.org/a_(b)?q=1")
    editor.keyboard.press("Control+z")
    expect_text(editor, "see the site")


@pytest.mark.parametrize(
    ("begun", "pasted"),
    [
        ("https://example.net/", "https://example.org/"),  # an address in place of another
        ("words", "javascript:alert(1)"),
        ("words", "https://example.org/ and more"),
        ("`code`", "https://example.org/"),
    ],
)
def test_other_text_over_a_selection_takes_its_place(editor: Page, begun: str, pasted: str) -> None:
    editor.keyboard.type(begun)
    editor.keyboard.press("Control+a")
    paste(editor, text=pasted)
    expected = f"[`code`]({pasted})" if begun == "`code`" else pasted
    expect_text(editor, expected)


def test_code_stays_what_was_copied(editor: Page) -> None:
    editor.keyboard.type("```\n")
    paste(editor, "<p>a <b>b</b></p>", "a b")
    editor.evaluate(CONVERTED, converter())
    expect_text(editor, "```\na b")


def test_plain_text_is_pasted_by_its_key(editor: Page) -> None:
    editor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    editor.evaluate(
        """async () => navigator.clipboard.write([new ClipboardItem({
          "text/html": new Blob(["<p>a <b>b</b></p>"], { type: "text/html" }),
          "text/plain": new Blob(["a b"], { type: "text/plain" }) })])"""
    )
    editor.keyboard.press("Control+v")
    expect_text(editor, "a **b**")
    clear(editor)
    editor.keyboard.press("Control+Shift+v")
    expect_text(editor, "a b")
    clear(editor)
    editor.keyboard.press("Control+v")
    expect_text(editor, "a **b**")


@pytest.mark.parametrize(
    ("before", "html", "expected"),
    [
        ("Word", "<ul><li>a</li></ul>", "Word\n\n- a"),
        ("- ", "<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("> ", "<h2>a</h2><p>b</p>", "> ## a\n> \n> b"),
        ("- [ ] ", "<p>a <i>b</i></p>", "- [ ] a *b*"),
        ("| a | b |\n| --- | --- |\n| x", "<b>a|b</b>", "| a | b |\n| --- | --- |\n| x**a\\|b**"),
    ],
)
def test_blocks_are_placed_where_they_can_stand(
    editor: Page, before: str, html: str, expected: str
) -> None:
    paste(editor, text=before)
    paste(editor, html, "plain")
    expect_text(editor, expected)


def test_a_picture_with_html_of_itself_is_still_attached(editor: Page) -> None:
    editor.get_by_role("textbox", name="Text").evaluate(
        DROP.replace("data.items", 'data.setData("text/html", "<img src=\'x.png\'>"); data.items')
    )
    expect(editor.locator("[data-state]")).to_contain_text("red-dot.png attached")


@pytest.mark.parametrize(
    ("html", "converted"),
    [
        pytest.param("<div>" * 50_000 + "<b>end</b>", False, id="deep"),
        pytest.param("<ul><li>" * 900 + "<b>end</b>", True, id="lists"),
        pytest.param("<blockquote>" * 900 + "<b>end</b>", True, id="quotes"),
        pytest.param("<b><i>" * 450 + "end", True, id="marks"),
        pytest.param("<p>a <b>b</b> end</p>" * 50_000, False, id="many"),
        pytest.param("<b>end</b>" + "<" * 1_000_000, True, id="brackets"),
        pytest.param("<b>end</b>" + " " * 5_000_000, False, id="long"),
        pytest.param(
            "<table><tr><td colspan=1000 rowspan=65534>end<td>b</tr>" + "<tr><td>c" * 9_000,
            True,
            id="spans",
        ),
    ],
)
def test_hostile_html_is_bounded(editor: Page, html: str, converted: bool) -> None:
    paste(editor, html, "the plain text")
    editor.evaluate(CONVERTED, converter())
    value = editor.locator("textarea[name=body]").input_value()
    assert "end" in value if converted else value == "the plain text"
    assert len(value) < 2_500_000
