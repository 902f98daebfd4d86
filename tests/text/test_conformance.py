"""The grammar against CommonMark's own examples, GitHub's extensions and GitHub's parser.

All of it looks at the parse stage before sanitising, which is stricter than CommonMark on purpose.
"""

import re
from pathlib import Path

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from tests.text.html_events import events, tags
from wiki.text.front_matter.block import split
from wiki.text.markdown.tree import pipeline

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = ROOT / "node_modules/commonmark-spec/spec.txt"
STRUCTURE = frozenset(
    {"ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "pre"}
) | {"h1", "h2", "h3", "h4", "h5", "h6"}

# What GitHub's own parser answers otherwise as well: bare addresses are links (602, 606, 608, 611
# and 612). In 590 `[[foo]]` is a wiki link.
OTHERWISE = {590, 602, 606, 608, 611, 612}


def commonmark_examples() -> list[tuple[int, str, str]]:
    if not SPECIFICATION.exists():
        pytest.fail("The CommonMark examples are not installed: run `make setup` first.")
    text = SPECIFICATION.read_text(encoding="utf-8").replace("→", "\t")
    text = text.partition("<!-- END TESTS -->")[0]
    fence = "`" * 32
    found = re.findall(
        rf"^{fence} example\n(.*?)^\.\n(.*?)^{fence}$", text, re.DOTALL | re.MULTILINE
    )
    return [(number, *example) for number, example in enumerate(found, start=1)]


def test_commonmark_examples_render_as_the_specification_says():
    examples = commonmark_examples()
    assert len(examples) == 652
    different = {
        number
        for number, source, expected in examples
        if events(pipeline().convert(source)) != events(expected)
    }
    assert different == OTHERWISE


@pytest.mark.parametrize(
    "source",
    [
        "| a | b |\n|:--|--:|\n| `x\\|y` | **z** |\n| only |\n",
        "a | b\n-|-\n1 | 2 | 3\n> quote\n",
        "text\n| a |\n|---|\n",
        "~~gone~~ ~one~ ~~~no~~~",
        "www.commonmark.org/help?a=(b)) and https://a.example/x&copy; now",
        "Write to first.last+tag@mail.example. Or http://a.example/(x).",
        "- [ ] open\n- [x] done\n  - [X] deeper\n\n1. [ ] one\n",
        "<b>bold</b> <i>x</i>\n\n<div>\n*not*\n\n*em*\n</div>\n",
    ],
)
def test_githubs_extensions_render_as_githubs_parser_does(source):
    theirs = cmarkgfm.github_flavored_markdown_to_html(source, Options.CMARK_OPT_UNSAFE)
    ours = pipeline().convert(source)
    assert comparable(ours) == comparable(theirs)


def comparable(html: str) -> list[object]:
    """Events without what is a matter of taste: classes, labels, `<del>` for `<s>`."""
    result: list[object] = []
    for kind, value, attributes in events(html):
        kept = [(n, v) for n, v in attributes if n not in ("class", "aria-label")]
        result.append((kind, {"del": "s"}.get(value, value).strip(), kept))
    return result


@pytest.mark.thorough
@pytest.mark.corpus
def test_the_handbook_has_the_structure_that_githubs_parser_finds(corpus):
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    pages = sorted(corpus.rglob("*.md"))
    different = []
    for page in pages:
        _, body = split(page.read_text(encoding="utf-8"))
        theirs = cmarkgfm.github_flavored_markdown_to_html(body, options)
        if tags(pipeline().convert(body), STRUCTURE) != tags(theirs, STRUCTURE):
            different.append(page.name)
    assert len(pages) == 883
    assert len(different) <= 3, different
