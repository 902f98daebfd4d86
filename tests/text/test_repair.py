"""Repairing links in a text: only addresses change, and every link leads where it should."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.surroundings import examples
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import render
from wiki.text.paths import path_key
from wiki.text.rewrite.addresses import survey
from wiki.text.rewrite.repair import Moves, repair

HERE = RenderContext("eng", "guide/start")
MOVED = Moves({("page", "eng", "guide/setup"): ("eng", "team/set-up")})


def repaired(text: str, moves: Moves = MOVED, after: RenderContext = HERE) -> str:
    return repair(text, HERE, after, moves).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[a](setup)", "[a](../team/set-up)"),
        ("[a](setup.md)", "[a](../team/set-up.md)"),
        ("[a](./setup.md#one)", "[a](../team/set-up.md#one)"),
        ("[a](setup/)", "[a](../team/set-up/)"),
        ("[a](setup/README.md)", "[a](../team/set-up/README.md)"),
        ("[a](/eng/guide/setup?x=1#one)", "[a](/eng/team/set-up?x=1#one)"),
        ('[a](<setup> "its title")', '[a](<../team/set-up> "its title")'),
        ("[a](Setup.MD)", "[a](../team/set-up.MD)"),
        ("[a](s%65tup)", "[a](../team/set-up)"),
        ("[a](s&#101;tup)", "[a](../team/set-up)"),
        ("[[guide/setup]]", "[[team/set-up]]"),
        ("[[Guide/Setup#One|the *label*]]", "[[team/set-up#One|the *label*]]"),
        ("[[eng:guide/setup]]", "[[eng:team/set-up]]"),
        ("a\n\n ![[ guide/setup#One ]] \n\nb", "a\n\n ![[ team/set-up#One ]] \n\nb"),
        ("# On [[guide/setup]]", "# On [[team/set-up|guide/setup]]"),
        ("[a][b] and [b]\n\n[b]: setup 'title'", "[a][b] and [b]\n\n[b]: ../team/set-up 'title'"),
        ("[a]\n\n[a]: <setup.md>", "[a]\n\n[a]: <../team/set-up.md>"),
        ("<a href='setup'>a</a>", "<a href='../team/set-up'>a</a>"),
        ("<p>\n<a class=x href=setup>a</a></p>", "<p>\n<a class=x href=../team/set-up>a</a></p>"),
        ("> - [a](setup)", "> - [a](../team/set-up)"),
        ("| a |\n|---|\n| [[guide/setup\\|b]] |", "| a |\n|---|\n| [[team/set-up\\|b]] |"),
        ("a[^1]\n\n[^1]: [a](setup)", "a[^1]\n\n[^1]: [a](../team/set-up)"),
        ("[![a](x.png)](setup)", "[![a](x.png)](../team/set-up)"),
        ("[a [nested] b](setup)", "[a [nested] b](../team/set-up)"),
    ],
)
def test_a_link_is_repaired_in_the_way_its_author_writes_links(before: str, after: str) -> None:
    assert repaired(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "`[a](setup)`",
        "    [a](setup)",
        "```\n[a](setup)\n[[guide/setup]]\n```",
        "\\[a](setup)",
        "[a] (setup)",
        "<!-- [a](setup) -->",
        "<script>'<a href=\"setup\">'</script>",
        "[a](other) [b](https://example.org/guide/setup) setup guide/setup",
        "[a](<setup>x)",
    ],
)
def test_what_is_no_link_to_it_stays(text: str) -> None:
    assert repaired(text) == text


def test_the_links_of_a_page_that_moves_alone_go_on_leading_where_they_led() -> None:
    text = "[a](setup.md) ![b](pics/My%20File.png) [c](/eng/x) [[guide/y]] [d](#one) [e](../top)"
    lab = RenderContext("lab", "deep/er/start")
    assert repaired(text, Moves(), lab) == (
        "[a](/eng/guide/setup.md) ![b](/eng/guide/pics/My%20File.png) [c](/eng/x) "
        "[[eng:guide/y]] [d](#one) [e](/eng/top)"
    )
    deeper = RenderContext("eng", "deep/er/start")
    assert repaired(text, Moves(), deeper) == (
        "[a](../../guide/setup.md) ![b](../../guide/pics/My%20File.png) [c](/eng/x) "
        "[[guide/y]] [d](#one) [e](../../top)"
    )


def test_a_section_is_renamed_in_the_links_to_it() -> None:
    moves = Moves(sections={("eng", "guide/setup", "sec-one"): "sec-one-two"})
    text = "[a](setup#one) [b](setup#sec-one) [[guide/setup#One|x]] [c](setup#other) [d](setup)"
    assert repaired(text, moves) == (
        "[a](setup#one-two) [b](setup#sec-one-two) [[guide/setup#one-two|x]] [c](setup#other) "
        "[d](setup)"
    )


def test_a_definition_that_is_read_in_two_ways_stays() -> None:
    made = repair("![a][x] [b][x]\n\n[x]: setup", HERE, RenderContext("eng", "z"), Moves())
    assert made.text == "![a][x] [b][x]\n\n[x]: guide/setup"
    moves = Moves({("page", "eng", "guide/setup"): ("eng", "z")})
    made = repair("![a][x] [b][x]\n\n[x]: setup", HERE, HERE, moves)
    assert made.text == "![a][x] [b][x]\n\n[x]: setup"
    assert made.left


def test_a_change_that_would_do_more_than_it_should_is_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "[a](setup) [b](/eng/guide/setup)"
    careless = ["/eng/team/set-up?x=) **loud**", "/eng/team/set-up?x=) [c](d"]
    for new in careless:
        monkeypatch.setattr("wiki.text.rewrite.forms._paths", lambda *_, new=new: iter([new]))
        made = repair(text, HERE, HERE, MOVED)
        assert made.text == text
        assert sorted(made.left) == ["/eng/guide/setup", "setup"]


NAMES = st.sampled_from(
    ["setup", "on-call", "q&a", "größe", "a_b_", "node.js", "f(x", "100%", "b`t"]
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
BASES = st.builds(RenderContext, st.sampled_from(["eng", "lab"]), PATHS, st.booleans(), st.just(""))


@st.composite
def links(draw: st.DrawFn, here: RenderContext) -> tuple[str, str, str]:
    """A link in some style: the Markdown, and the space and path that it leads to."""
    path = draw(PATHS)
    written = quote(path) if draw(st.booleans()) else quote(path, safe="/ßö&")
    styles = ["relative", "absolute", "wiki", "include", "html", "angle", "reference"]
    style = draw(st.sampled_from(styles))
    up = "../" * (here.base.count("/") + 1 if here.base else 0)
    ending = draw(st.sampled_from([".md", "/", ".md#part", "/index.md", "/?q=1#part"]))
    anywhere = style in ("absolute", "wiki", "include")
    space = draw(st.sampled_from(["eng", "lab"])) if anywhere else here.space
    match style:
        case "absolute":
            return f"[*a*](/{space}/{written}{ending})", space, path
        case "wiki":
            return f"[[{space}:{path}|la`be`l]]", space, path
        case "include":
            return f"\n\n![[{space}:{path}#part]]\n\n", space, path
        case "html":
            return f'<a href="{escape(up + written + ending)}">x</a>', space, path
        case "angle":
            return f"[a](<{up}{written}{ending}> 'title')", space, path
        case "reference":
            return f"[a][{draw(st.integers())}]", space, path
    return f"[a]({up}{written}{ending})", space, path


BITS = st.sampled_from(
    [
        *(
            "\n\n",
            " ",
            "\n",
            "**",
            "`",
            "\n- ",
            "\n> ",
            "|",
            "[",
            "]",
            "(",
            "<b>",
            "![",
            "\\",
            "# ",
        ),
        *("  \n", "\n```\n", "\n|a|b|\n|-|-|\n|", "&amp;", "[x]: /eng/setup\n", "[^1]"),
        *("\n[^1]: ", "*", "~", "\t", "\n    ", "<a href='setup'>", "</a>"),
    ]
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, RenderContext, RenderContext, Moves]:
    before, after = draw(BASES), draw(BASES)
    parts = [
        draw(BITS) if draw(st.booleans()) else draw(links(before))[0]
        for _ in range(draw(st.integers(1, 8)))
    ]
    moves = draw(
        st.dictionaries(
            st.tuples(st.just("page"), st.sampled_from(["eng", "lab"]), PATHS.map(path_key)),
            st.tuples(st.sampled_from(["eng", "lab"]), PATHS),
        )
    )
    return "".join(parts), before, draw(st.sampled_from([before, after])), Moves(moves)


@settings(max_examples=examples(400))
@given(cases())
def test_whatever_is_written_nothing_but_addresses_changes(
    case: tuple[str, RenderContext, RenderContext, Moves],
) -> None:
    text, before, after, moves = case
    made = repair(text, before, after, moves)
    old, new = render(text, before), render(made.text, after)
    assert survey(made.text).rest == survey(text).rest
    assert [heading.text for heading in new.headings] == [heading.text for heading in old.headings]
    assert [heading.id for heading in new.headings] == [heading.id for heading in old.headings]
    assert len(new.links) == len(old.links)
    if made.left:
        return
    for was, now in zip(old.links, new.links, strict=True):
        kind = "page" if was.kind == "anchor" else was.kind
        if kind not in ("page", "file"):
            assert (now.kind, now.path) == (was.kind, was.path)
            continue
        place = (kind, was.space, path_key(was.path))
        space, path = moves.places.get(place, (was.space, was.path))
        assert (now.space, path_key(now.path), now.fragment) == (
            space,
            path_key(path),
            was.fragment,
        )


@given(cases())
def test_repairing_twice_changes_nothing_more(
    case: tuple[str, RenderContext, RenderContext, Moves],
) -> None:
    text, before, after, _ = case
    once = repair(text, before, after, Moves()).text
    assert repair(once, after, after, Moves()).text == once


@example("[a](b)")
@given(st.text(alphabet="[]()<>!`*\\|&;# \n\tab-/.:\"'", max_size=60))
def test_any_text_can_be_surveyed(text: str) -> None:
    for address in survey(text).addresses:
        if address.span and address.form == "wiki":
            assert text[slice(*address.span)].strip()
    assert survey(text, like=survey(text)).rest == survey(text).rest


@pytest.mark.parametrize(
    "written",
    [
        "[a]({}#part)",
        "<{}#part>",
        "{}#part",
        "see {}#part.",
        "<a href='{}#part'>a</a>",
        "| {} |\n|-|\n",
    ],
)
def test_the_wikis_own_full_addresses_are_repaired_as_they_are_written(written: str) -> None:
    here = RenderContext("eng", "x", base_url="https://wiki.example")
    moves = Moves({("page", "hr", "leave"): ("hr", "team/off")})
    text = written.format("http://Wiki.example/hr/leave")
    made = repair(text, here, here, moves)
    assert made.text == written.format("http://Wiki.example/hr/team/off")
    assert (made.changed, made.left) == (1, ())
