"""Markdown as readers see it: what a page's text becomes, and what it is said to contain."""

import pytest

from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import Marks, Rendering, mark, render, text_of_line
from wiki.text.own_texts import in_words

HERE = RenderContext("eng", "team/guide", title="Guide")


def html(source: str, context: RenderContext = HERE) -> str:
    rendering = render(source, context)
    assert rendering.source_shown == ""
    return in_words(rendering.html)


def links(source: str, context: RenderContext = HERE) -> list[tuple[str, str, str, str]]:
    return [
        (link.kind, link.space, link.path, link.fragment) for link in render(source, context).links
    ]


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("other.md", "/eng/team/other"),
        ("./other.md#On-Call", "/eng/team/other#sec-on-call"),
        ("../index.md", "/eng/"),
        ("sub/README.md", "/eng/team/sub"),
        ("sub/", "/eng/team/sub"),
        ("sub", "/eng/team/sub"),
        ("My%20Page.md", "/eng/team/My-Page"),
        ("<My Page.md>", "/eng/team/My-Page"),
        ("other.md?revision=3", "/eng/team/other?revision=3"),
        ("?revision=3", "/eng/team/guide?revision=3"),
        ("v1.2", "/eng/team/v1.2"),
        ("日本.md", "/eng/team/%E6%97%A5%E6%9C%AC"),
        ("plan.pdf", "/eng/team/-/files/plan.pdf"),
        ("../a%20b.pdf", "/eng/-/files/a-b.pdf"),
        ("/hr/leave", "/hr/leave"),
        ("/hr/", "/hr/"),
        ("/-/search?q=a%20b", "/-/search?q=a%20b"),
        ("/eng/team/guide/-/history", "/eng/team/guide/-/history"),
        ("#Top", "#sec-top"),
        ("#sec-top", "#sec-top"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("100%25.md", "/eng/team/100%25"),
    ],
)
def test_an_address_leads_where_it_would_in_a_repository(address, url):
    assert f' href="{url}"' in html(f"[x]({address})").replace("&amp;", "&")


def test_a_folder_page_links_from_inside_its_folder():
    context = RenderContext("eng", "team", folder=True)
    assert ' href="/eng/team/other"' in html("[x](other.md)", context)
    home = RenderContext("eng", "", folder=True)
    assert ' href="/eng/other"' in html("[x](other.md)", home)


@pytest.mark.parametrize(
    "address", ["../../x.md", "http://", "ftp://host/x", "a//../-/edit", "-.md", "x%00.md"]
)
def test_a_link_that_leads_nowhere_says_so_and_is_listed(address):
    rendering = render(f"[text]({address})", HERE)
    assert 'class="broken-link" title="This link leads nowhere: ' in in_words(rendering.html)
    assert "href" not in rendering.html
    assert [link.kind for link in rendering.links] == ["broken"]
    assert rendering.links[0].path


def test_a_link_to_the_wikis_own_address_is_a_link_to_its_page():
    context = RenderContext("eng", "x", base_url="https://wiki.example")
    assert links("<https://wiki.example/hr/leave#when>", context) == [
        ("page", "hr", "leave", "sec-when")
    ]


@pytest.mark.parametrize(
    ("source", "link", "text"),
    [
        ("[[Other Page]]", ("page", "eng", "Other-Page", ""), "Other Page"),
        ("[[a/B c#The Part|see]]", ("page", "eng", "a/B-c", "sec-the-part"), "see"),
        ("[[hr:Leave]]", ("page", "hr", "Leave", ""), "hr:Leave"),
        ("[[Design: overview]]", ("page", "eng", "Design:-overview", ""), "Design: overview"),
        ("[[#Part]]", ("anchor", "eng", "team/guide", "sec-part"), "Part"),
    ],
)
def test_a_wiki_link_leads_from_the_root_of_the_space(source, link, text):
    rendering = render(source, HERE)
    assert links(source) == [link]
    assert rendering.links[0].text == text
    assert f">{text}</a>" in rendering.html


@pytest.mark.parametrize(
    "source", ["`[[x]]`", "[[x]](y)", "\\[[x]]", "[[ ]]", "[[x\ny]]", "    [[x]]"]
)
def test_what_only_looks_like_a_wiki_link_is_none(source):
    assert "wl-0" not in html(source) or "/eng/x" not in html(source)


