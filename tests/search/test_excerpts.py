"""Excerpts: the passage with most of the words, marked, and nothing invented."""

from hypothesis import given
from hypothesis import strategies as st

from wiki.search.excerpts import WIDTH, excerpt, marked
from wiki.search.words import words


def shown(text: str, *terms: str) -> str:
    return "".join(f"[{piece}]" if hit else piece for piece, hit in excerpt(text, terms))


def test_the_passage_with_most_of_the_words_is_shown() -> None:
    text = "leave " + "x " * 300 + "parental leave is paid " + "y " * 300
    found = shown(text, "parental", "leave")
    assert "[parental] [leave] is paid" in found
    assert found.startswith("… ")
    assert found.endswith(" …")


def test_without_a_match_the_beginning_is_shown() -> None:
    assert shown("First words. " + "x " * 300, "absent").startswith("First words.")


def test_matches_are_whole_words_without_regard_to_accents() -> None:
    assert shown("A café, not cafeteria: CAFÉ", "cafe") == "A [café], not cafeteria: [CAFÉ]"


def test_pairs_that_touch_are_one_mark() -> None:
    assert shown("公司知識庫的搜索", "知識", "識庫") == "公司[知識]庫的搜索"


def test_titles_are_marked_whole() -> None:
    assert marked("On-call", ("call",)) == (("On-", False), ("call", True))


@given(st.text(max_size=800), st.lists(st.text(min_size=1, max_size=6), max_size=4))
def test_an_excerpt_is_short_and_marks_only_what_was_asked(text: str, asked: list[str]) -> None:
    terms = [word.text for one in asked for word in words(one)]
    pieces = excerpt(text, terms)
    assert sum(len(piece) for piece, _ in pieces) <= WIDTH + 110
    for piece, hit in pieces:
        if hit:
            assert piece.strip()
            assert terms
