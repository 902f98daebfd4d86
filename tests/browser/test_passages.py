"""Passages in the browser: selected, quoted beside the page, marked, and reached by a key."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visit import PHONE, Visit

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

TEXT = "Before the launch, **Ben** tells the people on call.\n\n| who |\n| - |\n| Ada |\n| 7 |\n"

MARKED = "[...(CSS.highlights.get('passage') ?? [])].map(String)"


def select(page: Page, first: str, last: str) -> None:
    """Select from the beginning of one text to the end of another one."""
    page.evaluate(
        """([first, last]) => {
            const walker = document.createTreeWalker(
                document.querySelector(".prose"), NodeFilter.SHOW_TEXT);
            const range = new Range();
            let begun = false;
            while (walker.nextNode()) {
                const { data } = walker.currentNode;
                if (!begun && data.includes(first)) {
                    range.setStart(walker.currentNode, data.indexOf(first));
                    begun = true;
                }
                if (begun && data.includes(last)) {
                    range.setEnd(walker.currentNode, data.indexOf(last) + last.length);
                    break;
                }
            }
            getSelection().removeAllRanges();
            getSelection().addRange(range);
        }""",
        [first, last],
    )


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["wide", "phone"])
def test_selected_text_is_discussed_beside_the_page(visit: Visit, viewport: dict | None) -> None:
    path = f"quoted-{'phone' if viewport else 'wide'}"
    visit.world.write(path, TEXT, title="Quoted")
    options = {"viewport": viewport} if viewport else {}
    page = visit.open("ben", f"/eng/{path}", **options)
    button = page.locator("[data-quote]")
    before = page.locator(".prose").bounding_box()
    select(page, "launch", "tells")
    expect(button).to_be_visible()
    place, text = button.bounding_box(), page.locator(".prose p").first.bounding_box()
    assert place and text and 0 < place["y"] - text["y"] < 40 + text["height"]
    button.click()
    expect(page.locator(".comment-form.beside")).to_be_visible()
    assert page.locator(".prose").bounding_box() == before
    page.get_by_label("Add a comment").fill("Why him?")
    page.get_by_role("button", name="Comment", exact=True).last.click()
    expect(page.get_by_role("link", name="Why him?")).to_be_visible()
    expect(page.locator(".page-comments q")).to_have_text("launch, Ben tells")
    page.wait_for_function(f"{MARKED}.length")
    assert page.evaluate(MARKED) == ["launch, Ben tells"]
    assert page.locator(".prose strong").inner_html() == "Ben"


def test_c_comments_on_the_selection_even_on_one_character(visit: Visit) -> None:
    visit.world.write("one-character", TEXT, title="Quoted")
    page = visit.open("ben", "/eng/one-character")
    select(page, "7", "7")
    expect(page.locator("[data-quote]")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_label("Add a comment")).to_be_focused()
    page.keyboard.type("Not 8?")
    page.get_by_role("button", name="Comment", exact=True).last.click()
    expect(page.locator(".page-comments q")).to_have_text("7")


def test_a_passage_is_quoted_without_scripts(visit: Visit) -> None:
    visit.expected = ("422",)  # it asks which one
    visit.world.write("no-scripts", TEXT + "\nTell the people off call.\n", title="Quoted")
    page = visit.open("ben", "/eng/no-scripts", scripts=False)
    page.get_by_label("Add a comment").fill("Which people?")
    page.get_by_text("About a passage").click()
    page.get_by_label("The passage, as it is on the page").fill("the people")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_label("Tell the people").check()
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".about blockquote")).to_have_text("the people")
