"""What a page's history tells beside its text, and the past of pages that were deleted."""

from __future__ import annotations

import re

import pytest

from tests.cast import Scene
from tests.pages.test_query_counts import counted
from wiki.attachments.actions import remove_file, restore_file
from wiki.db import at, now
from wiki.pages.merging import Text
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.submit import submit


def entry(html: str, number: int) -> str:
    """The row of a revision in a page's history."""
    for row in html.partition('<ol class="rows history"')[2].split('<span class="pick">'):
        if f">Revision {number}<" in row:
            return row
    raise AssertionError(f"no revision {number}")


def save(wiki: Scene, path: str, text: Text) -> None:
    page = wiki.page(path)
    with wiki.database.write() as session:
        submit(session, wiki.actor("eve"), Edit(page.id, text, base=page.head))


def test_a_revision_says_what_it_changed_beside_the_text(wiki: Scene) -> None:
    wiki.write("rota", "first\n", tags=("old", "duty"))
    save(
        wiki, "rota", Text("On call", "first\n", ("new", "duty"), "Who is woken", {"owner": "Ops"})
    )
    save(wiki, "rota", Text("On call", "first\n", ("new", "duty"), "Who is called", {}))
    page = wiki.get("cai", "/eng/rota/-/history").text
    second, third = entry(page, 2), entry(page, 3)
    assert "<del>rota</del>" in second
    assert "<ins>On call</ins>" in second
    assert "</span>old</del>" in second
    assert "</span>new</ins>" in second
    assert "duty" not in second
    assert "Description added" in second
    assert re.search(r"owner: .*none.*Ops", second)
    assert "Text" not in second
    assert "Description changed" in third
    assert re.search(r"owner: .*Ops.*none", third)


def test_a_revision_says_by_how_much_its_text_grew(wiki: Scene) -> None:
    wiki.write("rota", "one\n")
    wiki.write("rota", "one\n" + "x" * 100)
    wiki.write("rota", "two\n")
    wiki.write("rota", "six\n")
    page = wiki.get("cai", "/eng/rota/-/history").text
    assert "+100 bytes" in entry(page, 2)
    assert "−100 bytes" in entry(page, 3)
    assert "same size" in entry(page, 4)


def test_a_move_into_another_space_names_it_to_those_who_may_know(wiki: Scene) -> None:
    wiki.write("plan", "x\n", space="lab")
    wiki.agree(
        "eve", wiki.post("eve", "/lab/plan/-/move", path="goal", space="eng", message="Now for all")
    )
    assert "<del>lab/plan</del>" in entry(wiki.get("eve", "/eng/goal/-/history").text, 2)
    told = entry(wiki.get("dot", "/eng/goal/-/history").text, 2)
    assert "a space you can’t read" in told
    assert "lab/" not in told


def files_compared(wiki: Scene, old: int, new: int) -> list[str]:
    """The files that a comparison names, and what became of them."""
    shown = wiki.get("cai", f"/eng/rota/-/diff/{old}..{new}").text
    rows = r'<(del|ins|span) class="file-name" dir="auto">([^<]+)<'
    return sorted(f"{kind} {name}" for kind, name in re.findall(rows, shown))


def test_a_comparison_names_the_files_that_differ_in_the_end(wiki: Scene) -> None:
    wiki.write("rota", "one")
    kept = wiki.attach("rota/kept.txt", b"kept")
    plan = wiki.attach("rota/plan.txt", b"one")
    gone = wiki.attach("rota/gone.txt", b"gone")
    wiki.write("rota", "two")
    for file in (kept, gone):
        assert wiki.post("eve", f"/-/f/{file}/remove").status_code == 303
    assert wiki.post("eve", f"/-/f/{kept}/restore").status_code == 303
    wiki.attach("rota/plan.txt", b"two")
    wiki.write("rota", "three")
    assert wiki.post("eve", f"/-/f/{gone}/restore").status_code == 303
    assert wiki.post("eve", f"/-/f/{plan}/restore").status_code == 303
    wiki.write("rota", "four")
    assert files_compared(wiki, 1, 2) == ["ins gone.txt", "ins kept.txt", "ins plan.txt"]
    assert files_compared(wiki, 2, 3) == ["del gone.txt", "span plan.txt"]
    assert files_compared(wiki, 3, 4) == ["ins gone.txt", "span plan.txt"]
    assert files_compared(wiki, 2, 4) == []


