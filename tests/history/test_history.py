"""The past of a page: its history, any two revisions compared, an older one restored."""

import re

import pytest

from tests.cast import Scene
from wiki.pages import diffs
from wiki.text.compare.diff import Diff
from wiki.text.sandbox import parent as sandbox


def rota(wiki: Scene) -> None:
    """A page of three revisions: one line changed, then title and tags."""
    wiki.write("rota", "first\n\nEveryone is on call for one week.\n", by="eve", message="Begin")
    wiki.write("rota", "first\n\nEveryone is on call for two weeks.\n", by="ben", message="Longer")
    wiki.write(
        "rota",
        "first\n\nEveryone is on call for two weeks.\n",
        by="eve",
        title="On call",
        tags=("duty",),
    )


def test_the_history_lists_every_revision_with_author_and_message(wiki: Scene) -> None:
    rota(wiki)
    shown = wiki.get("cai", "/eng/rota/-/history")
    assert shown.status_code == 200
    for words in ("Revision 1", "Revision 3", "Begin", "Longer", "Ben", "Eve"):
        assert words in shown.text
    assert "/eng/rota/-/diff/1..2" in shown.text


def test_the_history_tells_of_moves_deletions_and_restorations(wiki: Scene) -> None:
    rota(wiki)
    page = wiki.page("rota")
    wiki.post("ben", "/eng/rota/-/move", path="teams/rota", space="eng")
    wiki.post("ben", "/eng/teams/rota/-/delete")
    wiki.post("eve", f"/-/p/{page.id}/restore")
    wiki.write("teams/rota", "after all\n")
    shown = wiki.get("cai", "/eng/teams/rota/-/history").text
    order = [
        shown.index(words)
        for words in ("Revision 5", "restored the page", "deleted the page", "Revision 4")
    ]
    assert order == sorted(order)
    assert "Moved from rota to teams/rota" in shown


def test_a_long_history_is_paged_and_tells_each_revision_and_event_once(wiki: Scene) -> None:
    page = wiki.write("log", "0\n")
    for number in range(1, 60):
        wiki.write("log", f"{number}\n")
        if number == 30:
            wiki.post("ben", "/eng/log/-/delete")
            wiki.post("ben", f"/-/p/{page.id}/restore")
    url, found, events = "/eng/log/-/history", [], 0
    while url:
        shown = wiki.get("cai", url).text
        found += [int(n) for n in re.findall(r">Revision (\d+)<", shown)]
        events += shown.count("deleted the page")
        older = re.search(r'rel="next" href="([^"]+)"', shown)
        url = older[1] if older else ""
    assert found == list(range(60, 0, -1))
    assert events == 1


def test_any_two_revisions_are_compared_word_by_word(wiki: Scene) -> None:
    rota(wiki)
    shown = wiki.get("cai", "/eng/rota/-/diff/1..2").text
    assert "<del>one week</del>" in shown
    assert "<ins>two weeks</ins>" in shown
    assert "Revision 1" in shown
    assert "Longer" in shown


def test_a_changed_title_and_tag_are_shown_as_what_they_are(wiki: Scene) -> None:
    rota(wiki)
    shown = wiki.get("cai", "/eng/rota/-/diff/2..3").text
    assert "<del>rota</del>" in shown
    assert "<ins>On call</ins>" in shown
    assert '<ins class="tag">duty</ins>' in shown
    assert "The text is the same" in shown


def test_a_move_is_shown_as_a_changed_path(wiki: Scene) -> None:
    rota(wiki)
    wiki.post("ben", "/eng/rota/-/move", path="teams/rota", space="eng")
    shown = wiki.get("cai", "/eng/teams/rota/-/diff/3..4").text
    assert "Path" in shown
    assert "<ins>teams/</ins>" in shown


def test_a_space_that_one_may_not_read_is_not_named_in_a_move(wiki: Scene) -> None:
    wiki.write("plan", "x\n", space="lab")
    wiki.agree("eve", wiki.post("eve", "/lab/plan/-/move", path="plan", space="eng"))
    assert "<del>lab</del>/plan" in wiki.get("eve", "/eng/plan/-/diff/1..2").text
    hidden = wiki.get("dot", "/eng/plan/-/diff/1..2").text
    assert "lab<" not in hidden
    assert "lab/" not in hidden
    assert "a space you can’t read" in hidden


def test_the_first_revision_is_compared_with_nothing(wiki: Scene) -> None:
    rota(wiki)
    shown = wiki.get("cai", "/eng/rota/-/diff/0..1")
    assert shown.status_code == 200
    assert "Before the page was created" in shown.text


def test_the_form_of_the_history_leads_to_the_permalink_older_first(wiki: Scene) -> None:
    rota(wiki)
    for query in ("from=1&to=3", "from=3&to=1"):
        chosen = wiki.get("cai", f"/eng/rota/-/diff?{query}")
        assert (chosen.status_code, chosen.location) == (302, "/eng/rota/-/diff/1..3")
    assert wiki.get("cai", "/eng/rota/-/diff").location == "/eng/rota/-/diff/2..3"
    assert wiki.get("cai", "/eng/rota/-/diff?from=2").location == "/eng/rota/-/diff/2..3"


