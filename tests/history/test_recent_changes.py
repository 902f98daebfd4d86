"""What changed lately, in a space and in all of them, for those who may know of it."""

import re
from datetime import UTC, datetime, timedelta

from tests.cast import Scene
from wiki.db import at


def test_changes_are_listed_newest_first_with_who_and_why(wiki: Scene) -> None:
    wiki.write("one", "x\n", by="eve", message="Begin")
    wiki.write("two", "y\n", by="ben")
    wiki.write("one", "z\n", by="ben", message="Shorter")
    shown = wiki.get("cai", "/eng/-/changes").text
    order = [shown.index(words) for words in ("Shorter", 'row-title" href="/eng/two"', "Begin")]
    assert order == sorted(order)
    assert "/eng/one/-/diff/1..2" in shown
    assert "to two, the first revision</span>" in shown


def test_several_edits_of_a_page_in_a_row_are_one_entry_with_one_comparison(wiki: Scene) -> None:
    for number in range(5):
        wiki.write("one", f"{number}\n", by="ben")
    wiki.write("one", "by eve\n", by="eve")
    shown = wiki.get("cai", "/eng/-/changes").text
    assert "/eng/one/-/diff/5..6" in shown
    assert "5 times" in shown
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
    wiki.agree(
        "eve", wiki.post("eve", "/lab/plan/-/move", path="plan", space="eng", message="now for all")
    )
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
    assert "No changes yet" in wiki.get("cai", "/eng/-/changes").text
    assert "No changes" in wiki.get("cai", "/-/changes?before=1").text


def test_the_changes_of_a_day_are_those_that_happened_on_it(wiki: Scene) -> None:
    """What is brought in from elsewhere arrives in another order than it happened in."""
    for when, path in (
        ("2021-03-05T00:00:00", "after"),
        ("2021-03-04T09:00:00", "early"),
        ("2021-03-04T23:59:59", "late"),
        ("2021-03-03T23:59:59", "before"),
        ("2021-03-04T12:00:00", "noon"),
    ):
        with at(datetime.fromisoformat(when).replace(tzinfo=UTC)):
            wiki.write(path, "x\n")
    wiki.write("now", "x\n")
    for where, beside in (("/eng/-/changes", "/eng/-/changes"), ("/-/changes", "/-/changes")):
        shown = wiki.get("cai", f"{where}?on=2021-03-04").text
        found = re.findall(r'class="row-title" href="/eng/(\w+)"', shown)
        assert found == ["late", "noon", "early"]
        assert f'rel="prev" href="{beside}?on=2021-03-03"' in shown
        assert f'rel="next" href="{beside}?on=2021-03-05"' in shown
        empty = wiki.get("cai", f"{where}?on=2019-01-01").text
        assert "No changes on this day" in empty
        assert f'rel="next" href="{beside}?on=2021-03-03"' in empty


def test_a_day_of_many_changes_is_paged_in_order_of_time(wiki: Scene) -> None:
    begin = datetime(2021, 3, 4, tzinfo=UTC)
    for number in range(130):  # arrives in no order at all
        minute = number * 37 % 130
        with at(begin + timedelta(minutes=minute // 2)):
            wiki.write(f"page-{minute:03}-{number:03}", "x\n", by="ben" if number % 2 else "eve")
    url, found = "/eng/-/changes?on=2021-03-04", []
    while url:
        shown = wiki.get("cai", url).text
        found += re.findall(r'class="row-title" href="/eng/page-(\d+)-', shown)
        older = re.search(r'rel="next" href="([^"]+before[^"]+)"', shown)
        url = older[1].replace("&amp;", "&") if older else ""
    assert len(found) == len(set(found)) == 130
    halves = [int(number) // 2 for number in found]
    assert halves == sorted(halves, reverse=True)


def test_what_happened_on_a_day_is_hidden_from_those_who_may_not_know(wiki: Scene) -> None:
    for space, path in (("lab", "hush"), ("open", "hear")):
        with at(datetime(2021, 3, 4, tzinfo=UTC)):
            wiki.write(path, "x\n", space=space)
    with at(datetime(2021, 3, 1, tzinfo=UTC)):
        wiki.write("older", "x\n", space="lab")
    shown = wiki.get("dot", "/-/changes?on=2021-03-04").text
    assert ">hear<" in shown
    assert ">hush<" not in shown
    assert "2021-03-01" not in shown
    assert "2021-03-01" in wiki.get("cai", "/-/changes?on=2021-03-04").text


def test_a_day_that_is_none_is_refused_in_a_sentence(wiki: Scene) -> None:
    for where in ("/eng/-/changes", "/-/changes"):
        for wrong in ("yesterday", "2021-02-30", "20210304x", "%00"):
            refused = wiki.get("cai", f"{where}?on={wrong}")
            assert refused.status_code == 422
            assert "isn’t a valid date. Use the form 2026-01-31" in refused.text
        for far in ("0001-01-01", "9999-12-31"):
            assert wiki.get("cai", f"{where}?on={far}").status_code == 200