def test_a_file_of_the_same_moment_as_a_revision_comes_after_it_on_both_screens(
    wiki: Scene,
) -> None:
    wiki.write("rota", "one")
    with at(now()):
        wiki.write("rota", "two")
        wiki.attach("rota/plan.txt", b"one")
    wiki.write("rota", "three")
    shown = wiki.get("cai", "/eng/rota/-/history").text
    assert shown.index("Revision 3") < shown.index("plan.txt") < shown.index("Revision 2")
    assert files_compared(wiki, 1, 2) == []
    assert files_compared(wiki, 2, 3) == ["ins plan.txt"]


def test_the_history_tells_what_became_of_files(wiki: Scene) -> None:
    page = wiki.write("rota", "words\n")
    first = wiki.attach("rota/plan.txt", b"one", by="ben")
    second = wiki.attach("rota/plan.txt", b"two", by="eve")
    with wiki.database.write() as session:
        remove_file(session, wiki.actor("ben"), second)
    with wiki.database.write() as session:
        restore_file(session, wiki.actor("eve"), first)
    for name in ("a", "b", "c", "d", "e", "f", "g"):
        wiki.attach(f"rota/{name}.txt", b"x", by="ben")
    shown = wiki.get("cai", "/eng/rota/-/history").text
    shown = re.sub(r"<(?!/?li)[^>]*>", "", shown)
    order = [
        "Ben attached g.txt",
        "Eve restored plan.txt",
        "Ben removed plan.txt",
        "Eve replaced plan.txt",
        "Ben attached plan.txt",
        "Revision 1",
    ]
    at = 0
    for words in order:
        at = shown.index(words, at) + 1
    assert shown.count(" attached ") == 2
    assert "b.txt, a.txt" in shown, "those that are folded are named too"
    assert "and 2 more files" in shown
    assert page.head == 1


def test_a_comparison_lists_the_files_that_changed_meanwhile(wiki: Scene) -> None:
    wiki.write("rota", "one\n")
    wiki.attach("rota/kept.txt", b"one")
    gone = wiki.attach("rota/gone.txt", b"one")
    wiki.write("rota", "two\n")
    wiki.attach("rota/kept.txt", b"two")
    with wiki.database.write() as session:
        remove_file(session, wiki.actor("eve"), gone)
    brief = wiki.attach("rota/brief.txt", b"x")
    with wiki.database.write() as session:
        remove_file(session, wiki.actor("eve"), brief)
    wiki.attach("rota/new.txt", b"x")
    wiki.write("rota", "three\n")
    shown = wiki.get("cai", "/eng/rota/-/diff/2..3").text
    assert '<del class="file-name" dir="auto">gone.txt</del>' in shown
    assert '<ins class="file-name" dir="auto">new.txt</ins>' in shown
    assert '<span class="file-name" dir="auto">kept.txt</span>' in shown
    assert "brief.txt" not in shown
    assert "gone.txt" not in wiki.get("cai", "/eng/rota/-/diff/3..3").text
    assert "<dt>Files" not in wiki.get("ben", "/eng/rota/-/restore?revision=2").text


def test_a_long_history_asks_the_database_no_more_often(wiki: Scene) -> None:
    for number in range(3):
        wiki.write("log", f"{number}\n", tags=(f"t{number}",))
        wiki.attach(f"log/{number}.txt", b"x", by="ben")
    wiki.get("cai", "/eng/log/-/history")  # finds out who Cai is
    with counted(wiki) as few:
        wiki.get("cai", "/eng/log/-/history?before=3")
    for number in range(3, 49):
        wiki.write("log", f"{number}\n", tags=(f"t{number}",))
        wiki.attach(f"log/{number}.txt", b"x", by=("ben", "eve")[number % 2])
    wiki.get("cai", "/eng/log/-/history")
    with counted(wiki) as many:
        wiki.get("cai", "/eng/log/-/history?before=49")
    assert len(many) == len(few)
    assert not any("contents.data" in one for one in many)


# -- deleted pages ---------------------------------------------------------------------------------


def deleted(wiki: Scene) -> int:
    """A page of two revisions that was deleted, and another one at its path since; its id."""
    page = wiki.write("rota", "one old line\n", message="Begin")
    wiki.write("rota", "two old lines\n", by="ben")
    wiki.post("ben", "/eng/rota/-/delete")
    wiki.write("rota", "quite another page\n", title="Another")
    return page.id