def test_an_include_is_a_paragraph_with_a_link_which_no_author_can_write_otherwise():
    rendering = render("Text.\n\n![[hr:Leave#When]]\n\n[x](y.md)", HERE)
    assert '<p class="include"><a class="wl-0" href="/hr/Leave#sec-when">' in rendering.html
    assert [link.embedded for link in rendering.links] == [True, False]
    assert rendering.excerpt == "Text."
    forged = html('<p class="include"><a class="wl-0" href="/hr/leave">x</a></p>')
    assert "include" not in forged


def test_people_are_mentioned_and_mail_addresses_are_not_people():
    source = "@ada, (@Ben.k) a@b.example `@cai` @dot/x @eve@host \\@gus @team-one."
    mentioned = [path for kind, _, path, _ in links(source) if kind == "mention"]
    assert mentioned == ["ada", "ben.k", "team-one"]
    assert '<a class="wl-0 mention" href="/-/people/ada">@ada</a>' in html(source)


def test_only_the_links_asked_for_are_marked_missing():
    rendering = render('[a](a.md) [b](b.md) `<a class="wl-1"` [c](c.md "<a class=\'wl-1\'")', HERE)
    marked = mark(rendering.html, Marks([1]))
    assert marked.count("missing") == 1
    assert '<a class="wl-1 missing" href="/eng/team/b">' in marked
    assert mark(rendering.html, Marks([])) == rendering.html


def test_links_to_other_hosts_tell_them_nothing():
    assert (
        '<a class="external" href="https://host.example/?a=1&amp;b" '
        'rel="noopener noreferrer nofollow">x</a>'
    ) in html("[x](https://host.example/?a=1&b)")
    assert 'rel="noopener' in html('<a href="//host.example">x</a>')


@pytest.mark.parametrize(
    "source",
    [
        "![plan](https://host.example/p.png)",
        "![plan](//host.example/p.png)",
        '<img src="https://host.example/p.png" alt="plan">',
        "<img src=//host.example/p.png alt=plan>",
    ],
)
def test_a_picture_on_another_host_is_a_link_that_loads_nothing(source):
    result = html(source)
    assert "<img" not in result
    assert 'href="https://host.example/p.png"' in result
    assert "Image at host.example: plan" in result


def test_a_picture_of_the_space_is_shown():
    picture = '<img src="/eng/team/img/-/files/My-plan.png" alt="plan" loading="lazy" class="wl-0">'
    assert picture in html("![plan](img/My%20plan.png)")
    link = render("![plan](img/plan.png)", HERE).links[0]
    assert (link.kind, link.path, link.embedded) == ("file", "team/img/plan.png", True)


def test_a_linked_picture_on_another_host_keeps_only_the_outer_link():
    result = html("[![plan](https://host.example/p.png)](other.md)")
    assert result.count("<a ") == 1
    assert 'href="/eng/team/other"' in result


def test_headings_have_unique_names_and_a_link_each():
    rendering = render("## Über *uns*!\n\n## Über uns!\n\n### `x()` y\n\n## !\n\n## A {#b}\n", HERE)
    assert [(heading.level, heading.id, heading.text) for heading in rendering.headings] == [
        (2, "sec-über-uns", "Über uns!"),
        (2, "sec-über-uns-1", "Über uns!"),
        (3, "sec-x-y", "x() y"),
        (2, "sec-section", "!"),
        (2, "sec-b", "A"),
    ]
    for heading in rendering.headings:
        assert rendering.html.count(f'id="{heading.id}"') == 1
        assert f'href="#{heading.id}" aria-label="Link to the section: {heading.text}"' in (
            in_words(rendering.html)
        )


def test_a_leading_heading_that_repeats_the_title_is_not_shown_twice():
    rendering = render("# *Guide*\n\nText.\n\n## Part\n", HERE)
    assert "<h1" not in rendering.html
    assert 'id="sec-guide"' in rendering.html
    assert [heading.text for heading in rendering.headings] == ["Part"]
    assert rendering.text.startswith("Guide\nText.")
    assert rendering.headings_text == "Guide\nPart"
    assert rendering.excerpt == "Text."


def test_another_leading_heading_stays():
    assert '<h2 id="sec-guidelines">Guidelines' in html("# Guidelines\n")
    assert '<h2 id="sec-guide">Guide' in html("Text\n\n# Guide\n")


