"""Renaming, merging and removing tags: a revision on each page, told as one entry."""

import re

import pytest
from sqlalchemy import func, select

from tests.cast import Scene
from tests.pages.test_query_counts import counted
from wiki.errors import Forbidden, NotFound
from wiki.outbox.models import EventRow
from wiki.pages.models import Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.revisions import get_revision
from wiki.tags.actions import Renaming, remove_tag, rename_tag
from wiki.tags.projection import check


def tags_of(wiki: Scene, path: str, space: str = "eng") -> list[str]:
    page = wiki.page(path, space=space)
    with wiki.database.read() as session:
        return get_revision(session, page, page.head).tags


def renamed(wiki: Scene, tag: str, to: str, who: str = "ben", **form: str) -> str:
    answer = wiki.post(who, "/eng/-/rename-tag", tag=tag, to=to, **form)
    assert answer.status_code == 303, answer.text
    return wiki.get(who, answer.headers["Location"]).text


def test_a_renamed_tag_keeps_its_place_among_the_tags_of_each_page(wiki: Scene) -> None:
    wiki.write("one", "x", tags=("first", "Rota", "last"))
    wiki.write("two", "x", tags=("rota",))
    wiki.write("other", "x", tags=("first",))
    wiki.write("elsewhere", "x", space="open", tags=("rota",))
    wiki.deliver()
    shown = renamed(wiki, "ROTA", "On call")
    assert "2 pages now have the tag: “On call”." in shown
    assert tags_of(wiki, "one") == ["first", "On call", "last"]
    assert tags_of(wiki, "two") == ["On call"]
    assert wiki.page("other").head == 1
    assert tags_of(wiki, "elsewhere", "open") == ["rota"]
    history = wiki.get("cai", "/eng/one/-/history").text
    assert "Tag renamed: rota → On call" in history
    assert wiki.get("cai", "/eng/-/tags/rota").status_code == 404


def test_before_a_merge_one_is_told_what_it_brings_together(wiki: Scene) -> None:
    for name in ("one", "two", "three"):
        wiki.write(name, "x", tags=("rota",))
    wiki.write("three", "x", tags=("duty", "rota", "more"))
    wiki.write("four", "x", tags=("duty",))
    wiki.deliver()
    asked = wiki.get("ben", "/eng/-/rename-tag?tag=rota&to=Duty").text
    assert "Merge “rota” into “duty”" in asked
    assert "3 pages with “rota” will get “Duty” instead, like the 2 pages" in asked
    unasked = wiki.post("ben", "/eng/-/rename-tag", tag="rota", to="duty")
    assert unasked.status_code == 409
    assert "renaming would merge the two" in unasked.text
    assert wiki.page("one").head == 1
    renamed(wiki, "rota", "duty", merge="1")
    assert tags_of(wiki, "one") == ["duty"]
    assert tags_of(wiki, "three") == ["duty", "more"]
    assert "Tag merged: rota → duty" in wiki.get("cai", "/eng/three/-/history").text
    assert wiki.page("four").head == 1


def test_a_tag_can_be_spelled_otherwise(wiki: Scene) -> None:
    wiki.write("one", "x", tags=("rota",))
    wiki.write("two", "x", tags=("Rota",))
    wiki.deliver()
    assert "One page now has the tag: “Rota”." in renamed(wiki, "rota", "Rota")
    again = wiki.post("ben", "/eng/-/rename-tag", tag="rota", to="Rota")
    assert again.status_code == 422
    assert "already spell it “Rota”" in again.text


