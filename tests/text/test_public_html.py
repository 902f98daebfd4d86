"""What a page's HTML becomes for readers who have some pages of the wiki and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import render
from wiki.text.markdown.public_html import for_outsiders

HERE = RenderContext("lab", "guide", title="Guide")
KNOWN = {"/lab/first": "/s/first", "/lab/-/files/map.png": "/s/map.png"}


def shown(markdown: str) -> str:
    """The HTML of a text, for those who have what is known."""
    return for_outsiders(render(markdown, HERE).html, lambda url: KNOWN.get(url))


@pytest.mark.parametrize(
    ("written", "is_now"),
    [
        ("[one](first)", '<a href="/s/first">one</a>'),
        ("[[hidden|two]]", "<span>two</span>"),
        ("[**three** `x`](hidden)", "<span><strong>three</strong> <code>x</code></span>"),
        ("@cai", "<span>@cai</span>"),
        ('<a href="/lab/hidden" title="hidden">raw</a>', "<span>raw</span>"),
        ("![Map](map.png)", '<img src="/s/map.png" alt="Map" loading="lazy" class="wl-0">'),
        ("![Other](hidden.png)", '<span class="image-link">Other</span>'),
        (
            "[![Map](map.png)](hidden)",
            '<span><img src="/s/map.png" alt="Map" loading="lazy" class="wl-1"></span>',
        ),
        ("[other](hidden.pdf)", "<span>other</span>"),
        ('<q cite="/lab/hidden">said</q>', "<q>said</q>"),
        ("`<a href=/lab/hidden>`", "<code>&lt;a href=/lab/hidden&gt;</code>"),
    ],
)
def test_links_lead_to_what_is_known_and_all_others_are_words(written: str, is_now: str) -> None:
    assert shown(written) == f"<p>{is_now}</p>"


def test_other_hosts_and_sections_of_the_page_stay_links() -> None:
    html = shown(
        "[site](https://example.org/?a=1&b=2) [mail](mailto:a@example.org) [here](#x) [^1]"
    )
    assert 'href="https://example.org/?a=1&amp;b=2"' in html
    assert 'href="mailto:a@example.org"' in html
    assert 'href="#sec-x"' in html


# Pieces that look like tags where they are none, in every order.
PIECES = (
    "<a href='/lab/h'>",
    '[x](/lab/h "t>")',
    "</a>",
    "![y](h.png)",
    "<del cite=/lab/h>",
    '"',
    ">",
    "<",
    "`",
    "[[h]]",
    "\n\n",
    "<img src=h.png alt='<a>'>",
    "<!--",
    "-->",
    "&lt;a ",
)


@given(some.lists(some.sampled_from(PIECES), max_size=12))
def test_no_address_of_the_wiki_is_left_in_any_tag(pieces: list[str]) -> None:
    html = shown("".join(pieces))
    for tag in re.findall(r"<[a-z](?:[^>\"]|\"[^\"]*\")*>", html):
        assert not re.search(r'(?:href|src|cite)="(?!#)', tag), html
    assert html.count("<span") - html.count("</span>") == 0
