"""Times on screens: in the reader's time zone, and without scripts in a zone that is named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from tests.browser.visit import Visit
from wiki.db import at
from wiki.people.models import Person

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


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


def choose(visit: Visit, language: str | None, zone: str | None) -> None:
    with visit.world.database.write() as session:
        session.execute(
            update(Person).where(Person.handle == "eve").values(language=language, time_zone=zone)
        )


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_scripts_write_moments_as_the_server_does(visit: Visit, language: str) -> None:
    with at(datetime(2021, 9, 4, 23, 30, tzinfo=UTC)):
        visit.world.write("long-ago", "x", by="ben")
    choose(visit, language, "Asia/Tokyo")
    try:
        # The browser's own language and zone are others.
        elsewhere = {"timezone_id": "America/New_York", "locale": "en-US"}
        told = []
        for scripts in (True, False):
            page = visit.open("eve", "/eng/long-ago/-/history", scripts=scripts, **elsewhere)
            when = page.locator("ol.history time").first
            shown = [when.inner_text(), when.get_attribute("title")]
            page.goto("/eng/-/changes")
            told.append([*shown, page.locator(".day-group h2").last.inner_text()])
        assert told[0] == told[1]
    finally:
        choose(visit, None, None)
