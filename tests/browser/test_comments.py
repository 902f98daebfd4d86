"""Comments in the browser: the whole of a discussion without scripts, and drafts and links with."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visit import Visit

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


def test_a_discussion_is_held_without_scripts(visit: Visit) -> None:
    visit.world.write("talked-about", "words", title="Talked about")
    page = visit.open("ben", "/eng/talked-about", scripts=False)
    page.get_by_label("Add a comment").fill("Is this *right*?")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_role("link", name="Is this right?").click()
    expect(page.locator(".comment em")).to_have_text("right")

    page.get_by_label("Your reply").fill("It is.")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator(".comment")).to_have_count(2)
    page.get_by_role("link", name="Reply to Ben").click()
    page.get_by_label("Reply to Ben").fill("Sure?")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator(".comment.below")).to_contain_text("Sure?")

    first = page.locator(".comment").first
    first.locator(".react summary").click()
    first.get_by_role("button", name="Thanks").click()
    expect(page.locator(".reaction.mine")).to_contain_text("1")
    page.locator(".comment").first.get_by_role("link", name="Edit").click()
    page.get_by_label("Comment", exact=True).fill("Is this correct?")
    page.get_by_role("button", name="Save comment").click()
    page.get_by_role("link", name="edited").click()
    expect(page.locator(".version")).to_have_count(2)
    page.get_by_role("link", name="Back to the discussion").click()
    page.locator(".comment").last.get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Delete comment").click()
    expect(page.locator(".gone")).to_have_count(1)

    page.get_by_text("Resolve", exact=True).click()
    page.get_by_label("Reason").fill("Checked")
    page.get_by_role("button", name="Resolve discussion").click()
    expect(page.locator(".change")).to_contain_text("Checked")
    page.goto("/eng/talked-about")
    expect(page.get_by_role("link", name="Is this correct?")).to_have_count(0)


def test_c_leads_to_the_field_and_an_unsent_comment_is_kept(visit: Visit) -> None:
    visit.world.write("drafted", "words", title="Drafted")
    page = visit.open("ben", "/eng/drafted")
    field = page.get_by_label("Add a comment")
    page.keyboard.press("c")
    expect(field).to_be_focused()
    page.keyboard.type("Not sent yet")
    page.goto("/eng/busy")
    expect(page.get_by_label("Add a comment")).to_have_value("")
    page.goto("/eng/drafted")
    expect(field).to_have_value("Not sent yet")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_role("link", name="Not sent yet")).to_be_visible()
    expect(field).to_have_value("")
    page.reload()
    expect(field).to_have_value("")


def test_a_permalink_leads_to_a_comment_that_is_not_below_the_page(visit: Visit) -> None:
    number = visit.world.page("busy").id
    page = visit.open("ben", f"/-/p/{number}#m3")
    page.wait_for_url("**/eng/busy/-/comments?message=3#m3")
    expect(page.locator("#m3")).to_be_in_viewport()
