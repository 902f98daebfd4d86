"""The calendar of a space: what was written on each day, as a picture and in words."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import Scene
from wiki.db import at
from wiki.history.calendar import STEPS, _cuts, _step, calendar_of_year, calendar_until
from wiki.spaces.queries import see_space


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def write_at(wiki: Scene, when: str, path: str = "page", **options: str) -> None:
    with at(moment(when)):
        wiki.write(path, f"written {when}", **options)  # type: ignore[arg-type]


def days(text: str) -> dict[str, str]:
    """The days of a picture that are links, with what they are called."""
    picture = text.partition('class="calendar"')[2].partition("</div>")[0]
    return dict(re.findall(r'\?on=([\d-]+)"><title>([^<]+)</title>', picture))


@pytest.mark.every_database
def test_each_day_with_changes_is_a_link_to_them_with_its_number(wiki: Scene) -> None:
    write_at(wiki, "2021-03-04T00:00:00")
    write_at(wiki, "2021-03-04T23:59:59")
    write_at(wiki, "2021-12-31T23:59:59", "other")
    write_at(wiki, "2022-01-01T00:00:00", "other")
    shown = wiki.get("cai", "/eng/-/calendar?year=2021").text
    assert days(shown) == {
        "2021-03-04": "4 Mar 2021: 2 changes",
        "2021-12-31": "31 Dec 2021: 1 change",
    }
    assert "3 revisions on 2 days (in UTC)" in shown
    assert shown.partition("calendar-key")[0].count('class="step-') == 365
    listed = wiki.get("cai", "/eng/-/changes?on=2021-03-04").text
    assert "4 Mar 2021" in listed
    assert " edited <a" in listed or " created <a" in listed
    assert "/eng/other" not in listed.partition("<main")[2]


def test_the_newest_year_is_shown_first_and_leads_to_those_beside_it(wiki: Scene) -> None:
    for year in (2011, 2012, 2015):
        write_at(wiki, f"{year}-05-05T10:00:00")
    shown = wiki.get("cai", "/eng/-/calendar").text
    assert "Calendar of 2015" in shown
    assert re.search(r'rel="prev" href="/eng/-/calendar\?year=2014"', shown)
    assert 'rel="next"' not in shown
    empty = wiki.get("cai", "/eng/-/calendar?year=2014").text
    assert "No changes in 2014" in empty
    assert "There are changes from 2011 to 2015" in empty
    assert re.search(r'rel="next" href="/eng/-/calendar\?year=2015"', empty)
    far = wiki.get("cai", "/eng/-/calendar?year=3000").text
    assert re.search(r'rel="prev" href="/eng/-/calendar\?year=2015"', far)


@pytest.mark.parametrize("year", ["0", "x", "-1", "10000", "99999999999", ""])
def test_a_year_that_is_none_is_not_found(wiki: Scene, year: str) -> None:
    assert wiki.get("cai", f"/eng/-/calendar?year={year}").status_code == 404


@pytest.mark.parametrize("year", [1, 1582, 2000, 9999])
def test_any_year_has_a_picture(wiki: Scene, year: int) -> None:
    assert wiki.get("cai", f"/eng/-/calendar?year={year}").status_code == 200


def test_an_empty_space_says_what_will_be_there(wiki: Scene) -> None:
    assert (
        "Days with changes in this space will be marked here"
        in wiki.get("cai", "/eng/-/calendar").text
    )
    assert days(wiki.get("cai", "/eng/-/changes").text) == {}


def test_the_same_is_there_in_words(wiki: Scene) -> None:
    write_at(wiki, "2021-03-04T10:00:00")
    write_at(wiki, "2021-03-04T11:00:00")
    write_at(wiki, "2021-03-09T11:00:00")
    table = wiki.get("cai", "/eng/-/calendar").text.partition("<table")[2]
    assert re.findall(r'scope="row">(\w+)<', table)[2] == "March"
    assert re.findall(r'class="number">(\d+)<', table) == ["0", "0", "3", *["0"] * 9]
    assert re.findall(r'on=(\S+)">', table) == ["2021-03-04", "2021-03-09"]


@pytest.mark.every_database
def test_only_what_the_reader_may_read_is_counted(wiki: Scene) -> None:
    write_at(wiki, "2021-03-04T10:00:00", "kept")
    write_at(wiki, "2021-03-05T10:00:00", "gone")
    write_at(wiki, "2021-03-06T10:00:00", "hidden")
    wiki.post("ben", "/eng/gone/-/delete")
    wiki.agree("eve", wiki.post("eve", "/eng/hidden/-/move", path="hidden", space="fair"))
    assert set(days(wiki.get("dot", "/eng/-/calendar?year=2021").text)) == {"2021-03-04"}
    assert set(days(wiki.get("ben", "/eng/-/calendar?year=2021").text)) == {
        "2021-03-04",
        "2021-03-05",
    }
    assert len(days(wiki.get("eve", "/eng/-/calendar?year=2021").text)) == 3
    assert wiki.get("dot", "/fair/-/calendar").status_code == 404


def test_the_changes_of_a_space_begin_with_its_last_twelve_months(wiki: Scene) -> None:
    with at(moment("2026-11-25T10:00:00")):
        write_at(wiki, "2025-11-30T23:00:00")
        write_at(wiki, "2025-12-01T00:00:00")
        write_at(wiki, "2026-11-24T00:00:00")
        shown = wiki.get("cai", "/eng/-/changes").text
        assert set(days(shown)) == {"2025-12-01", "2026-11-24"}
        assert days(wiki.get("cai", "/eng/-/changes?before=2").text) == {}
        assert days(wiki.get("cai", "/eng/-/changes?on=2026-11-24").text) == {}


def test_a_picture_has_every_day_once_in_columns_of_weeks(wiki: Scene) -> None:
    with wiki.database.read() as session:
        actor = wiki.actor("cai")
        space = see_space(session, actor, "eng").space
        calendars = [calendar_of_year(session, actor, space, year) for year in range(2018, 2029)]
        ends = [date(2026, month, 28) for month in range(1, 13)]
        calendars += [calendar_until(session, actor, space, end) for end in ends]
    for calendar in calendars:
        found = [day.date for sheet in calendar.sheets for week in sheet.weeks for day in week]
        assert found == [calendar.first + timedelta(days=n) for n in range(len(found))]
        assert len(found) in (365, 366)
        assert len(calendar.months) == 12
        for sheet in calendar.sheets:
            for week in sheet.weeks:
                rows = [day.week_day for day in week]
                assert rows == sorted(rows)
            assert len({column for column, _ in sheet.months}) == 6
            assert all(len(week) == 7 for week in sheet.weeks[1:-1])


@given(st.lists(st.integers(1, 10_000), min_size=1))
def test_more_changes_are_never_a_lower_step(counts: list[int]) -> None:
    cuts = _cuts(counts)
    steps = [_step(count, cuts) for count in sorted(counts)]
    assert steps == sorted(steps)
    assert set(steps) <= set(range(1, STEPS + 1))
    assert _step(0, cuts) == 0
