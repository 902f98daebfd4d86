"""Tags and the calendar with keys, and tags as one types."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visit import PHONE, Visit

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


def test_tags_are_offered_behind_those_that_are_typed(visit: Visit) -> None:
    page = visit.open("ben", "/eng/handbook/onboarding/-/edit")
    page.get_by_text("Tags and description").click()
    field = page.get_by_label("Tags", exact=False).first
    field.fill("new one, samples, fi")
    offered = page.locator("#tag-choices option:not([disabled])")
    expect(offered.first).to_have_attribute("value", "new one, samples, first week")
    values = offered.evaluate_all("all => all.map((one) => one.value)")
    assert all(value.startswith("new one, samples, ") for value in values)
    assert "new one, samples, samples" not in values


def test_a_day_of_the_calendar_is_reached_and_opened_with_keys(visit: Visit) -> None:
    page = visit.open("cai", "/eng/-/calendar?year=2021")
    day = page.get_by_role("link", name="1 Mar 2021: 1 change")
    day.focus()
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.textContent.trim()")
    assert focused.startswith("2 Mar 2021:")
    page.keyboard.press("Enter")
    page.wait_for_url("**/eng/-/changes?on=2021-03-02")
    expect(page.get_by_role("heading", name="2 Mar 2021")).to_be_visible()


def test_the_whole_year_is_seen_on_a_phone(visit: Visit) -> None:
    page = visit.open("cai", "/eng/-/calendar?year=2021", viewport=PHONE)
    for picture in page.locator(".calendar svg").all():
        box = picture.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]


def test_a_tag_is_renamed_without_scripts(visit: Visit) -> None:
    visit.world.write("renamed", "x", title="To be renamed", tags=("to rename",))
    visit.world.deliver()
    page = visit.open("ben", "/eng/renamed", scripts=False)
    page.get_by_role("link", name="to rename").click()
    page.get_by_label("New name").fill("renamed now")
    page.get_by_role("button", name="Rename…").click()
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="renamed now")).to_be_visible()
    expect(page.get_by_text("One page now has the tag")).to_be_visible()
