"""What changed lately, in a space and in all of them, for those who may know of it."""

import re

from tests.cast import Scene


def test_changes_are_listed_newest_first_with_who_and_why(wiki: Scene) -> None:
    wiki.write("one", "x\n", by="eve", message="Begin")
    wiki.write("two", "y\n", by="ben")
    wiki.write("one", "z\n", by="ben", message="Shorter")
    shown = wiki.get("cai", "/eng/-/changes").text
    order = [shown.index(words) for words in ("Shorter", 'row-title" href="/eng/two"', "Begin")]
    assert order == sorted(order)
    assert "/eng/one/-/diff/1..2" in shown


def test_several_edits_of_a_page_in_a_row_are_one_entry_with_one_comparison(wiki: Scene) -> None:
    for number in range(5):
        wiki.write("one", f"{number}\n", by="ben")
    wiki.write("one", "by eve\n", by="eve")
    shown = wiki.get("cai", "/eng/-/changes").text
    assert "/eng/one/-/diff/5..6" in shown
    assert "Ben wrote it 5 times" in shown or "5 times" in shown
    assert shown.count('class="row-title"') == 2


def test_deletions_are_told_to_those_who_could_restore(wiki: Scene) -> None:
    wiki.write("gone", "x\n")
    wiki.write("kept", "y\n")
    wiki.post("ben", "/eng/gone/-/delete")
    for url in ("/eng/-/changes", "/-/changes", "/"):
        editor, reader = wiki.get("eve", url).text, wiki.get("cai", url).text
        assert "deleted" in editor
        assert "gone" in editor
        assert ">gone<" not in reader
        assert ">kept<" in reader


def test_a_moved_subtree_is_one_entry(wiki: Scene) -> None:
    for name in ("team", "team/a", "team/b", "team/c", "team/d"):
        wiki.write(name, "x\n")
    wiki.post("ben", "/eng/team/-/move", path="group", space="eng", subtree="1")
    shown = wiki.get("cai", "/eng/-/changes").text
    assert "moved 5 pages" in shown
    assert "and 2 more" in shown


def test_nobody_hears_of_what_they_may_not_read(wiki: Scene) -> None:
    wiki.write("plan", "x\n", space="lab", message="hush")
    wiki.write("news", "y\n", space="open", message="hear")
    for who in ("nobody", "dot", "gus", "ada"):
        shown = wiki.get(who, "/-/changes").text
        assert "hush" not in shown
        assert "hear" in shown
    assert "hush" in wiki.get("cai", "/-/changes").text
    assert wiki.get("dot", "/lab/-/changes").status_code == 404


def test_what_happened_to_a_page_in_a_hidden_space_stays_hidden_after_its_move(wiki: Scene) -> None:
    wiki.write("plan", "x\n", space="lab", message="hush")
    wiki.post("eve", "/lab/plan/-/move", path="plan", space="eng", message="now for all")
    shown = wiki.get("dot", "/-/changes").text
    assert "now for all" in shown
    assert "hush" not in shown


def test_a_long_list_is_paged_and_tells_each_change_once(wiki: Scene) -> None:
    for number in range(130):
        wiki.write(f"page-{number}", "x\n", by="ben" if number % 2 else "eve")
    for where in ("/eng/-/changes", "/-/changes"):
        url, found = where, []
        while url:
            shown = wiki.get("cai", url).text
            found += re.findall(r'class="row-title" href="/eng/(page-\d+)"', shown)
            older = re.search(r'rel="next" href="([^"]+)"', shown)
            url = older[1] if older else ""
        assert found == [f"page-{n}" for n in reversed(range(130))]


def test_an_empty_list_says_what_belongs_there(wiki: Scene) -> None:
    assert "Nothing has changed yet" in wiki.get("cai", "/eng/-/changes").text
    assert "Nothing has changed" in wiki.get("cai", "/-/changes?before=1").text
