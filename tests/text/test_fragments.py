"""Parts of a page's HTML: whole elements, whatever stands around and inside them."""

import re

from hypothesis import given
from hypothesis import strategies as st

from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.fragments import as_part, section_of
from wiki.text.markdown.markup import render
from wiki.text.markdown.sanitize import sanitise
from wiki.text.rewrite.addresses import lines_of
from wiki.text.sandbox.parent import lines_safely

HERE = RenderContext("eng", "guide", title="Guide")
BITS = st.sampled_from(
    ["# a\n", "## b\n", "### c\n", "> ## d\n", "- ## e\n", "\n", "x[^1]\n", "<div>\n\n", "</div>\n",
     "<b>", "[^1]: note\n", "<table><tr><td>\n\n", "| a |\n|-|\n| b |\n", "[x](#a)\n", "[TOC]\n",
     "![[y]]\n", "<details>\n\n", "!!! note\n    ## f\n", "<img src='p.png' alt='<'>", "<br>",
     '<p id="g">']
)  # fmt: skip


@given(st.lists(BITS, max_size=14).map("\n".join))
def test_a_section_and_its_dressing_are_whole_elements(text: str) -> None:
    rendering = render(text, HERE)
    for heading in rendering.headings:
        section = section_of(rendering.html, heading.id)
        assert section is not None
        assert sanitise(section) == section  # cleaning closes nothing and drops nothing
        part = as_part(section, "in1-", "/eng/guide", "Guide")
        names = re.findall(r' id="([^"]*)"', part)
        assert all(name.startswith("in1-") for name in names)
        assert set(re.findall(r' href="#([^"]*)"', part)) <= set(names)
    assert section_of(rendering.html, "sec-nowhere") is None


def test_the_heading_that_repeats_the_title_means_the_whole_page() -> None:
    html = render("# Guide\n\none\n\n# Two\n\ntwo", HERE).html
    assert section_of(html, "sec-guide") == html


def test_each_link_and_include_has_its_line() -> None:
    text = "a\r\n\r\n![[x]]\n\n![p](p.png)\nand [[x]] <a href='f.xlsx'>\n"
    found = [
        (3, True, ("page", "eng", "x")),
        (5, False, ("file", "eng", "p.png")),
        (6, False, ("page", "eng", "x")),
        (6, False, ("file", "eng", "f.xlsx")),
    ]
    assert lines_of(text, HERE) == found
    assert lines_safely(text, HERE) == found
    assert lines_safely("[a](" * 250_000, HERE, seconds=0.05) == []
