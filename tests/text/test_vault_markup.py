"""Obsidian's extensions of CommonMark: callouts, names of blocks, embedded files."""

import pytest

from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.fragments import section_of
from wiki.text.markdown.markup import render
from wiki.text.own_texts import in_words

HERE = RenderContext("eng", "team/guide")


def html(source: str) -> str:
    return in_words(render(source, HERE).html)


@pytest.mark.parametrize(
    ("source", "starts", "title"),
    [
        ("> [!info]\n> text", '<div class="admonition admonition-note"', "Info"),
        ("> [!NOTE]\n> text", '<div class="admonition admonition-note"', "Note"),
        ("> [!tip] A *title*\n> text", '<div class="admonition', "A <em>title</em>"),
        ("> [!faq]- Folded\n> text", '<details class="admonition admonition-important">', "Folded"),
        ("> [!todo]+ Open\n> text", '<details class="admonition admonition-note" open', "Open"),
        ("> [!my-own]\n> text", '<div class="admonition admonition-note"', "My own"),
        ("> [!warning|left] See [[x]] now\n> text", '<div class="admonition', "now"),
    ],
)
def test_a_callout_is_an_admonition_with_its_title_and_folding(source, starts, title):
    made = html(source)
    assert made.startswith(starts)
    heading, _, rest = made.partition("</summary>" if "<details" in made else "</p>")
    assert heading.rpartition('class="admonition-title">')[2].endswith(title)
    assert "<p>text</p>" in rest
    assert "[!" not in made


def test_the_only_line_of_a_callout_is_its_text():
    made = html("> [!quote] All of it")
    assert '<p class="admonition-title">Quote</p><p>All of it</p>' in made.replace("\n", "")


@pytest.mark.parametrize("source", ["> [link!](x)", "> [!]\n> x", "> ! [note]", "> text [!note]"])
def test_another_quote_stays_one(source):
    assert "<blockquote>" in html(source)


def test_a_block_has_the_name_at_its_end_which_is_not_shown():
    source = "First words ^one-1\n\n- item ^two-x\n\n> quoted\n\n^three-q\n\nlast ^four-4"
    rendering = render(source, HERE)
    assert '<p id="sec-^one-1">First words</p>' in rendering.html
    assert '<li id="sec-^two-x">item</li>' in rendering.html
    assert '<blockquote id="sec-^three-q">' in rendering.html
    assert "^one" not in rendering.text
    names = ["sec-^one-1", "sec-^two-x", "sec-^three-q", "sec-^four-4"]
    assert {name for name in rendering.anchors if "^" in name} == set(names)
    assert section_of(rendering.html, "sec-^one-1") == '<p id="sec-^one-1">First words</p>'
    assert section_of(rendering.html, "sec-^three-q").endswith("</blockquote>")
    (link,) = render("[[note#^One-1]]", HERE).links
    assert link.fragment == "sec-^one-1"


@pytest.mark.parametrize("source", ["E = mc^2", "2 ^2", "a ^1", "`code ^name`", "x^name"])
def test_powers_and_code_are_no_names_of_blocks(source):
    assert "^" in html(source)


def test_an_include_may_have_a_label():
    assert 'class="include"' in html("![[note|other words]]")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("![[x.jpg|alt|200x100]]", 'alt="alt" width="200" height="100"'),
        ("![[x.jpg|a \\| b|200]]", 'alt="a | b" width="200"'),
        ("![[x.jpg|200]]", 'alt="x.jpg" width="200"'),
        ("![[x.jpg|alt]]", 'alt="alt"'),
        ("![alt|200](x.jpg)", 'alt="alt" width="200"'),
        ("![|20x30](x.jpg)", 'alt="" width="20" height="30"'),
        ("![200](x.jpg)", 'alt="200"'),
        ("![a|b](x.jpg)", 'alt="a|b"'),
        ("| a |\n| - |\n| ![[x.jpg\\|alt\\|50]] |", 'alt="alt" width="50"'),
    ],
)
def test_a_picture_has_the_size_behind_its_words(source, shown):
    made = html(source)
    assert shown + ' loading="lazy"' in made.replace(' class="wl-0"', "")


@pytest.mark.parametrize(
    ("source", "leads"),
    [
        ("![[doc.pdf#page=3]]", "/eng/-/files/doc.pdf#page=3"),
        ("See ![[a/doc.pdf#page=3|words]].", "/eng/a/-/files/doc.pdf#page=3"),
        ("[x](doc.pdf#page=3)", "/eng/team/-/files/doc.pdf#page=3"),
        ("[x](/eng/-/files/doc.pdf#page=3)", "/eng/-/files/doc.pdf#page=3"),
        ("[[./doc.pdf#page=3]]", "/eng/team/-/files/doc.pdf#page=3"),
        ("![[C# plan.pdf]]", "/eng/-/files/C%23-plan.pdf"),
        ("[x](page.md#Two words)", "/eng/team/page#sec-two-words"),
    ],
)
def test_a_place_in_a_file_stays_in_its_address(source, leads):
    source = source.replace("Two words", "Two%20words")
    assert f'href="{leads}"' in html(source)


def test_a_wiki_link_in_a_picture_s_words_is_no_link():
    assert html("[a ![[note]] b](other)").count("<a ") == 1