@pytest.mark.parametrize("pair", ["1..4", "4..9", "0..0", "9..1", "1..99999999999999999999"])
def test_revisions_that_do_not_exist_cannot_be_compared(wiki: Scene, pair: str) -> None:
    rota(wiki)
    assert wiki.get("cai", f"/eng/rota/-/diff/{pair}").status_code == 404


def test_comparing_a_revision_with_itself_says_so(wiki: Scene) -> None:
    rota(wiki)
    assert "No difference" in wiki.get("cai", "/eng/rota/-/diff/2..2").text


def test_a_comparison_survives_the_move_of_its_page(wiki: Scene) -> None:
    rota(wiki)
    wiki.agree("ben", wiki.post("ben", "/eng/rota/-/move", path="teams/rota", space="open"))
    for verb in ("diff/1..2?view=unified", "history", "raw?revision=1", "diff?from=1&to=2"):
        moved = wiki.get("cai", f"/eng/rota/-/{verb}")
        assert (moved.status_code, moved.location) == (302, f"/open/teams/rota/-/{verb}")


def test_unchanged_lines_are_folded_and_unfold_without_scripts(wiki: Scene) -> None:
    lines = [f"line {n}" for n in range(100)]
    wiki.write("long", "\n".join(["# Top", *lines, "end one"]))
    wiki.write("long", "\n".join(["# Top", *lines, "end two"]))
    folded = wiki.get("cai", "/eng/long/-/diff/1..2").text
    assert "98 unchanged lines" in folded
    assert "line 50" not in folded
    assert 'class="under" dir="auto">Top<' in folded
    link = re.search(r'href="([^"]+context=all[^"]*)"', folded)
    assert link
    whole = wiki.get("cai", link[1].replace("&amp;", "&")).text
    assert "line 50" in whole


def test_a_very_long_comparison_is_shown_in_parts_that_hold_every_line(wiki: Scene) -> None:
    wiki.write("long", "")
    wiki.write("long", "".join(f"line number {n} of many\n" for n in range(9000)))
    seen: list[int] = []
    for part in (1, 2, 3):
        shown = wiki.get("cai", f"/eng/long/-/diff/1..2?part={part}").text
        assert f"Part {part} of 3" in shown
        seen += [int(n) for n in re.findall(r"line number (\d+) of many", shown)]
    assert seen == list(range(9000))


def test_a_comparison_too_large_to_be_made_says_so_and_leads_to_both_texts(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.write("vast", "a\n" * 20_000)
    wiki.write("vast", "b\n" * 20_000)
    diffs.forget_diffs()
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "COMPARE_SECONDS", 0.0001)
        shown = wiki.get("cai", "/eng/vast/-/diff/1..2")
        restoring = wiki.get("ben", "/eng/vast/-/restore?revision=1").text
        assert "too large or too different" in restoring
    assert shown.status_code == 200
    assert "too large or too different to compare" in shown.text
    assert "(20,000 lines, 39 KiB)" in shown.text
    for number in (1, 2):
        assert f'href="/eng/vast/-/raw?revision={number}"' in shown.text
    again = wiki.get("cai", "/eng/vast/-/diff/1..2?n").text  # it was not said for ever
    assert "Part 1 of 11" in again


def test_many_and_large_properties_are_told_of_within_bounds(wiki: Scene) -> None:
    def front(word: str) -> str:
        return "".join(f"key{n:03}: {word} {word * 400}\n" for n in range(60))

    for base, word in enumerate("abc"):
        form = {"title": "Props", "body": f"---\n{front(word)}---\nText.\n", "base": base}
        where = "/eng/props/-/edit" if base else "/eng/-/new"
        assert wiki.post("ben", where, **form).status_code == 303
    for verb in ("diff/1..2", "history"):
        shown = wiki.get("cai", f"/eng/props/-/{verb}").text
        assert "key039" in shown
        assert "key041" not in shown
        assert "and 20 more" in shown
        assert len(shown) < 300_000


