"""Discussions over the API: the same actions, permissions and answers as on screens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.api.conftest import OPERATIONS, Api
from tests.api.test_tokens import OF_COMMENTS, address_of, call, token_for
from tests.cast import Scene
from tests.comments.test_threads import answers, lets_comment, posted, says
from wiki.attachments.storage import Storage
from wiki.comments.checking import check_threads
from wiki.comments.models import Message, Thread
from wiki.redaction.actions import redact_span
from wiki.redaction.targets import SpanTarget
from wiki.spaces.models import Space
from wiki.transfer.exporting import export_space
from wiki.web.operations import Operation

BODIES = {
    "post_message": {"json": {"body": "x"}},
    "put_state": {"json": {"state": "resolved"}},
    "put_passage": {"json": {"quote": "words"}},
    "put_suggestion": {"json": {"state": "dismissed"}},
    "patch_message": {"json": {"body": "x"}},
}


@pytest.fixture
def api(wiki: Scene) -> Api:
    return Api(wiki)


@pytest.fixture(autouse=True)
def page(wiki: Scene) -> None:
    wiki.write("rota", "words", title="The rota")
    lets_comment(wiki, "cai")


def test_a_discussion_is_held_over_the_api(wiki: Scene, api: Api) -> None:
    cai, eve = token_for(wiki, "cai"), token_for(wiki, "eve")
    place = "/pages/eng/rota/threads"
    begun = call(api, cai, "POST", place, json={"body": "Who is *on call*?"})
    assert begun.status_code == 201, begun.text
    thread, first = begun.json["id"], begun.json["messages"][0]
    assert first["html"] == "<p>Who is <em>on call</em>?</p>"
    sent = {"body": "Ben", "answers": 1}
    second = call(api, eve, "POST", f"/threads/{thread}/messages", json=sent).json
    third = call(api, cai, "POST", f"/threads/{thread}/messages", json={"body": "?", "answers": 2})
    assert (second["number"], second["answers"], third.json["answers"]) == (2, None, 2)
    message = f"/messages/{first['id']}"
    changed = call(api, cai, "PATCH", message, json={"body": "Who?"})
    assert changed.json["body"] == "Who?" and changed.json["edited_at"]
    assert call(api, eve, "PATCH", message, json={"body": "x"}).status_code == 403
    for _ in range(2):
        assert call(api, eve, "PUT", f"{message}/reactions/agree").status_code == 204
    reason = {"state": "resolved", "reason": "It is Ben"}
    whole = call(api, cai, "PUT", f"/threads/{thread}/state", json=reason).json
    assert (whole["state"], whole["changes"][0]["reason"]) == ("resolved", "It is Ben")
    assert whole["messages"][0]["reactions"] == [{"sign": "agree", "count": 1, "mine": False}]
    assert call(api, eve, "GET", place).json["threads"] == []
    listed = call(api, eve, "GET", f"{place}?state=resolved").json["threads"]
    assert [one["id"] for one in listed] == [thread]
    opened = call(api, eve, "PUT", f"/threads/{thread}/state", json={"state": "open"})
    assert opened.json["state"] == "open"
    assert call(api, eve, "DELETE", f"{message}/reactions/agree").status_code == 204
    assert call(api, eve, "DELETE", message).status_code == 204
    read = call(api, cai, "GET", f"/threads/{thread}").json
    assert [one["body"] for one in read["messages"]] == ["", "Ben", "?"]
    assert read["messages"][0]["deleted_at"] and read["messages_total"] == 3


def test_long_discussions_are_read_in_slices(wiki: Scene, api: Api) -> None:
    first = says(wiki, "cai", "First")
    with wiki.database.write() as session:
        thread = session.get_one(Thread, session.get_one(Message, first).thread_id)
        for number in range(2, 251):
            session.add(Message(thread_id=thread.id, number=number, revision=1, text=str(number)))
        thread.last_number = 250
    token, url, numbers = token_for(wiki, "ben"), f"/threads/{thread.id}", set()
    while url:
        read = call(api, token, "GET", url.removeprefix("/-/api/v1")).json
        numbers |= {one["number"] for one in read["messages"]}
        url = read["next"]
    assert numbers == set(range(1, 251))


@pytest.mark.parametrize("one", OF_COMMENTS, ids=lambda one: one.name)
def test_a_discussion_outside_the_spaces_of_a_token_does_not_exist(
    one: Operation, wiki: Scene, api: Api
) -> None:
    wiki.write("plan", "words", space="lab")
    about = {"quote": "words", "suggest": "1", "suggestion": "other words"}
    message = posted(wiki.post("eve", "/lab/plan/-/comments", body="Hidden", **about))
    with wiki.database.read() as session:
        thread = session.get_one(Message, message).thread_id
    narrow, wide = token_for(wiki, "eve", "eng"), token_for(wiki, "eve")
    sent = BODIES.get(one.name, {})
    here = {"message": str(message), "thread": str(thread), "sign": "agree"}
    gone = {"message": "999", "thread": "999", "sign": "agree"}
    hidden = call(api, narrow, one.method, address_of(one, "lab", **here), **sent)
    absent = call(api, narrow, one.method, address_of(one, "lab", **gone), **sent)
    assert (hidden.status_code, hidden.data) == (404, absent.data)
    assert call(api, wide, one.method, address_of(one, "lab", **here), **sent).status_code < 300


def test_every_operation_of_comments_is_described() -> None:
    assert {"list_threads", "post_thread"} <= set(OPERATIONS)
    assert len(OF_COMMENTS) == 9


def test_a_redaction_reaches_comments_and_their_earlier_texts(wiki: Scene) -> None:
    message = says(wiki, "cai", "The code is *zanzibar* today")
    wiki.post("cai", f"/-/comments/{message}/edit", body="It was **zanzibar** yesterday")
    with wiki.database.read() as session:
        thread = session.get_one(Message, message).thread_id
    wiki.post("cai", f"/-/threads/{thread}/state", resolve="1", reason="zanzibar is known")
    with wiki.database.write() as session:
        target = SpanTarget("zanzibar", [wiki.page("rota").id])
        redact_span(session, wiki.actor("eve"), Storage(wiki.settings.data_dir), target, "leaked")
    for url in (
        "/eng/rota/-/comments?state=all",
        "/eng/rota",
        f"/-/comments/{message}/versions",
    ):
        assert "zanzibar" not in wiki.get("ben", url).text, url
    shown = wiki.get("ben", "/eng/rota/-/comments?state=all").text
    assert "It was <strong>" in shown and "yesterday" in shown
    refused = wiki.post("cai", "/eng/rota/-/comments", body="The code is zanzibar")
    assert refused.status_code == 422
    assert "was redacted" in refused.text


def test_an_export_has_the_comments_beside_the_pages(wiki: Scene, tmp_path: Path) -> None:
    about = {"quote": "words", "suggest": "1", "suggestion": "other words"}
    message = posted(wiki.post("cai", "/eng/rota/-/comments", body="A *question*", **about))
    answers(wiki, "ben", message, "An answer")
    wiki.post("eve", f"/-/comments/{message}/react", sign="done")
    with wiki.database.read() as session:
        space = session.scalars(select(Space).where(Space.slug == "eng")).one()
        storage = Storage(wiki.settings.data_dir)
        export_space(session, wiki.actor("ben"), space, tmp_path / "tree", storage)
    kept = json.loads((tmp_path / "tree/.trellis/comments.json").read_text())
    [thread] = kept["rota.md"]
    assert [one["body"] for one in thread["messages"]] == ["A *question*", "An answer"]
    assert thread["messages"][0]["reactions"] == {"done": ["eve"]}
    assert (thread["passage"]["exact"], thread["suggestion"]["text"]) == ("words", "other words")
    assert thread["passage"]["now"]["certainty"] == "exact"


def test_the_check_finds_and_mends_what_disagrees(wiki: Scene) -> None:
    message = says(wiki, "cai", "A question")
    answers(wiki, "ben", message, "An answer")

    def findings() -> list[str]:
        found = list(check_threads(wiki.database, wiki.settings, lambda _done, _all: None))
        for one in found:
            assert one.repair is not None
            one.repair()
        return [one.sentence for one in found]

    assert findings() == []
    with wiki.database.write() as session:
        thread = session.get_one(Thread, session.get_one(Message, message).thread_id)
        thread.last_number, thread.resolved_at = 7, thread.opened_at
        reply = session.scalars(select(Message).where(Message.number == 2)).one()
        reply.above = 5
    assert len(findings()) == 2
    assert findings() == []
    with wiki.database.read() as session:
        assert session.get_one(Thread, thread.id).resolved_at is None