def test_a_removed_tag_is_off_all_pages_of_the_space(wiki: Scene) -> None:
    wiki.write("one", "x", tags=("rota", "duty"))
    wiki.write("two", "x", tags=("Rota",))
    wiki.deliver()
    assert "removed from 2 pages" in wiki.get("ben", "/eng/-/remove-tag?tag=rota").text
    answer = wiki.post("ben", "/eng/-/remove-tag", tag="rota")
    assert answer.headers["Location"] == "/eng/-/tags"
    assert tags_of(wiki, "one") == ["duty"]
    assert tags_of(wiki, "two") == []
    assert "Tag removed: Rota" in wiki.get("cai", "/eng/one/-/history").text


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ("", "Enter a name for the tag"),
        (" \0 ", "Enter a name for the tag"),
        ("a, b", "can’t contain commas"),
        ("x" * 61, "up to 60 characters"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_a_sentence(
    wiki: Scene, to: str, sentence: str
) -> None:
    wiki.write("one", "x", tags=("rota",))
    wiki.deliver()
    refused = wiki.post("ben", "/eng/-/rename-tag", tag="rota", to=to)
    assert refused.status_code == 422
    assert sentence in refused.text
    assert wiki.page("one").head == 1


def test_only_those_who_edit_the_space_rename_its_tags(wiki: Scene) -> None:
    wiki.write("one", "x", tags=("rota",))
    wiki.write("one", "x", space="lab", tags=("rota",))
    wiki.deliver()
    assert "Rename or merge" in wiki.get("ben", "/eng/-/tags/rota").text
    assert "Rename or merge" not in wiki.get("cai", "/eng/-/tags/rota").text
    for verb in ("rename-tag", "remove-tag"):
        for handle, space, status in (("cai", "eng", 403), ("dot", "lab", 404)):
            assert wiki.get(handle, f"/{space}/-/{verb}?tag=rota").status_code == status
            sent = wiki.post(handle, f"/{space}/-/{verb}", tag="rota", to="duty")
            assert sent.status_code == status
        assert "/-/login" in wiki.get("nobody", f"/eng/-/{verb}?tag=rota").headers["Location"]
        assert wiki.get("ben", f"/eng/-/{verb}?tag=no").status_code == 404
        assert wiki.post("ben", f"/eng/-/{verb}", tag="no", to="duty").status_code == 404
    space_id = wiki.page("one").space_id
    with wiki.database.write() as session:
        with pytest.raises(Forbidden):
            rename_tag(session, wiki.actor("cai"), space_id, Renaming("rota", "duty"))
        with pytest.raises(Forbidden):
            remove_tag(session, wiki.actor("cai"), space_id, "rota")
        with pytest.raises(NotFound):
            remove_tag(session, wiki.actor("nobody"), space_id, "rota")


def test_a_run_is_one_entry_of_the_changes_and_two_runs_are_two(wiki: Scene) -> None:
    for number in range(5):
        wiki.write(f"page-{number}", "x", tags=("a", "b"))
    wiki.deliver()
    renamed(wiki, "a", "c")
    renamed(wiki, "b", "d")
    wiki.deliver()
    shown = wiki.get("cai", "/eng/-/changes").text
    assert shown.count("changed the tags of 5 pages") == 2
    for why in ("Tag renamed: a → c", "Tag renamed: b → d"):
        assert why in shown
    assert shown.count("and 2 more") == 2


def test_a_run_renders_nothing_asks_little_and_leaves_the_lists_right(wiki: Scene) -> None:
    for number in range(30):
        wiki.write(f"page-{number}", f"x {number}", tags=("a",))
    wiki.deliver()
    with wiki.database.read() as session:
        renderings = session.scalar(select(func.count()).select_from(RenderingRow))
    space_id = wiki.page("page-1").space_id
    with counted(wiki) as statements, wiki.database.write() as session:
        rename_tag(session, wiki.actor("ben"), space_id, Renaming("a", "b"))
    assert len(statements) < 25, "\n".join(statements)
    with wiki.database.read() as session:
        assert session.scalar(select(func.count()).select_from(RenderingRow)) == renderings
        assert list(check(session)) == []
    assert wiki.get("cai", "/eng/page-3").status_code == 200
    wiki.deliver()
    with wiki.database.read() as session:
        assert list(check(session)) == []
    found = wiki.get("cai", "/-/search?q=tag:b").text
    assert "30 pages" in found


def test_more_pages_than_fit_one_go_are_said_and_gone_on_with(wiki: Scene) -> None:
    for number in range(7):
        wiki.write(f"page-{number}", "x", tags=("a",))
    wiki.deliver()
    space_id = wiki.page("page-1").space_id
    lefts = []
    for _ in range(3):
        with wiki.database.write() as session:
            done = rename_tag(
                session, wiki.actor("ben"), space_id, Renaming("a", "b", bool(lefts)), most=3
            )
            lefts.append((done.pages, done.left))
    assert lefts == [(3, 4), (3, 1), (1, 0)]
    with wiki.database.read() as session:
        revisions = select(func.count()).where(Revision.action == "tag")
        assert session.scalar(revisions) == 7
        events = session.scalars(select(EventRow).order_by(EventRow.id)).all()[-7:]
    assert {event.payload["action"] for event in events} == {"tag"}


def test_an_edit_that_was_begun_before_a_rename_is_merged_with_it(wiki: Scene) -> None:
    wiki.write("one", "first\n\nsecond\n", tags=("rota", "mine"))
    wiki.deliver()
    renamed(wiki, "rota", "duty")
    saved = wiki.post(
        "eve",
        "/eng/one/-/edit",
        title="one",
        body="first\n\nsecond, changed\n",
        tags="rota, mine, more",
        base="1",
    )
    assert saved.status_code == 303
    assert sorted(tags_of(wiki, "one")) == ["duty", "mine", "more"]
    assert re.search("second, changed", wiki.get("cai", "/eng/one").text)