def test_a_table_of_contents_stands_where_it_is_asked_for():
    result = html("[TOC]\n\n## A\n\n### B\n\n## C\n")
    assert result.startswith('<div class="toc"><ul><li><a href="#sec-a">A</a><ul><li><a href="#')
    assert render("[TOC]\n\n## A\n", HERE).text == "A"


@pytest.mark.parametrize(
    ("source", "look", "title"),
    [
        ("> [!NOTE]\n> text", "note", "Note"),
        ("> [!warning] text", "warning", "Warning"),
        ("!!! tip\n    text", "tip", "Tip"),
        ('!!! danger "Mind *this*"\n    text', "caution", "Mind <em>this</em>"),
        ("!!! house-rule\n\n    text", "note", "House rule"),
    ],
)
def test_admonitions_of_both_styles_look_the_same(source, look, title):
    result = html(source)
    assert f'<div class="admonition admonition-{look}" role="note">' in result
    assert f'<p class="admonition-title">{title}</p>' in result
    assert "<p>text</p>" in result
    assert "<blockquote" not in result


def test_an_admonition_holds_blocks_and_ends_with_its_indentation():
    result = html("!!! note\n    - a\n\n    ```\n    b\n    ```\nafter")
    assert "<ul><li>a</li>" in result
    assert "b\n</code></pre>" in result
    assert result.endswith("</div>\n<p>after</p>")


def test_a_folding_admonition_is_a_details_element():
    assert '<details class="admonition admonition-note"><summary class="admonition-title">' in html(
        '??? note "More"\n    text'
    )
    assert 'open=""' in html("???+ note\n    text")


def test_text_that_only_begins_like_an_admonition_stays_text():
    assert html("!!! great news everyone") == "<p>!!! great news everyone</p>"
    assert "<blockquote" in html("> [other]\n> text")


def test_tasks_are_boxes_that_say_whether_they_are_done():
    result = html("- [x] a\n- [ ] b\n- c")
    assert result.startswith('<ul class="task-list"><li class="task-list-item"><input ')
    assert 'aria-label="Done" checked=""' in result
    assert 'aria-label="To do"' in result
    assert result.count("disabled") == 2


def test_a_wide_table_scrolls_in_a_named_box_that_keys_reach():
    result = html("|a|b|\n|-|-:|\n|1|2|\n\n<table><tr><td>3</table>")
    for number in (1, 2):
        assert (
            f'<div class="table-scroll" role="region" aria-label="Table {number}" tabindex="0">'
            "<table>"
        ) in result
    assert '<th align="right">b</th>' in result
    assert result.count("</table>\n</div>") + result.count("</table></div>") == 2


def test_code_is_coloured_by_the_word_behind_the_fence():
    result = html('```python title="x"\ndef f(): return "<b>"\n```')
    assert '<pre tabindex="0"><code class="language-python"><span class="k">def</span>' in result
    assert "&lt;b&gt;" in result
    assert '<code class="language-nope">&lt;x&gt;\n</code>' in html("```nope\n<x>\n```")
    assert "  two\n\nlines  \n" in html("```text\n  two\n\nlines  \n```")


def test_footnotes_are_numbered_and_lead_there_and_back():
    rendering = render("A[^x] B[^y] C[^x]\n\n[^x]: First.\n[^y]: Second.\n", HERE)
    assert rendering.html.count('href="#fn-1"') == 2
    assert 'id="fnref-1-2"' in rendering.html
    assert 'href="#fnref-1-2" aria-label="Back to the text, note 1"' in in_words(rendering.html)
    assert rendering.text == "A B C\nFirst.\nSecond."


def test_a_footnote_inside_a_footnote_is_text():
    nested = html("a[^1] b[^2]\n\n[^1]: one\n\n    > [^2]: inner\n\n[^2]: two")
    assert nested.count("<li id=") == 2
    assert "</sup>: inner" in nested
    assert html("[^1]: >[^1]: \n[a]: ]:\n\n](")  # was not laid out at all


def test_definition_lists_strikethrough_and_bare_addresses():
    assert "<dl><dt>Term</dt>\n<dd>Meaning</dd>\n</dl>" in html("Term\n: Meaning\n")
    assert "<s>old</s>" in html("~~old~~")
    assert 'href="http://www.host.example"' in html("see www.host.example.")


