"""Time in proportion to the length of a text, counted in calls; `bench/patterns.py` measures it."""

import sys
from types import FrameType

import pytest

from tests.text.patterns import MARKS, Pattern
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import clean_source, render
from wiki.text.rewrite.addresses import survey

HERE = RenderContext("eng", "guide/setup")
SHORT = 480  # characters: from a hundred levels on nothing nests deeper


def calls(text: str) -> int:
    """Number of function calls to render a text and to read its addresses."""
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        render(text, HERE)
        survey(clean_source(text))
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.thorough
@pytest.mark.parametrize("mark", MARKS)
def test_twice_as_much_of_anything_takes_about_twice_the_calls(mark):
    render("*warm* [a](b) <b>up</b> http://a.b", HERE)
    for pattern in (Pattern("", mark, ""), Pattern("<div>\n", mark, "")):
        base = calls(pattern.begin + pattern.end)
        once, twice = calls(pattern.text(SHORT)) - base, calls(pattern.text(2 * SHORT)) - base
        assert twice <= 2.5 * once + 200, pattern


@pytest.mark.parametrize(
    ("begin", "unit", "end"),
    [
        ("a ", "<!--", "-->"),
        ("a ", "<!--", "--->"),
        ("", "<!--", ""),
        ("<div>\n", "<!--", ""),
        ("<div>\n", "<?a", ""),
        ("<div>\n", "<![CDATA[", ""),
        ("<div>\n", "<a@b.c", ""),
        ("<div>\n", "<a b='\"", ">"),
        ("<div>\n", "<script>", ""),
        ("", ":a", ""),
        ("", "http:", ""),
        ("a ", "mailto:a", ""),
        ("", "http://a.b", ")" * 200_000),
    ],
)
def test_a_long_text_of_one_pattern_is_laid_out(begin, unit, end):
    # Were any of these quadratic, it would not end today.
    assert not render(Pattern(begin, unit, end).text(300_000), HERE).source_shown
