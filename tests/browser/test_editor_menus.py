"""Menus of the editor: blocks after a slash, people, emoji, and the toolbar."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visit import PHONE, Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def empty(visit: Visit) -> Page:
    """The editor of a new page, with the cursor in its text."""
    page = visit.open("ben", "/eng/-/new?title=Plan")
    expect(page.get_by_role("textbox", name="Text")).to_be_focused()
    return page


def pick(page: Page, typed: str, name: str) -> None:
    """Type, and take the first completion, which has to be this one."""
    page.keyboard.type(typed)
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(chosen).to_contain_text(name)
    page.keyboard.press("Enter")
    expect(chosen).to_be_hidden()


def test_a_slash_at_the_beginning_of_a_line_offers_blocks(empty: Page) -> None:
    text = empty.locator("textarea[name=body]")
    pick(empty, "/h2", "Heading 2")
    empty.keyboard.type("Aim")
    pick(empty, "\n/todo", "Task list")
    empty.keyboard.type("Ask")
    expect(text).to_have_value("## Aim\n\n- [ ] Ask")
    empty.keyboard.press("Control+a")
    empty.keyboard.press("Backspace")
    pick(empty, "/code", "Code block")
    empty.keyboard.type("pyt")
    expect(empty.get_by_role("option", name="python")).to_be_visible()
    empty.keyboard.press("ArrowDown")
    empty.keyboard.press("Enter")
    empty.keyboard.press("ArrowDown")
    empty.keyboard.type("/note")  # within code a slash is a slash
    expect(text).to_have_value("```python\n/note\n```")
    empty.keyboard.press("Control+End")
    pick(empty, "\n\n/divi", "Divider")
    pick(empty, "/callout", "Note")
    empty.keyboard.type("Careful")
    expect(text).to_have_value("```python\n/note\n```\n\n---\n\n> [!NOTE]\n> Careful")


def test_escape_keeps_the_slash_and_other_slashes_offer_nothing(empty: Page) -> None:
    empty.keyboard.type("/")
    expect(empty.get_by_role("option", name="Heading 1")).to_be_visible()
    empty.keyboard.press("Escape")
    empty.keyboard.type("quote and/or ")
    expect(empty.get_by_role("option")).to_have_count(0)
    empty.keyboard.press("Enter")
    expect(empty.locator("textarea[name=body]")).to_have_value("/quote and/or \n")


def test_people_groups_and_emoji_are_completed(empty: Page) -> None:
    pick(empty, "Ask @be", "Ben")
    pick(empty, "about it :smil", "smil")
    empty.keyboard.type(" or :tada: at 10:30, cai@example.org")
    value = "Ask @ben about it 😃 or 🎉 at 10:30, cai@example.org"
    expect(empty.locator("textarea[name=body]")).to_have_value(value)


def test_the_toolbar_writes_blocks_too(visit: Visit) -> None:
    page = visit.open("ben", "/eng/-/new?title=Plan", viewport=PHONE, has_touch=True)
    text = page.locator("textarea[name=body]")
    page.keyboard.type("Aim")
    for value in ("## Aim", "### Aim", "#### Aim", "Aim"):
        page.get_by_role("button", name="Heading").tap()
        expect(text).to_have_value(value)
    page.get_by_role("button", name="Insert").tap()
    option = page.get_by_role("option", name="Numbered list")
    expect(option).to_be_visible()
    box = option.bounding_box()
    assert box
    assert box["height"] >= 44 or not page.evaluate("matchMedia('(pointer: coarse)').matches")
    option.tap()
    while option.is_visible():
        option.tap()
    page.keyboard.type("Ask")
    expect(text).to_have_value("Aim\n\n1. Ask")
