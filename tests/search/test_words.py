"""Folding and cutting: pages and questions meet whatever the accents, widths and scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.search.asking import asked
from wiki.search.words import LONGEST, fold, forms, words


def texts(text: str) -> list[str]:
    return [word.text for word in words(text)]


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Café", "cafe"), ("STRASSE", "straße"), ("Ångström", "angstrom"), ("łódź", "lodz"),
        ("ＡＢＣ１２３", "abc123"), ("ﬁle", "file"), ("Ёлка", "елка"), ("ΆΛΦΑ", "αλφα"),
        ("مُحَمَّد", "محمد"), ("שָׁלוֹם", "שלום"), ("e\u0301te\u0301", "été"), ("ﾃﾞｰﾀ", "データ"),
    ],
)  # fmt: skip
def test_two_ways_of_writing_are_one_word(written: str, typed: str) -> None:
    assert texts(written) == texts(typed)


def test_vowel_signs_and_voicing_marks_stay() -> None:
    assert texts("हिन्दी") == ["हिन्दी"]
    assert fold("が") != fold("か")


def test_words_end_at_punctuation_and_underscores() -> None:
    assert texts("node.js, don't snake_case") == ["node", "js", "don", "t", "snake", "case"]


def test_languages_named_with_signs_keep_them() -> None:
    assert texts("C++ and C# (not c)") == ["c++", "and", "c#", "not", "c"]


def test_scripts_without_spaces_become_overlapping_pairs() -> None:
    assert texts("知識庫") == ["知識", "識庫", "庫"]
    assert [one.chains[0].terms for one in asked("知識庫")] == [("知識", "識庫")]
    assert [one.chains[0].terms for one in asked("識")] == [("識",)]


def test_an_endless_word_is_found_by_its_beginning() -> None:
    assert texts("x" * 5000) == ["x" * LONGEST]


@pytest.mark.parametrize(
    ("one", "other"),
    [("holiday", "holidays"), ("policy", "policies"), ("manage", "managing"), ("hire", "hired"),
     ("process", "processes"), ("review", "reviewing")],
)  # fmt: skip
def test_forms_go_both_ways(one: str, other: str) -> None:
    assert other in forms(one)
    assert one in forms(other)


@given(st.text(max_size=300))
def test_every_word_lies_where_it_says(text: str) -> None:
    found = list(words(text))
    assert [word.position for word in found] == list(range(len(found)))
    for word in found:
        assert 0 <= word.start < word.end <= len(text)
        assert word.text == fold(word.text)


@given(st.text(max_size=100))
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
