"""Links by name: each finds the page that is there for the reader, however it was made."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.cast import Scene
from tests.pages.test_includes import keep_to, label, prose
from tests.surroundings import thorough
from wiki.pages.links.graph import count_astray
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.rules.labels import Label
from wiki.spaces.queries import see_space
from wiki.text.markdown.wikilinks import write
from wiki.transfer.importing import TreeImport
from wiki.transfer.sources.source import FolderSource, limits_of

SIGNED = [
    *("x/Q&A", "x/What's-new", "x/50%", "x/a+b", "x/(draft)", "x/R&D/Plan-#2", "x/[old]"),
    *("x/a|b", "x/C#", "x/really?", "x/Größe-日本", "x/50%25", "x/a&amp;b", "x/<b>", "Re:-x"),
    *("x/*a*_b_`c`", "x/logo.png", "x/a\"b", "x/index-of-{all}", "x/~a^b", "Re:"),
]  # fmt: skip


def links(wiki: Scene, path: str, who: str = "eve") -> list[tuple[bool, str]]:
    """Whether each link of a page is marked as missing, and its address."""
    found = re.findall(r'<a class="wl-\d+([^"]*)" href="([^"]*)"', prose(wiki, path, who))
    return [("missing" in state, unescape(url)) for state, url in found]


def made(wiki: Scene, way: str, path: str, tmp_path) -> None:
    if way == "form":
        answer = wiki.post("eve", "/eng/-/new", title="A page", path=path, body="Words of it.")
        assert answer.status_code == 303
    elif way == "api":
        wiki.write(path, "Words of it.", title="A page")
    elif way == "import":
        file = tmp_path / f"{path}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("# A page\n\nWords of it.")
        with wiki.database.read() as session:
            space = see_space(session, wiki.actor("eve"), "eng").space
        source = FolderSource(tmp_path, limits_of(wiki.settings))
        TreeImport(wiki.database, wiki.settings, wiki.actor("eve"), space.id, source).run()
    else:
        page = wiki.write("start", "Words of it.", title="A page")
        with wiki.database.write() as session:
            move_page(session, wiki.actor("eve"), page.id, MoveTo(path))


@pytest.mark.parametrize("way", [
    *("form", pytest.param("move", marks=pytest.mark.every_database)),
    *thorough("api", "import"),
])  # fmt: skip
@pytest.mark.thorough
def test_what_completion_inserts_and_repair_writes_leads_to_the_page(
    wiki: Scene, way: str, tmp_path
) -> None:
    for path in SIGNED:
        made(wiki, way, path, tmp_path)
    targets = [write("eng", path, "eng") for path in SIGNED]
    wiki.write("by-name", "\n\n".join(f"[[{target}]] [[{target}#Part]]" for target in targets))
    wiki.write("shown", "\n\n".join(f"![[{target}]]" for target in targets))
    assert prose(wiki, "shown").count("Words of it.") == len(SIGNED)
    _all_lead(wiki, SIGNED)
    if way == "move":
        return
    moved = [f"y/{path.rpartition('/')[2]} (2)" for path in SIGNED]
    for path, new in zip(SIGNED, moved, strict=True):
        with wiki.database.write() as session:
            move_page(session, wiki.actor("eve"), wiki.page(path).id, MoveTo(new))
    _all_lead(wiki, [wiki.page(path).path for path in moved])
    assert prose(wiki, "shown").count("Words of it.") == len(SIGNED)


def _all_lead(wiki: Scene, paths: list[str]) -> None:
    found = [(missing, url.partition("#")[0]) for missing, url in links(wiki, "by-name")]
    assert not any(missing for missing, _ in found)
    for (_, url), path in zip(found[::2], paths, strict=True):
        answer = wiki.get("eve", url)
        assert answer.status_code == 200, path
        assert wiki.page(path).id == wiki.page(re.sub(r"^/eng/", "", _unquoted(url))).id
    with wiki.database.read() as session:
        assert count_astray(session) == 0


def _unquoted(url: str) -> str:
    from urllib.parse import unquote

    return unquote(url)


@pytest.mark.parametrize(
    "target",
    [
        *("x/Q&A", "X/q&a", "x/What's new", "x/50%", "x/a+b", "x/(draft)", "x/R&D/Plan #2"),
        *("x/[old]", "RFC:7", "open:a"),
    ],
)
def test_a_path_as_it_is_written_finds_its_page(wiki: Scene, target: str) -> None:
    wiki.write(target, "Words of it.\n\n## Part")
    wiki.write("by-name", f"[[{target}]] [[{target}#Part]]")
    wiki.write("shown", f"![[{target}]]")
    assert [missing for missing, _ in links(wiki, "by-name")] == [False, False]
    assert links(wiki, "by-name")[1][1].endswith("#sec-part")
    assert "Words of it." in prose(wiki, "shown")


@pytest.mark.every_database
def test_a_title_still_finds_the_page_whose_path_was_made_of_it(wiki: Scene) -> None:
    wiki.write("a", "[[What's new in v1.2?]]")
    assert links(wiki, "a") == [(True, "/eng/What's-new-in-v1.2%3F")]
    wiki.write("whats-new-in-v1.2", "x")
    assert links(wiki, "a") == [(False, "/eng/whats-new-in-v1.2")]
    wiki.write("What's new in v1.2?", "x")
    assert links(wiki, "a") == [(False, "/eng/What's-new-in-v1.2%3F")]


@pytest.mark.every_database
def test_a_note_is_found_wherever_it_lies_the_shortest_path_first_then_the_nearest(
    wiki: Scene,
) -> None:
    wiki.write("start", "[[Some note]] [[deep/Some note#Part]]")
    wiki.write("b/c/from", "[[some NOTE]]")
    assert links(wiki, "start")[0][0]
    for path, start, near in (
        ("a/b/deep/Some note", "a/b/deep/Some-note", "a/b/deep/Some-note"),
        ("a/x/Some note", "a/x/Some-note", "a/x/Some-note"),
        ("b/c/Some note", "a/x/Some-note", "b/c/Some-note"),
        ("z/Some note", "z/Some-note", "z/Some-note"),
        ("Some note", "Some-note", "Some-note"),
    ):
        wiki.write(path, "x")
        assert links(wiki, "start")[0] == (False, f"/eng/{start}")
        assert links(wiki, "b/c/from") == [(False, f"/eng/{near}")]
        assert links(wiki, "start")[1] == (False, "/eng/a/b/deep/Some-note#sec-part")
    wiki.post("eve", "/eng/Some-note/-/delete")
    assert links(wiki, "start")[0] == (False, "/eng/z/Some-note")


@pytest.mark.every_database
def test_the_readme_of_a_folder_is_the_page_of_the_folder_in_every_form(wiki: Scene) -> None:
    wiki.write("x/a", "[[../y/README]] [[./index.md#Part]] [[y/readme]] [[/y/Index]] [[README]]")
    for path in ("", "x", "y"):
        wiki.write(path, "x")
    there = ["/eng/y", "/eng/x#sec-part", "/eng/y", "/eng/y", "/eng/"]
    assert links(wiki, "x/a") == [(False, one) for one in there]


@pytest.mark.every_database
def test_a_note_that_is_hidden_is_as_if_it_were_not_there(wiki: Scene) -> None:
    wiki.write("from", "[[plan]] [[secret]]\n\n![[plan]]")
    wiki.write("a/b/plan", "open words")
    before = prose(wiki, "from", "cai"), backlinks(wiki, "a/b/plan", "cai")
    wiki.write("z/plan", "hidden words")
    wiki.write("z/secret", "hidden words")
    keep_to(wiki, "z/plan", "ben")
    keep_to(wiki, "z/secret", "ben")
    assert links(wiki, "from", "ben")[0] == (False, "/eng/z/plan")
    assert (prose(wiki, "from", "cai"), backlinks(wiki, "a/b/plan", "cai")) == before
    assert "open words" in before[0]
    assert "from" in before[1]
    assert "hidden words" in prose(wiki, "from", "ben")
    assert backlinks(wiki, "a/b/plan", "ben") == []
    wanted = wiki.get("cai", "/eng/-/housekeeping").text
    assert "z/plan" not in wanted
    assert "z/secret" not in wanted


def backlinks(wiki: Scene, path: str, who: str) -> list[str]:
    html = wiki.get(who, f"/eng/{path}/-/backlinks").text.partition("<main")[2]
    return re.findall(r'href="/eng/(from)"', html)


def test_what_is_shown_by_name_has_a_label_that_counts(wiki: Scene) -> None:
    wiki.write("a/b/plan", "narrow words")
    label(wiki, "a/b/plan", Label.CONFIDENTIAL)
    refused = wiki.post("eve", "/eng/-/new", title="From", path="from", body="x\n\n![[plan]]")
    assert refused.status_code == 422
    assert "Line 3" in refused.text


@pytest.mark.every_database
def test_an_alias_of_a_page_leads_to_it(wiki: Scene) -> None:
    wiki.write("from", "[[The Old Name]] [[Other]]")
    wiki.write("a/note", "---\naliases: [The old name, Other]\n---\nwords ^part-a")
    assert links(wiki, "from") == [(False, "/eng/a/note")] * 2
    wiki.write("b/other", "x")
    assert links(wiki, "from")[1] == (False, "/eng/b/other")
    wiki.write("a/note", "---\naliases: Third\n---\nwords")
    assert [missing for missing, _ in links(wiki, "from")] == [True, False]
    with wiki.database.read() as session:
        assert count_astray(session) == 0


def test_a_block_of_a_note_is_linked_and_shown(wiki: Scene) -> None:
    wiki.write("a/note", "First.\n\nSecond words ^second-b\n\nThird.")
    wiki.write("from", "[[note#^second-b]]\n\n![[note#^second-b|words]]")
    assert links(wiki, "from")[0] == (False, "/eng/a/note#sec-%5Esecond-b")
    shown = prose(wiki, "from")
    assert "Second words" in shown
    assert "Third." not in shown
