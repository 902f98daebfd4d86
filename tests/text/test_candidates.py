"""Addresses found without parsing: all that the renderer finds, in time linear in the text."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wiki.text.markdown.candidates import candidate_links
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import MAX_SOURCE, clean_source, render
from wiki.text.paths import path_key

HERE = RenderContext("eng", "team/guide", title="Guide", base_url="https://wiki.example.org")

PIECES = [
    *("[", "]", "(", ")", "[[", "]]", "![[", "![", "](", "](<", ">)", "]: ", "]:\n", "\n[a]: "),
    *("\n[a\\]b]: ", "[a]", "[a][b]", "\n> ", "\n- ", "\n\n", "\n", " ", "\t", "\\", "|", "\\|"),
    *("\n|a|b|\n|-|-|\n|", "`", "*", "<", ">", "<a href=", '<a href="', "<img src='", '"', "'"),
    *("a.png", "b.md", "../c", "d%20e.pdf", "f&amp;g", "/eng/x", "#h", "i(j)", "k", "é", "\u00a0"),
    *("https://wiki.example.org/eng/l", "<https://wiki.example.org/eng/m.png>", "src=", "href = "),
    *(
        "[^1]: ",
        "!!! note\n    ",
        "term\n: ",
        "# ",
        "```\n",
        "    ",
        "<div>\n",
        "</a>",
        "/>",
        '"t"',
    ),
]


def places(links, readings=False):
    return {
        (link.kind, link.space, path_key(link.path), link.kind == "page" and link.embedded)
        + ((link.others, link.named) if readings else ())
        for link in links
        if link.kind in ("page", "file")
    }


@given(st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
@example("[x](a(b).md) ![y](<c d.png> 'title') [z]( e.pdf\n)")
@example("[x][r]\n\n[r]:\n<a b.md>\n\n> [q][s]\n>\n> [s]:\n> c.png\n")
@example("|a|\n|-|\n|[[b/c\\|d]] [e](f\\|g.md)|\n\n![[h#i]]\n")
@example("<a href=\"a&amp;b.md\">x</a> <img src=c.png> <a\nhref = 'd.pdf'>y</a>")
@example("[a](b[c](d.md)) [![e](f.png)](g.md) [a\\](x.png)")
@example("see https://wiki.example.org/eng/l. or <https://wiki.example.org/eng/m>")
def test_all_places_that_a_rendering_links_to_are_candidates(source):
    links, candidates = render(source, HERE).links, candidate_links(clean_source(source), HERE)
    assert places(links, readings=True) <= places(candidates, readings=True)


def test_a_text_shown_as_its_source_has_all_links_that_it_may_have():
    source = "[a](b.md) ![c](d.png) [[e]] ![[f]]\n" + "> " * 10_000
    rendering = render(source, HERE)
    assert rendering.source_shown and not rendering.cut_off
    assert places(rendering.links) >= {
        ("page", "eng", "team/b", False),
        ("file", "eng", "team/d.png", False),
        ("page", "eng", "e", False),
        ("page", "eng", "f", True),
    }


@pytest.mark.thorough
@pytest.mark.parametrize(
    "pattern",
    ["](", "](a", "](<", "](<a\\", "[a]: ", "[a\\", "]: ", "[[a", "![[", "href=", 'href="', "src='",
     "href=\"src='", "](a)", "](" * 40 + ")" * 40, "a", "\\", "https://wiki.example.org/", "]( ",
     "]:\n> ", "(", ")"],
)  # fmt: skip
def test_the_work_grows_with_the_text_and_no_faster(pattern):
    def cost(length):
        text = pattern * (length // len(pattern))
        began = time.process_time()
        candidate_links(text, HERE)
        return time.process_time() - began

    short = min(cost(50_000) for _ in range(2))
    assert min(cost(400_000) for _ in range(2)) < 24 * short + 0.05


def test_what_is_too_long_is_read_for_links_too():
    rendering = render("[a](b.md) " + "x" * MAX_SOURCE, HERE)
    assert places(rendering.links) == {("page", "eng", "team/b", False)}
