"""Addresses of sections."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visit import Visit

pytestmark = pytest.mark.browser


def test_an_address_from_elsewhere_finds_the_section_without_our_prefix(visit: Visit) -> None:
    page = visit.open("ben", "/eng/handbook/everything")
    heading = page.locator(".prose [id^='sec-']").last
    name = str(heading.get_attribute("id")).removeprefix("sec-")
    page.set_viewport_size({"width": 800, "height": 200})
    expect(heading).not_to_be_in_viewport()
    page.goto(f"/eng/handbook/everything#{name}")
    expect(heading).to_be_in_viewport()
