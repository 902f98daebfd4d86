"""The search box's language: any text is a question, and operators mean what they say."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.search.query import LONGEST_QUESTION, MOST_CLAUSES, Clause, Field, Period, parse


@given(st.text(max_size=600))
def test_any_text_gives_a_query(text: str) -> None:
    query = parse(text)
    assert len(query.must) + len(query.without) <= MOST_CLAUSES
    assert len(query.text) <= LONGEST_QUESTION
    for clause in (*query.must, *query.without):
        assert any(c.isalnum() for c in clause.text)


pieces = st.sampled_from(
    ["-", '"', "“", "*", "title:", "tag:", "updated:>", "2026-02-30", "2026", "word", " ", ":", "ё"]
)


@given(st.lists(pieces, max_size=40).map("".join))
def test_any_pile_of_operators_gives_a_query(text: str) -> None:
    parse(text)


def test_words_are_all_wanted() -> None:
    assert parse("parental leave").must == (Clause("parental"), Clause("leave"))


def test_quotes_hold_a_phrase_together() -> None:
    assert parse('"paid time off" now').must == (
        Clause("paid time off", phrase=True),
        Clause("now"),
    )


@pytest.mark.parametrize("text", ["“paid time”", "«paid time»", "„paid time“", '"paid time'])
def test_quotes_of_other_languages_and_open_ones_are_quotes(text: str) -> None:
    assert parse(text).must == (Clause("paid time", phrase=True),)


def test_a_minus_excludes_what_follows() -> None:
    query = parse('leave -sick -"long term" -tag:old')
    assert query.must == (Clause("leave"),)
    assert query.without == (
        Clause("sick"),
        Clause("long term", phrase=True),
        Clause("old", Field.TAG),
    )


def test_a_minus_inside_or_alone_excludes_nothing() -> None:
    assert parse("e-mail - x").must == (Clause("e-mail"), Clause("x"))


def test_a_star_asks_for_a_beginning() -> None:
    assert parse("onboard* title:hir*").must == (
        Clause("onboard", prefix=True),
        Clause("hir", Field.TITLE, prefix=True),
    )


@pytest.mark.parametrize("name", ["title", "tag", "space", "author", "kind"])
def test_an_operator_takes_the_next_word_or_phrase(name: str) -> None:
    assert parse(f"{name}:one").must == (Clause("one", Field(name)),)
    assert parse(f'{name.upper()}:"one two"').must == (Clause("one two", Field(name), phrase=True),)


def test_what_is_no_operator_is_words() -> None:
    assert parse("https://example.org title: x").must == (
        Clause("https://example.org"),
        Clause("title:"),
        Clause("x"),
    )


def day(*date: int) -> datetime:
    return datetime(*date, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("updated:>2026-01-31", Period(start=day(2026, 2, 1))),
        ("updated:>=2026-01-31", Period(start=day(2026, 1, 31))),
        ("updated:<2026-01", Period(end=day(2026, 1, 1))),
        ("updated:<=2026-12", Period(end=day(2027, 1, 1))),
        ("updated:2026", Period(day(2026, 1, 1), day(2027, 1, 1))),
        ("updated:>2025 updated:<2027", Period(day(2026, 1, 1), day(2027, 1, 1))),
    ],
)
def test_dates_bound_the_last_change(text: str, period: Period) -> None:
    assert parse(text).updated == period


@pytest.mark.parametrize("date", ["yesterday", "2026-02-30", "2026-00", "0000", ">", "9999-12-31x"])
def test_a_date_that_is_none_is_said_and_left_out(date: str) -> None:
    query = parse(f"leave updated:{date}")
    assert query.must == (Clause("leave"),)
    assert query.updated == Period()
    assert "isn’t a valid date" in query.notes[0]


def test_an_endless_question_is_cut_and_says_so() -> None:
    query = parse(" ".join(f"word{n}" for n in range(40)))
    assert len(query.must) == MOST_CLAUSES
    assert query.notes == ("Only the first 16 words were searched.",)
    assert "Only the first 400 characters were searched." in parse("x" * 5000).notes


def test_operators_of_other_searches_are_words_and_it_is_said() -> None:
    query = parse("foo OR bar")
    assert query.must == (Clause("foo"), Clause("OR"), Clause("bar"))
    assert query.notes[0].startswith("“OR”: searched as a word.")
    assert parse("foo or bar").notes == parse("OR").notes == ()


@pytest.mark.parametrize("text", ["", "   ", '"', "-", "*", "::", "!?…", "\x00"])
def test_nothing_asked_is_an_empty_query(text: str) -> None:
    assert parse(text).empty
