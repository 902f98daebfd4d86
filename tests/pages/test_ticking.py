"""Boxes of task lists that are ticked on a page."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from tests.cast import Scene
from wiki.pages.revisions import get_revision, head_of
from wiki.pages.texts.stored import get_text

TEXT = "Before.\n\n- [ ] Order *cake*\n- [x] Book a room\n\nAfter.\n"


@pytest.fixture
def tasks(wiki: Scene) -> Scene:
    wiki.write("party", TEXT, title="Party", tags=("fun",))
    return wiki


def _tick(wiki: Scene, handle: str, **form: object) -> TestResponse:
    sent: dict[str, object] = {"revision": 1, "box": 0, "boxes": 2, "done": "1"}
    return wiki.client(handle).post(
        "/eng/party/-/tick", data=sent | form, headers={"Accept": "application/json"}
    )


def _head(wiki: Scene) -> tuple[str, str]:
    with wiki.database.read() as session:
        head = head_of(session, wiki.page("party"))
        return get_text(session, head.content_hash), head.message


def test_a_tick_is_a_revision_with_a_message(tasks: Scene) -> None:
    assert _tick(tasks, "ben").get_json() == {"revision": 2, "merged": False}
    assert _head(tasks) == (TEXT.replace("[ ]", "[x]"), "Tick “Order cake”")
    assert _tick(tasks, "ben", revision=2, done="0").get_json()["revision"] == 3
    assert _head(tasks) == (TEXT, "Clear “Order cake”")
    with tasks.database.read() as session:
        assert get_revision(session, tasks.page("party"), 3).tags == ["fun"]


def test_a_tick_is_merged_with_later_edits(tasks: Scene) -> None:
    tasks.write("party", TEXT.replace("After", "Later"), title="Party", by="eve")
    assert _tick(tasks, "ben").get_json() == {"revision": 3, "merged": True}
    assert _head(tasks)[0] == TEXT.replace("After", "Later").replace("[ ]", "[x]")


def test_a_tick_of_a_changed_line_is_refused_and_nothing_is_saved(tasks: Scene) -> None:
    changed = TEXT.replace("Order *cake*", "Order bread")
    tasks.write("party", changed, title="Party", by="eve")
    refused = _tick(tasks, "ben")
    assert refused.status_code == 409
    assert "detail" in refused.get_json()
    assert _head(tasks)[0] == changed


def test_another_count_of_boxes_is_refused(tasks: Scene) -> None:
    refused = _tick(tasks, "ben", boxes=3)
    assert refused.status_code == 422
    assert "Nothing was changed" in refused.get_json()["detail"]
    assert tasks.page("party").head == 1


def test_only_editors_tick(tasks: Scene) -> None:
    assert "data-ticks" in tasks.get("ben", "/eng/party").text
    assert "data-ticks" not in tasks.get("cai", "/eng/party").text
    assert _tick(tasks, "cai").status_code == 403
    assert _tick(tasks, "ben", revision=9).status_code == 404
    assert tasks.page("party").head == 1
