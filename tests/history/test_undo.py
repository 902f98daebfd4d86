"""Undoing one change of a page, while everything that was saved after it is kept."""

import pytest

from tests.cast import Scene
from tests.pages.test_editing_together import fields_of
from wiki.pages.merging import Text
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.secrets import Override
from wiki.pages.saving.submit import submit

LINES = "take one\n\ntake two\n\ntake three\n"


def three(wiki: Scene) -> None:
    """Write a page whose second revision changes the first line, and the third the last one."""
    wiki.write("list", LINES, by="ben")
    wiki.write("list", LINES.replace("one", "first"), by="eve", title="The list")
    wiki.write("list", LINES.replace("one", "first").replace("three", "third"), by="ben")


def source(wiki: Scene) -> str:
    return wiki.get("cai", "/eng/list/-/raw").text


def test_undoing_a_change_keeps_later_ones(wiki: Scene) -> None:
    three(wiki)
    asked = wiki.get("ben", "/eng/list/-/undo?revision=2").text
    assert "<ins>one</ins>" in asked
    assert "third</ins>" not in asked
    done = wiki.post("ben", "/eng/list/-/undo", revision=2, head=3, message="It was right before")
    assert (done.status_code, done.location) == (303, "/eng/list")
    assert source(wiki) == "take one\n\ntake two\n\ntake third\n"
    assert wiki.page("list").head == 4
    assert wiki.page("list").title == "list"
    history = wiki.get("cai", "/eng/list/-/history").text
    assert "It was right before" in history
    assert "Undid the change in" in history


def test_the_newest_change_can_be_undone(wiki: Scene) -> None:
    three(wiki)
    wiki.post("ben", "/eng/list/-/undo", revision=3, head=3)
    assert source(wiki) == "take first\n\ntake two\n\ntake three\n"
    assert "Undo revision 3" in wiki.get("cai", "/eng/list/-/history").text


def test_an_undo_can_be_undone(wiki: Scene) -> None:
    three(wiki)
    before = source(wiki)
    wiki.post("ben", "/eng/list/-/undo", revision=2, head=3)
    wiki.post("ben", "/eng/list/-/undo", revision=4, head=4)
    assert source(wiki) == before
    assert wiki.page("list").title == "The list"


def test_a_change_that_later_edits_overlap_is_undone_in_the_form_for_conflicts(
    wiki: Scene,
) -> None:
    three(wiki)
    wiki.write("list", "take uno\n\ntake two\n\ntake third\n", by="eve")
    form = wiki.get("ben", "/eng/list/-/undo?revision=2")
    assert "Revision 2 can’t be undone automatically" in form.text
    refused = wiki.post("ben", "/eng/list/-/undo", revision=2, head=4)
    assert refused.status_code == 409
    assert source(wiki) == "take uno\n\ntake two\n\ntake third\n"
    sent = fields_of(refused)
    unanswered = wiki.post("ben", "/eng/list/-/resolve", **sent)
    assert "Revision 2 can’t be undone automatically" in unanswered.text
    sent |= {"choice-text-1": "mine"}
    assert wiki.post("ben", "/eng/list/-/resolve", **sent).status_code == 303
    assert source(wiki) == "take one\n\ntake two\n\ntake third\n"
    assert wiki.page("list").title == "list"


def test_an_undo_asks_again_when_the_page_was_saved_meanwhile(wiki: Scene) -> None:
    three(wiki)
    wiki.write("list", "take first\n\ntake 2\n\ntake third\n", by="eve")
    again = wiki.post("ben", "/eng/list/-/undo", revision=2, head=3, message="Wrong")
    assert again.status_code == 409
    assert "Nothing was undone yet" in again.text
    assert 'value="Wrong"' in again.text
    wiki.post("ben", "/eng/list/-/undo", revision=2, head=4)
    assert source(wiki) == "take one\n\ntake 2\n\ntake third\n"


def test_a_change_that_is_gone_leaves_nothing_to_undo(wiki: Scene) -> None:
    three(wiki)
    wiki.post("ben", "/eng/list/-/undo", revision=2, head=3)
    assert "nothing to undo" in wiki.get("ben", "/eng/list/-/undo?revision=2").text
    wiki.post("ben", "/eng/list/-/undo", revision=2, head=4)
    assert wiki.page("list").head == 4


@pytest.mark.parametrize("number", ["", "0", "1", "4", "x", "9" * 30])
def test_a_revision_that_changed_nothing_cannot_be_undone(wiki: Scene, number: str) -> None:
    three(wiki)
    assert wiki.get("ben", f"/eng/list/-/undo?revision={number}").status_code == 404
    assert wiki.post("ben", "/eng/list/-/undo", revision=number).status_code == 404


def test_only_editors_may_undo(wiki: Scene) -> None:
    three(wiki)
    assert wiki.get("cai", "/eng/list/-/undo?revision=2").status_code == 403
    assert wiki.post("cai", "/eng/list/-/undo", revision=2, head=3).status_code == 403
    assert "-/undo" not in wiki.get("cai", "/eng/list/-/history").text
    assert "-/undo?revision=2" in wiki.get("ben", "/eng/list/-/diff/1..2").text
    wiki.write("secret", "x\n", space="lab")
    wiki.write("secret", "y\n", space="lab")
    hidden = wiki.get("dot", "/lab/secret/-/undo?revision=2")
    assert hidden.status_code == 404
    assert hidden.text == wiki.get("dot", "/lab/absent/-/undo?revision=2").text.replace(
        "absent", "secret"
    )


def test_an_undo_that_brings_a_secret_back_needs_a_reason(wiki: Scene) -> None:
    key = "AKIA" + "Y34FZKBOKMUTVV7Q"
    page = wiki.write("list", LINES)
    with wiki.database.write() as session:
        text, reason = Text("list", f"{LINES}{key}\n"), Override("meant")
        submit(session, wiki.actor("eve"), Edit(page.id, text, base=1, override=reason))
    wiki.write("list", LINES)
    refused = wiki.post("ben", "/eng/list/-/undo", revision=3, head=3)
    assert refused.status_code == 422
    assert key not in source(wiki)
    seen = refused.text.partition('name="seen" value="')[2].partition('"')[0]
    wiki.post("ben", "/eng/list/-/undo", revision=3, head=3, seen=seen, allow="meant")
    assert key in source(wiki)
