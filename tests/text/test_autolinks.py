"""Bare addresses: the links that GitHub's own parser finds, and where ours end on purpose."""

import re
from html import unescape

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import assume, given
from hypothesis import strategies as st

from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import render
from wiki.text.markdown.tree import pipeline

ADDRESSES = [
    *("https://example.org", "https://example.org/a", "http://a.b", "HTTPS://Example.org/P(q)"),
    *("https://a-b.example/x?y=1&z=2#k", "http://localhost:80/x", "http://u@h.i/j&amp;k;"),
    *("http://a.b/_x_*y*", "http://a.b/~c~", "http://a_b.c", "http://", "ftp://f.example/x"),
    *("www.example.org", "www.a.b/c_(d)", "www.a_b.c.d", "www.", "WWW.a.b"),
    *("ada@mail.example", "first.last+tag@mail.example", "a.b@c-d.e_f.gh", "a@b", "a@b.c1"),
    *("mailto:a@b.example", "xmpp:a@b.example/r", "a@b.example-", "@b.example"),
]
BEHIND = ["", " ", ".", ",", ")", "))", "!", "?", ";", ":", "'", '"', "*", "_", "~", "]", "[", "|"]
BEHIND += ["&amp;", "&x;", "<b>", "\n", "-", "/", "é", "中", "😀", ") y", "`", " x"]
# What is read otherwise on purpose; the tests below say how.
ON_PURPOSE = re.compile(
    r"[^\S\n\t ]|[。，、；：！？“”„‟«»）］｝」』】》〉〕’›…．]|[._+-](?:mailto|xmpp):"
)
# Where cmark-gfm carries the dots of one domain over to the next.
TWO_AT = re.compile(r"@[\w.-]*@")

before = st.one_of(
    st.characters(max_codepoint=0x7E, min_codepoint=0x20),
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")),
    st.sampled_from(
        ["", "x ", "\n", "详见", "url=", "\\", "&amp;", "`a`", "*", "<b>", "[x]", "[x](y)"]
    ),
)
pieces = st.tuples(before, st.sampled_from(ADDRESSES), st.sampled_from(BEHIND)).map("".join)


def found(html: str) -> list[str]:
    return [
        unescape(re.sub("<[^>]*>", "", text))
        for text in re.findall(r"<a href[^>]*>(.*?)</a>", html)
    ]


def theirs(source: str) -> list[str]:
    options = Options.CMARK_OPT_UNSAFE
    return found(cmarkgfm.github_flavored_markdown_to_html(source, options))


def ours(source: str) -> list[str]:
    return found(pipeline().convert(source))


@given(st.lists(pieces, min_size=1, max_size=3).map("".join))
def test_the_same_addresses_are_links_as_on_github_whatever_stands_around_them(source):
    assume(not ON_PURPOSE.search(source) and not TWO_AT.search(source))
    assert ours(source) == theirs(source)


@pytest.mark.parametrize(
    ("source", "addresses"),
    [
        ('"https://example.org/a"', ["https://example.org/a"]),
        ("url=https://example.org", ["https://example.org"]),
        ("a,https://example.org", ["https://example.org"]),
        ("详见https://example.org/", ["https://example.org/"]),
        ("`x`https://a.b|https://c.d", ["https://a.b|https://c.d"]),
        ("[see https://example.org]", []),
        ("xhttps://example.org", []),
        ('"www.a.example" =ada@b.example', ["ada@b.example"]),
        ("@https://a.b", ["https://a.b"]),
        ("@first.last+tag@mail.example", ["first.last+tag@mail.example"]),
    ],
)
def test_an_address_is_a_link_after_what_github_accepts(source, addresses):
    assert ours(source) == theirs(source) == addresses


@pytest.mark.parametrize(
    ("source", "addresses"),
    [
        ("（https://example.org）", ["https://example.org"]),
        ("（https://example.org/a）后面", ["https://example.org/a"]),
        ("https://example.org/东京（市）。后", ["https://example.org/东京（市）"]),
        ("见https://example.org/，然后", ["https://example.org/"]),
        ("“https://example.org/a”と", ["https://example.org/a"]),
        ("「https://example.org/a」を", ["https://example.org/a"]),
        ("https://example.org/a\u3000次", ["https://example.org/a"]),
        ("https://example.org/a\u00a0b", ["https://example.org/a"]),
        ("« https://example.org/a »", ["https://example.org/a"]),
        ("https://fr.example/L’Équipe’", ["https://fr.example/L’Équipe"]),
        (".mailto:a@b.example", ["mailto:a@b.example"]),
    ],
)
def test_an_address_ends_where_the_sentence_around_it_goes_on(source, addresses):
    assert ours(source) == addresses


def test_a_bare_address_is_listed_and_read_like_any_other_link():
    page = render('see="https://example.org/a", mail:ada@b.example', RenderContext("eng", "x"))
    assert [(link.kind, link.path) for link in page.links] == [
        ("external", "https://example.org/a"),
        ("external", "mailto:ada@b.example"),
    ]
    assert page.text == 'see="https://example.org/a", mail:ada@b.example'


def test_a_bare_address_of_a_kind_that_is_not_opened_stays_text():
    page = render("at ftp://files.example/x or <made-up:thing>", RenderContext("eng", "x"))
    assert page.html == "<p>at ftp://files.example/x or &lt;made-up:thing&gt;</p>"
    assert page.links == []
