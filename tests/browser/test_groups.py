"""Groups in the browser: who is meant is suggested as one types, and all works without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visit import Visit

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


def test_who_is_meant_is_suggested_and_put_in(visit: Visit) -> None:
    page = visit.open("ada", "/-/groups/empty")
    field = page.get_by_label("Person or group", exact=True)
    field.press_sequentially("the wh")
    option = page.locator("#known option[value='@company']")
    expect(option).to_be_attached()
    assert option.get_attribute("label") == "The whole company (group of 63 people)"
    field.fill("")
    field.press_sequentially("Colleague 59")
    expect(page.locator("#known option[value='@colleague59']")).to_be_attached()
    field.fill("@colleague59")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Colleague 59 was added to Empty.")
    page.get_by_role("button", name="Remove Colleague 59").click()
    expect(page.get_by_role("status")).to_contain_text("Colleague 59 was removed from Empty.")


def test_a_group_gets_a_role_and_loses_it_without_scripts(visit: Visit) -> None:
    page = visit.open("eve", "/fair/-/members", scripts=False)
    page.get_by_label("Add a person or group").fill("The whole company")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status")).to_contain_text(
        "The whole company (63 people) now has the role editor."
    )
    page.get_by_role("link", name="Everyone").click()
    expect(page.get_by_text("by group The whole company").first).to_be_visible()
    page.get_by_role("link", name="Given roles").click()
    page.get_by_role("link", name="View members").click()
    expect(page.get_by_role("heading", name="The whole company")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Remove The whole company").click()
    expect(page.get_by_role("status")).to_contain_text("The whole company no longer has a role.")
