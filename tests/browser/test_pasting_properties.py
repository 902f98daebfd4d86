"""The Markdown of pasted HTML reads as the same words with the same structure and marks."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from tests.browser.clipboard import converting
from wiki.text.markdown.grammar import grammar

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

SIGNS = "*_`[]()<>&#+-.!|~\\:$=\"'^1"
WORD = st.text("abc", min_size=1, max_size=3)
TEXT = st.lists(st.text("ab" + SIGNS, min_size=1, max_size=6), min_size=1, max_size=4).map(
    lambda words: escape(" ".join(words))
)
MARKED = st.builds(
    lambda tags, first, inner, last: (
        "".join(f"<{tag}>" for tag in tags)
        + first
        + escape(inner)
        + last
        + "".join(f"</{tag.split()[0]}>" for tag in reversed(tags))
    ),
    st.lists(
        st.sampled_from(("b", "i", "s", "code", "a href='https://example.org/a_(b)'")),
        min_size=1,
        max_size=3,
        unique=True,
    ),
    WORD,
    st.text("ab " + SIGNS, max_size=6),
    WORD,
)
INLINE = st.lists(st.one_of(TEXT, MARKED), min_size=1, max_size=4).map(" ".join)
ROWS = st.integers(2, 3).flatmap(
    lambda width: st.lists(st.lists(INLINE, min_size=width, max_size=width), min_size=1, max_size=3)
)
LEAF = st.one_of(
    st.builds("<p>{}</p>".format, INLINE),
    st.builds("<h2>{}</h2>".format, INLINE),
    st.builds(
        lambda text: f"<pre><code>{escape(text)}</code></pre>",
        st.text("ab \n" + SIGNS, min_size=1, max_size=20).filter(str.strip),
    ),
    ROWS.map(
        lambda rows: (
            "<table>"
            + "".join(f"<tr>{''.join(f'<td>{each}</td>' for each in row)}</tr>" for row in rows)
            + "</table>"
        )
    ),
    st.just("<hr>"),
)
LISTS = st.recursive(
    INLINE,
    lambda inner: st.builds(
        lambda tag, words, items: (
            f"{words}<{tag}>" + "".join(f"<li>{item}</li>" for item in items) + f"</{tag}>"
        ),
        st.sampled_from(("ul", "ol")),
        INLINE,
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)
BLOCKS = st.lists(
    st.one_of(
        LEAF,
        st.builds("<ul><li>{}</li></ul>".format, LISTS),
        st.builds("<blockquote>{}</blockquote>".format, LEAF),
    ),
    min_size=1,
    max_size=4,
).map("".join)


ALIASES = {"b": "strong", "i": "em", "s": "del", "th": "td"}


class Reader(HTMLParser):
    """Collects each character that is not white space, with what it stands in."""

    COUNTED = frozenset(
        {"strong", "em", "del", "code", "a", "td", "h2", "pre", "ul", "ol", "li", "blockquote"}
    )

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = ALIASES.get(tag, tag)
        if tag in self.COUNTED:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        tag = ALIASES.get(tag, tag)
        if tag in self.COUNTED:
            self.open.remove(tag)

    def handle_data(self, data: str) -> None:
        within = set(self.open)
        if "h2" in within:
            within.discard("strong")  # a heading is bold anyway
        nesting = [tag for tag in self.open if tag in ("ul", "ol")] if "li" in within else []
        place = (*sorted(within - {"ul", "ol"}), *nesting)
        self.found += [(sign, place) for sign in data if not sign.isspace()]


def read(html: str) -> list[tuple[str, tuple[str, ...]]]:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.found


@pytest.fixture(scope="module")
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page that has loaded the converter."""
    context = browser.new_context(base_url=site)
    opened = context.new_page()
    opened.goto("/-/login")
    converting(opened)
    yield opened
    context.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(html=BLOCKS)
def test_markdown_reads_as_the_html(page: Page, html: str) -> None:
    found = page.evaluate("(html) => convert({ html, text: '' })", html)
    if found is None:  # words without any structure
        assert {place for _sign, place in read(html)} <= {()}
        return
    assert read(grammar().render(found["markdown"])) == read(html), found["markdown"]
