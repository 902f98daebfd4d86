"""The title of an imported page that does not state one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import render
from wiki.transfer.page_texts import _headings, _headings_of, leading_title


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("# Real title\n", "Real title"),
        ("<!-- x -->\n\n# Real title\n", "Real title"),
        ("<!-- <h1>no</h1>\n# no -->\n# Real title\n", "Real title"),
        ("An introduction.\n\n# Real title\n", "Real title"),
        ("## Real title\n\n# Another\n", "Real title"),
        ("###### Real *title* ######\n", "Real title"),
        ("Real title\n===\n", "Real title"),
        ("An introduction.\n\nReal\ntitle\n---\n", "Real title"),
        ("```sh\n# no\n```\n\n# Real title\n", "Real title"),
        ("~~~\n# no\n" + "x\n" * 3000 + "~~~\n# Real title\n", "Real title"),
        ("    # no\n\n# Real title\n", "Real title"),
        ("- # no\n\n> # no\n\n# Real title\n", "Real title"),
        ("#\n\n# Real title\n", "Real title"),
        ("# ![](logo.png)\n\n# Real title\n", "Real title"),
        ("# ![Real title](logo.png)\n", "Real title"),
        ("# Real title {#top}\n", "Real title"),
        ("# Real title[^1]\n\n[^1]: note\n", "Real title"),
        ("# Real [title](a.md)\n", "Real title"),
        ('<h1 align="center">Real <b>title</b></h1>\n\n## Install\n', "Real title"),
        ("<div>\n<h2>Real title</h2>\n</div>\n", "Real title"),
        ("\n\n  # Real title\n", "Real title"),
        ("# Use <MyBox>\n", "Use <MyBox>"),
        ("# Ask @ada or [[teams/x|the team]]\n", "Ask @ada or the team"),
        ("#no\n\n---\n\ntext\n", "On call"),
        ("", "On call"),
        ("<h1>" * 3000, "On call"),
    ],
)
def test_the_first_heading_is_the_title(body, title):
    assert leading_title(body, "teams/on-call") == title


@pytest.mark.parametrize(
    "body",
    [
        "# Real title\n\ntext",
        "<!-- x -->\n\n<!-- y --> \n# Real title\n\ntext",
        "## Real title\n\ntext",
        "Real title\n---\n\ntext",
        "# Real title {#top}\n\ntext",
        "# Real title[^1]\n\ntext\n\n[^1]: note\n",
        "# Real <b>title</b>\n\ntext",
    ],
)
def test_a_heading_that_is_the_title_is_not_shown_again(body):
    title = leading_title(body, "x")
    page = render(body, RenderContext("eng", "x", title=title))
    assert title == "Real title"
    assert page.html.count("Real") == 0
    assert page.headings == []
    assert page.headings_text == "Real title"


@pytest.mark.parametrize(
    "body",
    [
        "An introduction.\n\n# Real title\n\n## Part\n",
        "# Another\n\n## Part\n\n# Real title\n",
        "<h1>Another</h1>\n\n## Part\n",
        "> # Quoted\n\n## Part\n",
        "# Real title\n\n# Another\n\n## Part\n",
    ],
)
def test_the_title_is_the_only_heading_of_the_first_level(body):
    page = render(body, RenderContext("eng", "x", title="Real title"))
    assert "<h1" not in page.html
    assert '<h3 id="sec-part">Part' in page.html


def test_headings_below_the_first_level_stay_as_they_are():
    page = render("## Part\n\n###### Deep", RenderContext("eng", "x", title="Real title"))
    assert '<h2 id="sec-part">' in page.html
    assert '<h6 id="sec-deep">' in page.html


@given(st.text("#x* `&\\\t[](!)<b>-=_\n", max_size=30).map("# {}".format))
def test_a_heading_at_the_very_start_is_read_as_the_grammar_reads_it(body):
    whole = _headings_of(body, True)
    assert list(_headings(body)) == whole