def test_what_was_compared_is_remembered_for_those_who_may_read_it_only(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.write("plan", "old words here\n" * 2_000)
    wiki.write("plan", "new words here\n" * 2_000)
    diffs.forget_diffs()
    asked: list[int] = []

    def counted(old: str, new: str, context: int | None, part: int) -> Diff | None:
        asked.append(part)
        return sandbox.compare_safely(old, new, context, part)

    monkeypatch.setattr(diffs, "compare_safely", counted)
    for number in range(3):
        assert wiki.get("cai", f"/eng/plan/-/diff/1..2?n={number}").status_code == 200
    assert asked == [1]
    assert wiki.get("nobody", "/eng/plan/-/diff/1..2?n=2").status_code != 200


def test_text_is_shown_as_text_never_as_markup(wiki: Scene) -> None:
    wiki.write("bad", "<script>one</script> and more words here\n")
    wiki.write("bad", "<script>two</script> and more words here\n", title="<b>bold</b>")
    for verb in ("diff/1..2", "history", "diff/0..1"):
        shown = wiki.get("cai", f"/eng/bad/-/{verb}").text
        assert "<script>one" not in shown
        assert "<b>bold" not in shown
    assert wiki.get("cai", "/eng/bad/-/raw").content_type.startswith("text/plain")


def test_an_older_revision_says_that_it_is_old(wiki: Scene) -> None:
    rota(wiki)
    shown = wiki.get("cai", "/eng/rota?revision=1").text
    assert "revision 1 of 3" in shown
    assert "Begin" in shown
    assert "/eng/rota?revision=2" in shown
    assert "-/restore" not in shown
    assert "/eng/rota/-/restore?revision=1" in wiki.get("ben", "/eng/rota?revision=1").text
    assert "/eng/rota/-/diff/1..3" in shown
    assert "one week" in shown


def test_the_source_of_any_revision_can_be_read(wiki: Scene) -> None:
    rota(wiki)
    newest = wiki.get("cai", "/eng/rota/-/raw")
    assert newest.text == "first\n\nEveryone is on call for two weeks.\n"
    assert "one week" in wiki.get("cai", "/eng/rota/-/raw?revision=1").text
    again = wiki.get("cai", "/eng/rota/-/raw", headers={"If-None-Match": newest.headers["ETag"]})
    assert again.status_code == 304


def test_restoring_shows_what_it_changes_and_adds_a_revision(wiki: Scene) -> None:
    rota(wiki)
    asked = wiki.get("ben", "/eng/rota/-/restore?revision=1").text
    assert "<ins>one week</ins>" in asked
    done = wiki.post("ben", "/eng/rota/-/restore", revision=1, head=3, message="Too long")
    assert (done.status_code, done.location) == (303, "/eng/rota")
    assert wiki.page("rota").head == 4
    assert (
        wiki.get("cai", "/eng/rota/-/raw").text
        == wiki.get("cai", "/eng/rota/-/raw?revision=1").text
    )
    history = wiki.get("cai", "/eng/rota/-/history").text
    assert "Too long" in history
    assert "Restored the text of" in history


def test_restoring_asks_again_when_somebody_saved_meanwhile(wiki: Scene) -> None:
    rota(wiki)
    wiki.get("ben", "/eng/rota/-/restore?revision=1")
    wiki.write("rota", "quite new\n", by="eve")
    again = wiki.post("ben", "/eng/rota/-/restore", revision=1, head=3, message="Too long")
    assert again.status_code == 409
    assert "Nothing was restored yet" in again.text
    assert 'value="Too long"' in again.text
    assert 'name="head" value="4"' in again.text
    assert wiki.page("rota").head == 4


def test_restoring_the_newest_changes_nothing(wiki: Scene) -> None:
    rota(wiki)
    assert "nothing to restore" in wiki.get("ben", "/eng/rota/-/restore?revision=3").text
    wiki.post("ben", "/eng/rota/-/restore", revision=3, head=3)
    assert wiki.page("rota").head == 3


def test_a_restored_revision_stays_where_the_page_is(wiki: Scene) -> None:
    rota(wiki)
    wiki.post("ben", "/eng/rota/-/move", path="teams/rota", space="eng")
    assert "Path" not in wiki.get("ben", "/eng/teams/rota/-/restore?revision=1").text
    wiki.post("ben", "/eng/teams/rota/-/restore", revision=1, head=4)
    assert "one week" in wiki.get("cai", "/eng/teams/rota").text


@pytest.mark.parametrize(
    "verb", ["history", "diff/1..2", "diff", "raw", "restore?revision=1", "resolve"]
)
def test_the_past_of_a_hidden_page_is_as_absent_as_the_page(wiki: Scene, verb: str) -> None:
    wiki.write("secret", "x\n", space="lab")
    wiki.write("secret", "y\n", space="lab")
    hidden = wiki.get("dot", f"/lab/secret/-/{verb}")
    absent = wiki.get("dot", f"/lab/absent/-/{verb}")
    assert (hidden.status_code, hidden.text) == (404, absent.text.replace("absent", "secret"))
    assert wiki.get("dot", f"/nospace/secret/-/{verb}").status_code == 404


def test_a_reader_reads_the_past_but_restores_nothing(wiki: Scene) -> None:
    rota(wiki)
    assert "-/restore" not in wiki.get("cai", "/eng/rota/-/history").text
    assert "-/restore" not in wiki.get("cai", "/eng/rota/-/diff/1..2").text
    assert wiki.get("cai", "/eng/rota/-/restore?revision=1").status_code == 403
    assert wiki.post("cai", "/eng/rota/-/restore", revision=1, head=3).status_code == 403
    assert wiki.page("rota").head == 3


def test_the_home_page_of_a_space_has_a_history_too(wiki: Scene) -> None:
    wiki.write("", "Welcome\n", title="Engineering")
    wiki.write("", "Welcome all\n", title="Engineering")
    assert wiki.get("cai", "/eng/-/history").status_code == 200
    assert "<ins> all</ins>" in wiki.get("cai", "/eng/-/diff/1..2").text
    assert wiki.get("cai", "/eng/-/raw").text == "Welcome all\n"
