"""Times on screens: in the reader's time zone, and without scripts in a zone that is named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.browser.visit import Visit
from wiki.db import at

pytestmark = pytest.mark.browser


def test_moments_are_told_in_the_readers_zone(visit: Visit) -> None:
    with at(datetime(2021, 3, 4, 23, 30, tzinfo=UTC)):
        visit.world.write("late", "x", by="ben", title="Late")
        visit.world.write("late", "y", by="ben")
    tokyo = {"timezone_id": "Asia/Tokyo", "locale": "en-GB"}
    page = visit.open("cai", "/eng/late/-/history", **tokyo)
    when = page.locator("ol.history time").first
    assert when.inner_text() == "5 Mar 2021"
    assert when.get_attribute("title") == "5 Mar 2021, 08:30 GMT+9"
    assert when.get_attribute("datetime") == "2021-03-04T23:30:00Z"
    page.goto("/eng/late?revision=1")
    assert "from 5 Mar 2021, 08:30." in page.locator(".banner").inner_text()
    page.goto("/eng/-/changes")
    day = page.locator(".day-group", has_text="Late").first
    assert "5 Mar 2021" in day.locator("h2").inner_text()

    plain = visit.open("cai", "/eng/late?revision=1", scripts=False, **tokyo)
    assert "from 4 Mar 2021, 23:30 UTC." in plain.locator(".banner").inner_text()
