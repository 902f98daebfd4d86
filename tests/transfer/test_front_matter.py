"""Front matter is exported as it was imported, except for values edited in the wiki."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import Scene
from tests.transfer.test_importing import bring_in, export, said, text
from tests.transfer.trees import write_tree
from wiki.pages.merging import Text, merge_texts
from wiki.pages.saving.checks import checked, with_front_matter
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.submit import submit
from wiki.transfer.exporting import file_text
from wiki.transfer.page_texts import decode, leading_title
from wiki.transfer.report import Kind

ODD = """\
---
title: 'On   call'  # as in the rota
country: NO
mode: 0755
created: {{date}}
tags: [ops,   "24/7"]
on: x
---

Body
"""
ENTRIES = st.lists(
    st.sampled_from(
        [
            "country: NO",
            "version: 1.10   # not 1.1",
            "on: {push: [main]}",
            "created: {{date}}",
            "# a comment",
            "",
            "x: &a |\n  one\n\n  two",
            "y: [1,\n  2]",
            "z: Foo: bar",
            "x: twice",
            "'quoted key': !t 0755",
            "list:\n- a\n-   b  # why",
        ]
    ),
    max_size=6,
)
OWN = st.sampled_from(
    ["", "title: A: b", 'title: "A" # why', "tags: a,b", "tags:\n  - a\n  - c # x"]
)


def taken(source: str) -> Text:
    """A file of `page.md` as an import takes it."""
    return checked(Text(leading_title("", "page"), source), 1 << 20)


@given(ENTRIES, OWN, ENTRIES, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"]))
def test_a_file_goes_in_and_out_byte_by_byte_and_an_edit_changes_its_key_alone(
    before, own, after, ends, mark
):
    lines = [*before, *([own] if own else []), *after]
    source = mark + "\n".join(["---", *lines, "---", "", "Body", ""]).replace("\n", ends)
    page = taken(decode(source.encode()))
    front, body = page.front_matter, page.body
    if not any(line and line[0] != "#" for line in lines):
        return
    assert file_text(page, "page") == source
    assert (front + body.replace("\n", ends), body) == (source, "Body\n")

    def besides(file: str, key: str) -> list[str]:
        kept = [line for line in lines if line.split(":")[0] != key]
        rest = file
        for line in kept:  # each in its place behind the one before
            start = rest.index(line.replace("\n", ends))
            rest = rest[start + len(line.replace("\n", ends)) :]
        return kept

    retitled = with_front_matter(replace(page, title="New title"))
    besides(file_text(retitled, "page"), "title")
    assert taken(file_text(retitled, "page")) == retitled
    tagged = with_front_matter(replace(page, tags=("c", "new")))
    besides(file_text(tagged, "page"), "tags")
    assert taken(file_text(tagged, "page")) == tagged
    rewritten = replace(page, body="Other\n")
    assert file_text(rewritten, "page") == source.replace("Body", "Other")


def test_an_edit_in_the_browser_or_over_the_api_changes_the_edited_key_alone(
    wiki: Scene, tmp_path: Path
) -> None:
    bring_in(wiki, write_tree(tmp_path / "tree", {"odd.md": ODD}))
    assert text(wiki, "odd").tags == ("ops", "24/7")
    fields = '{"country": "NO", "mode": "0755", "created": "{{date}}", "on": "x"}'
    form = {"title": "On call", "tags": "ops, 24/7", "body": "Body here", "fields": fields}
    wiki.post("ben", "/eng/odd/-/edit", **form, base="1")
    assert (export(wiki, tmp_path / "one") / "odd.md").read_text() == ODD.replace(
        "Body\n", "Body here"
    )
    page = wiki.page("odd")
    with wiki.database.write() as session:
        new = replace(text(wiki, "odd"), title="On duty", tags=("ops", "week"), front_matter="")
        submit(session, wiki.actor("ben"), Edit(page.id, new, base=page.head))
    wanted = ODD.replace("On   call", "On duty").replace('[ops,   "24/7"]', "[ops, week]")
    assert (export(wiki, tmp_path / "two") / "odd.md").read_text() == wanted.replace(
        "Body\n", "Body here"
    )
    assert wiki.page("odd").head == page.head + 1


def test_a_form_that_changed_in_the_tree_alone_is_a_revision_that_says_so(
    wiki: Scene, tmp_path: Path
) -> None:
    tree = write_tree(tmp_path / "tree", {"odd.md": ODD})
    bring_in(wiki, tree)
    assert bring_in(wiki, tree).unchanged == 1
    write_tree(tree, {"odd.md": ODD.replace("# as in", "# in")})
    assert bring_in(wiki, tree).changed == 1
    assert "front matter" in wiki.get("cai", "/eng/odd/-/diff/1..2").text.casefold()


def test_what_the_wiki_writes_itself_comes_back_without_a_change(
    wiki: Scene, tmp_path: Path
) -> None:
    wiki.write("own", "Text", title="Another title", tags=("a", "1.10"))
    folder = export(wiki, tmp_path / "out")
    report = bring_in(wiki, folder)
    assert (report.created, report.changed, report.unchanged) == (0, 0, 1)


def test_no_page_is_refused_for_its_front_matter(wiki: Scene, tmp_path: Path) -> None:
    files = {
        "long.md": f"---\ntitle: {'long ' * 100}\ntags: [{', '.join(f't{n}' for n in range(80))}]\n"
        f"description: {'d' * 3000}\n---\n\nBody\n",
        "broken.md": "---\ntitle: Foo: bar\na: [\n---\n\nBody\n",
        "huge.md": "---\n" + "key: value\n" * 5000 + "---\n\nBody\n",
        "toml.md": "+++\ntitle = 'T'\nweight = 010\n+++\nBody\n",
        "json.md": '{\n  "title": "J",\n  "weight": 10,\n}\nBody\n',
        "hugo.md": '{\n  "title": "Hugo",\n  "odd": "a\\u0000b",\n  "weight": 10\n}\n\nBody\n',
        "nul.md": '---\nodd: "a\\0b"\n---\n\nBody\n',
    }
    report = bring_in(wiki, write_tree(tmp_path / "tree", files))
    assert report.created == 7
    assert len(text(wiki, "long").title) == 299
    assert len(text(wiki, "long").tags) == 50
    assert text(wiki, "broken").title == "Foo: bar"
    assert set(said(report, Kind.FRONT_MATTER)) == {
        *("broken.md", "huge.md", "toml.md", "json.md"),
    }
    assert (text(wiki, "hugo").title, text(wiki, "hugo").fields["weight"]) == ("Hugo", 10)
    assert text(wiki, "hugo").body == "Body\n"
    folder = export(wiki, tmp_path / "out")
    assert {name: (folder / name).read_text() for name in files} == files


def test_a_secret_in_a_comment_of_front_matter_is_found(wiki: Scene, tmp_path: Path) -> None:
    key = "AKIA" + "Y34FZKBOKMUTVV7Q"
    tree = write_tree(tmp_path / "tree", {"a.md": f"---\na: 1 # {key}\nb: {key}\n---\nBody"})
    found = [one for one in bring_in(wiki, tree).problems if one.kind is Kind.SECRET]
    assert len(found) == 1
    tree = write_tree(tmp_path / "tree", {"b.md": f"---\na: 1 # {key}\n---\nBody"})
    assert set(said(bring_in(wiki, tree), Kind.SECRET)) == {"b.md"}


@pytest.mark.parametrize(
    ("mine", "theirs", "merged"),
    [
        ("", "---\na: 1 # x\n---\n", "---\na: 1 # x\n---\n"),
        ("---\na: 1 # x\n---\n", "---\na: 1\n---\n", "---\na: 1 # x\n---\n"),
        ("---\n# m\na: 1\n---\n", "---\na: 1\n# t\n---\n", "---\n# m\na: 1\n# t\n---\n"),
        ("---\na: 1 # m\n---\n", "---\na: 1 # t\n---\n", "---\na: 1 # m\n---\n"),
    ],
)
def test_forms_of_two_sides_are_merged(mine, theirs, merged):
    sides = [Text("T", "", front_matter=one) for one in ("---\na: 1\n---\n", mine, theirs)]
    assert merge_texts(*sides).resolve().front_matter == merged
