"""Times, initials and colours as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from wiki.web.screens.filters import HUES, ago, exact, hue, initials, iso

NOW = datetime(2026, 11, 23, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-30), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=13), "13 days ago"),
        (timedelta(days=14), "9 Nov 2026"),
        (timedelta(days=400), "19 Oct 2025"),
    ],
)
def test_a_time_is_said_in_words_while_it_is_near_and_as_a_date_later(
    age: timedelta, words: str
) -> None:
    assert ago(NOW - age, now=NOW) == words
    dated = words[0].isdigit() and "ago" not in words
    assert ago(NOW - age, True, NOW) == (f"on {words}" if dated else words)


def test_times_from_any_zone_are_written_in_utc() -> None:
    there = datetime(2026, 11, 23, 15, 5, tzinfo=timezone(timedelta(hours=2)))
    assert iso(there) == iso(NOW) == "2026-11-23T13:05:00Z"
    assert exact(there) == "23 Nov 2026, 13:05 UTC"


def test_a_naive_time_is_taken_as_utc() -> None:
    assert iso(NOW.replace(tzinfo=None)) == iso(NOW)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ben", "B"),
        ("Ève de la Tour", "ÈT"),
        ("李 雷", "李雷"),
        ("  ", "?"),
    ],
)
def test_initials_are_taken_from_the_first_and_the_last_word(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_a_person_keeps_their_colour_and_people_have_different_ones() -> None:
    assert hue("ada") == hue("ada")
    colours = {hue(f"person{number}") for number in range(200)}
    assert colours == {f"hue-{number}" for number in range(HUES)}