VERBS = ("", "?revision=1", "/history", "/diff/1..2", "/raw", "/raw?revision=1", "/blame")


@pytest.mark.parametrize("verb", VERBS)
def test_the_past_of_a_deleted_page_is_read_by_those_who_may_edit(wiki: Scene, verb: str) -> None:
    id = deleted(wiki)
    shown = wiki.get("ben", f"/-/p/{id}{verb}")
    assert shown.status_code == 200
    assert "quite another page" not in shown.text
    assert (re.search("old.* lines?", shown.text) is None) == (verb == "/history")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("who", ["nobody", "cai", "gus"])
def test_to_others_it_is_as_absent_as_what_never_was(wiki: Scene, verb: str, who: str) -> None:
    id = deleted(wiki)
    hidden = wiki.get(who, f"/-/p/{id}{verb}")
    absent = wiki.get(who, f"/-/p/999{verb}")
    assert hidden.status_code == 404
    assert hidden.text.replace(f"/p/{id}", "/p/999") == absent.text
    assert wiki.get(who, f"/-/p/{id}{verb}").status_code == 404


def test_every_link_of_a_deleted_pages_past_leads_somewhere(wiki: Scene) -> None:
    id = deleted(wiki)
    todo, seen = [f"/-/p/{id}/history"], set()
    while todo:
        url = todo.pop()
        seen.add(url)
        shown = wiki.get("ben", url)
        assert shown.status_code == 200, url
        for found in re.findall(r'href="([^"#]+)', shown.text):
            found = found.replace("&amp;", "&")
            if found.startswith(f"/-/p/{id}") and found not in seen and found not in todo:
                todo.append(found)
    assert f"/-/p/{id}/restore" in seen
    assert f"/-/p/{id}/diff/1..2" in seen
    assert len(seen) > 8


def test_the_history_is_linked_from_where_the_page_was(wiki: Scene) -> None:
    page = wiki.write("rota", "one old line\n")
    wiki.post("ben", "/eng/rota/-/delete")
    assert f"/-/p/{page.id}/history" in wiki.get("ben", "/eng/rota").text
    assert f"/-/p/{page.id}" not in wiki.get("cai", "/eng/rota").text
    assert f'href="/-/p/{page.id}"' in wiki.get("ben", "/eng/-/changes").text
    assert f"/-/p/{page.id}/diff/0..1" not in wiki.get("cai", "/eng/-/changes").text


def test_a_link_to_the_past_goes_on_working_when_the_page_is_deleted(wiki: Scene) -> None:
    page = wiki.write("rota", "one\n")
    wiki.write("rota", "two\n")
    wiki.post("ben", "/eng/rota/-/delete")
    for verb in ("diff/1..2?view=unified", "history", "raw?revision=1", "blame"):
        moved = wiki.get("ben", f"/eng/rota/-/{verb}")
        assert (moved.status_code, moved.location) == (302, f"/-/p/{page.id}/{verb}")
        assert wiki.get("cai", f"/eng/rota/-/{verb}").status_code == 404


def test_by_its_id_the_past_of_a_page_is_found_wherever_it_is(wiki: Scene) -> None:
    page = wiki.write("rota", "one\n")
    wiki.write("rota", "two\n")
    wiki.agree("ben", wiki.post("ben", "/eng/rota/-/move", path="teams/rota", space="open"))
    for verb in ("diff/1..2?view=unified", "history", "raw?revision=1", "blame"):
        moved = wiki.get("cai", f"/-/p/{page.id}/{verb}")
        assert (moved.status_code, moved.location) == (302, f"/open/teams/rota/-/{verb}")
    assert wiki.get("cai", f"/-/p/{page.id}?revision=1").location == "/open/teams/rota?revision=1"


def test_a_deleted_page_offers_nothing_but_its_past_and_to_come_back(wiki: Scene) -> None:
    id = deleted(wiki)
    shown = wiki.get("ben", f"/-/p/{id}").text
    assert "deleted this page" in shown
    assert f"/-/p/{id}/restore" in shown
    assert "/eng/rota/-/" not in shown.partition('<main class="content')[2]
    assert "restore?revision" not in wiki.get("ben", f"/-/p/{id}/history").text
    assert wiki.post("ben", f"/-/p/{id}/restore", path="old-rota").location == "/eng/old-rota"
    assert "one old line" in wiki.get("cai", "/eng/old-rota?revision=1").text
