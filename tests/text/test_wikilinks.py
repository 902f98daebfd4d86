"""Wiki links: every path can be written as one, and is read as nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.errors import Invalid
from wiki.pages.saving.checks import checked_path
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.destinations import page_url, resolve_link, resolve_wiki_link
from wiki.text.markdown.markup import render
from wiki.text.markdown.wikilinks import inserted, readings, write
from wiki.text.paths import path_key
from wiki.text.rewrite.addresses import survey
from wiki.text.rewrite.repair import Moves, repair

HERE = RenderContext("eng", "team/guide")
SIGNS = st.sampled_from(list("&'%+()#?[]|!<>*_`~^:;,.=@$\"{}-aBß 1é日\\"))
raw = st.lists(st.text(SIGNS, min_size=1, max_size=12), min_size=1, max_size=3).map("/".join)


def stored(raw: str) -> str | None:
    try:
        return checked_path(raw)
    except Invalid:
        return None


paths = raw.map(stored).filter(bool)


@given(path=paths, space=st.sampled_from(["eng", "hr"]))
def test_what_completion_inserts_names_the_page_at_this_path_and_no_other_place(path, space):
    target, link = inserted(space, path, "A [title] | `x`", "eng")
    (found,) = survey(f"See [[{target}]].").addresses
    assert found.form == "wiki"
    to = found.leads_to(HERE)
    assert (to.kind, to.space, to.path, to.fragment) == ("page", space, path, "")
    assert all(one.rank > 0 for one in to.others)
    (shown,) = survey(f"![[{target}]]").addresses
    assert shown.included and shown.leads_to(HERE) == to
    if link:
        in_cell = f"| a |\n| --- |\n| {link} |"
        assert [one.leads_to(HERE) for one in survey(in_cell).addresses] == [to]
        assert [one.text for one in render(in_cell, HERE).links] == ["A [title] | `x`"]


def test_completion_inserts_the_address_of_a_home_page_as_it_is():
    assert inserted("eng", "", "Eng", "eng") == ("/|Eng", "[Eng](/eng/)")


@given(path=paths)
def test_the_plain_address_of_a_page_leads_to_it(path):
    to = resolve_link(page_url("eng", path) + "/", HERE)
    assert (to.kind, path_key(to.path)) == ("page", path_key(path))


@given(old=paths, new=paths, part=st.booleans(), cell=st.booleans())
def test_a_repaired_link_names_the_page_at_its_new_path(old, new, part, cell):
    target = write("eng", old, "eng") + ("#Part" if part else "")
    text = f"See [[{target}]].\n\n![[{target}]]"
    if cell:
        text = "| a |\n| --- |\n| [[" + target.replace("|", "\\|") + "]] |"
    moves = Moves({("page", "eng", path_key(old)): ("eng", new)})
    repaired = repair(text, HERE, HERE, moves)
    assert repaired.left == ()
    for one in survey(repaired.text).addresses:
        to = one.leads_to(HERE)
        assert (to.space, path_key(to.path)) == ("eng", path_key(new))
        assert to.fragment == ("sec-part" if part else "")


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("x/Q&A", [("x/Q&A", ""), ("x/q-a", "")]),
        ("x/What's new", [("x/What's-new", ""), ("x/whats-new", "")]),
        ("x/50%", [("x/50%", ""), ("x/50", "")]),
        ("x/a+b", [("x/a+b", ""), ("x/a-b", "")]),
        ("x/(draft)", [("x/(draft)", ""), ("x/draft", "")]),
        ("x/[draft]", [("x/[draft]", ""), ("x/draft", "")]),
        ("x/Q&A#Part", [("x/Q&A#Part", ""), ("x/Q&A", "Part"), ("x/q-a", "Part")]),
        ("R&D/Plan #2", [("R&D/Plan-#2", ""), ("R&D/Plan", "2"), ("r-d/plan", "2")]),
        (r"Plan \#2", [("Plan-#2", ""), ("plan-2", "")]),
        ("a#b#c", [("a#b#c", ""), ("a#b", "c"), ("a", "c")]),
        ("a|b", [("a|b", ""), ("a-b", "")]),
        ("note.md", [("note", "")]),
        ("a/README", [("a/README", ""), ("a", "")]),
        ("./note", [("team/note", "")]),
        ("../note", [("note", "")]),
        ("/", [("", "")]),
    ],
)
def test_the_exact_path_is_read_first(target, wanted):
    _, found, _ = readings(target, "eng", "team")
    assert [(one.path, one.section) for one in found] == wanted


def test_a_link_out_of_the_space_leads_nowhere_and_says_so():
    assert resolve_wiki_link("../../x", HERE).kind == "broken"


@pytest.mark.parametrize(
    "source", ["[[a [b](c) d]]", "[[see [^1]]]\n\n[^1]: x", "[[x [y]]]\n\n[y]: z"]
)
def test_brackets_that_mean_something_else_are_no_wiki_link(source):
    assert all(address.form != "wiki" for address in survey(source).addresses)
