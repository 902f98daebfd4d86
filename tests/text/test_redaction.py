"""A span is found however it is written, and known again by its hash alone."""

from __future__ import annotations

import pytest

from wiki.text.rewrite.redaction import Span, hide_sealed, occurrences, seal

KEY, SALT = b"k" * 32, b"s" * 16


@pytest.mark.parametrize(
    ("typed", "text", "left"),
    [
        ("Zebra", "A zebra, ZEBRAS.", "A [redacted], [redacted]S."),
        ("the plan", "one the\n  plan two", "one [redacted]\n  [redacted] two"),
        ("The Plan", "[x](../the-plan.md) [[the plan]]", "[x](../redacted.md) [[redacted]]"),
        ("Dr. No", "Ask Dr. No, dr-no.", "Ask [redacted], [redacted]."),
        ("a+b=c", "a+b=c", "[redacted]"),
    ],
)
def test_a_mark_stands_for_each_line_of_it(typed: str, text: str, left: str) -> None:
    assert Span(typed).hide(text) == left
    assert left.count("\n") == text.count("\n")


def test_whole_words_leave_longer_ones() -> None:
    span = Span("Ann", whole=True)
    assert span.hide("Ann, planning Ann_s ann-1 Hannah") == (
        "[redacted], planning [redacted]_s [redacted]-1 Hannah"
    )
    sealed = seal(span, KEY, SALT)
    assert [*occurrences("Hannah planning", sealed, KEY)] == []
    assert hide_sealed("Hannah and ANN", sealed, KEY) == "Hannah and [redacted]"


def test_it_is_known_again_in_any_case_and_over_line_ends() -> None:
    sealed = seal(Span("Straße  7"), KEY, SALT)
    text = "An der STRASSE\n 7, und straße 7."
    assert [text[start:end] for start, end in occurrences(text, sealed, KEY)] == [
        "STRASSE\n 7",
        "straße 7",
    ]
    assert [*occurrences(text, sealed, b"another key" * 3)] == []
    assert hide_sealed(text, sealed, KEY) == "An der [redacted]\n [redacted], und [redacted]."