def test_a_tag_that_is_none_is_shown_as_it_was_written():
    assert html("Use <your-name> here") == "<p>Use &lt;your-name&gt; here</p>"
    assert "&lt;script&gt;" in html("the <script> tag")


def test_the_index_gets_words_without_markup():
    source = (
        "# T\n\nHello **bo**ld `x`\n\n|a|b|\n|-|-|\n|c|d|\n\n![alt](p.png)\n\n"
        "<b>raw</b> &amp; <!-- no -->"
    )
    assert render(source, HERE).text == "T\nHello bold x\na b\nc d\nalt\nraw &"


def test_the_excerpt_begins_with_the_first_paragraph():
    source = "# T\n\n> [!NOTE]\n> aside\n\n!!! tip\n    other\n\nThe *point*.\n\nMore."
    assert render(source, HERE).excerpt == "The point."
    assert render("- only\n- a list", HERE).excerpt == "only a list"


def test_the_text_of_one_line_has_no_markup():
    assert text_of_line("The *big* [plan](x.md) & `co`") == "The big plan & co"


def test_an_empty_page_renders_to_nothing():
    assert render(" \n", HERE) == Rendering("", [], [], "", "", "")


@pytest.mark.parametrize(
    "source",
    [
        "a <MyBox>b</MyBox> c",
        "a <MyBox>b <MyBox Kind='X'>c</MyBox></mybox >",
        "a </MyBox> b",
        "a <MyBox/> b <your name> c",
        'a <my:Tag attr="X">b</my:Tag>',
        "a <my:Tag>b</my:Tag>",
        "List<String> and Map<K, V>",
        "<MyBox>",
        '<MyBox a="<b>">',
        "<MyBox>b</MyBox>",
        "<MyBox>\nb\n</MyBox>",
        '<my:Tag attr="X">\nb\n</my:Tag>',
        "</MyBox>",
    ],
)
def test_a_tag_that_is_not_known_is_shown_exactly_as_written(source):
    assert render(source, HERE).text == source
    block = render(f"<div>\n{source}\n</div>", HERE)
    assert block.text == source.replace("<b>", "" if "=" not in source else "<b>")


def test_a_tag_without_an_end_hides_nothing():
    assert render("a <MyBox b", HERE).text == "a <MyBox b"
    block = render('<div>\na <my:Tag b="c\n<kbd>d</kbd>\n</div>', HERE)
    assert block.text == 'a <my:Tag b="c\nd'
    assert "<kbd>d</kbd>" in block.html


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("https://wiki.example", "https://wiki.example/hr/leave#when"),
        ("https://wiki.example/", "http://WIKI.example:80/hr/leave#when"),
        ("https://wiki.example", "HTTPS://wiki.example:443/hr/leave#when"),
        ("https://wiki.example", "//wiki.example/hr/leave#when"),
        ("https://wiki.example:8443", "http://wiki.example:8443/hr/leave#when"),
        ("https://host.example/wiki", "https://host.example/wiki/hr/leave#when"),
    ],
)
def test_every_way_to_write_the_wikis_own_address_leads_inside(base, address):
    context = RenderContext("eng", "x", base_url=base)
    rendering = render(f"[a]({address}) {address} <a href='{address}'>b</a>", context)
    assert {(one.kind, one.space, one.path, one.fragment) for one in rendering.links} == {
        ("page", "hr", "leave", "sec-when")
    }
    assert "external" not in rendering.html


@pytest.mark.parametrize(
    "address",
    [
        *("https://wiki.example.org/hr", "https://wiki.examples/hr", "https://wiki.example:8/hr"),
        *("https://a@wiki.example/hr", "ftp://wiki.example/hr", "https://wiki.example@x.org/hr"),
    ],
)
def test_another_host_is_not_the_wikis_own(address):
    context = RenderContext("eng", "x", base_url="https://wiki.example")
    assert all(one.kind != "page" for one in render(f"[a]({address})", context).links)


def test_files_and_permalinks_at_the_wikis_own_address_are_inside():
    context = RenderContext("eng", "x", base_url="https://wiki.example")
    rendering = render(
        "![p](https://wiki.example/eng/-/files/a.png) <https://wiki.example/-/p/7> "
        "https://wiki.example",
        context,
    )
    assert '<img src="/eng/-/files/a.png"' in rendering.html
    assert 'href="/-/p/7"' in rendering.html
    assert 'href="/"' in rendering.html
    assert "external" not in rendering.html
