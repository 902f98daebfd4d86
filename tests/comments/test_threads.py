"""Discussions on pages: opened, answered, edited, deleted and resolved with forms."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from tests.cast import Scene, csrf_token
from tests.pages.test_query_counts import counted
from wiki.comments.handlers import render_messages
from wiki.comments.models import EarlierText, Message, Reaction, StateChange, Thread
from wiki.db import Base
from wiki.outbox.models import EventRow
from wiki.pages.access.restrictions import AccessList, restrict
from wiki.pages.actions import delete_page
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.people.models import Person
from wiki.purging.actions import purge_page
from wiki.rules.access import May
from wiki.rules.roles import Role
from wiki.spaces.actions import give_role
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Space


def rows(wiki: Scene, table: type[Base]) -> int:
    with wiki.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def lets_comment(wiki: Scene, handle: str, slug: str = "eng", role: Role = Role.COMMENTER) -> None:
    with wiki.database.write() as session:
        space = session.scalars(select(Space).where(Space.slug == slug)).one()
        give_role(session, wiki.actor("eve"), space, wiki.actor(handle).person_id or 0, role)


def says(wiki: Scene, who: str, body: str, at: str = "/eng/rota") -> int:
    """Open a thread; the id of its message."""
    return posted(wiki.post(who, f"{at}/-/comments", body=body))


def answers(wiki: Scene, who: str, message_id: int, body: str, **more: object) -> int:
    thread = thread_of(wiki, message_id)
    return posted(wiki.post(who, f"/-/threads/{thread.id}/reply", body=body, **more))


def posted(answer: TestResponse) -> int:
    assert answer.status_code == 303, answer.text
    return int(answer.location.rpartition("#m")[2])


def thread_of(wiki: Scene, message_id: int) -> Thread:
    with wiki.database.read() as session:
        return session.get_one(Thread, session.get_one(Message, message_id).thread_id)


@pytest.fixture(autouse=True)
def page(wiki: Scene) -> None:
    wiki.write("rota", "words", title="The rota")
    lets_comment(wiki, "cai")


def test_a_commenter_opens_a_thread_below_the_page(wiki: Scene) -> None:
    wiki.app.config["WTF_CSRF_ENABLED"] = True
    shown = wiki.get("cai", "/eng/rota").text
    assert 'action="/eng/rota/-/comments"' in shown
    token = csrf_token(shown)
    sent = {"body": "Who is *on call*?", "back": "page"}
    answer = wiki.post("cai", "/eng/rota/-/comments", csrf_token=token, **sent)
    assert re.fullmatch(r"/eng/rota#m\d+", answer.location)
    assert "Who is on call?" in wiki.get("cai", "/eng/rota").text
    listed = wiki.get("ben", "/eng/rota/-/comments").text
    assert "Who is <em>on call</em>?" in listed
    assert "Open (1)" in listed
    assert wiki.post("cai", "/eng/rota/-/comments", **sent).status_code == 400  # no token


def test_a_comment_is_on_the_page_at_the_next_request_of_everybody(wiki: Scene) -> None:
    for reader in ("cai", "ben"):
        assert "Anything new?" not in wiki.get(reader, "/eng/rota").text
    says(wiki, "cai", "Anything new?")
    for reader in ("cai", "ben"):
        assert "Anything new?" in wiki.get(reader, "/eng/rota").text
        assert "1 open discussion" in wiki.get(reader, "/eng/rota").text


def test_readers_see_comments_and_no_form(wiki: Scene) -> None:
    message = says(wiki, "cai", "A question")
    for url in ("/eng/rota", "/eng/rota/-/comments"):
        shown = wiki.get("dot", url).text
        assert "A question" in shown
        assert 'name="body"' not in shown
    thread = thread_of(wiki, message)
    for url, form in (
        ("/eng/rota/-/comments", {"body": "me too"}),
        (f"/-/threads/{thread.id}/reply", {"body": "me too"}),
        (f"/-/threads/{thread.id}/state", {"resolve": "1"}),
        (f"/-/comments/{message}/edit", {"body": "other words"}),
        (f"/-/comments/{message}/delete", {}),
        (f"/-/comments/{message}/react", {"sign": "agree"}),
    ):
        assert wiki.post("dot", url, **form).status_code == 403, url
    assert (rows(wiki, Message), rows(wiki, Reaction)) == (1, 0)


def test_visitors_without_an_account_read_comments_of_a_public_space(wiki: Scene) -> None:
    wiki.write("plan", "words", space="open")
    says(wiki, "ben", "A public question", "/open/plan")
    assert "A public question" in wiki.get("nobody", "/open/plan").text
    shown = wiki.get("nobody", "/open/plan/-/comments").text
    assert "A public question" in shown
    assert "/-/login?next=" in shown
    assert 'name="body"' not in shown


def test_a_guest_comments_by_their_role_in_the_space(wiki: Scene) -> None:
    wiki.write("stand", "words", space="fair")
    says(wiki, "gus", "From a guest", "/fair/stand")
    assert "From a guest" in wiki.get("eve", "/fair/stand").text
    assert wiki.post("gus", "/eng/rota/-/comments", body="x").status_code == 404


def test_replies_are_shown_two_deep_and_name_whom_they_answer(wiki: Scene) -> None:
    first = says(wiki, "cai", "Question")
    second = answers(wiki, "ben", first, "Answer")
    third = answers(wiki, "eve", first, "Objection", answers=2)
    fourth = answers(wiki, "cai", first, "Reply to the objection", answers=3)
    fifth = answers(wiki, "ben", first, "Another answer")
    shown = wiki.get("ben", f"/eng/rota/-/comments?message={first}").text
    places = [shown.index(f'id="m{one}"') for one in (first, second, third, fourth, fifth)]
    assert places == sorted(places)
    assert len(re.findall(r'class="comment below"', shown)) == 2
    assert shown.count("in reply to Eve") == 1
    assert "in reply to Ben" not in shown  # it is right below
    with wiki.database.read() as session:
        kept = session.execute(select(Message.number, Message.above, Message.answers)).all()
        assert [tuple(row) for row in kept] == [
            (1, 0, 0),
            (2, 0, 0),
            (3, 2, 2),
            (4, 2, 3),
            (5, 0, 0),
        ]


def test_quoting_begins_the_reply_with_the_text(wiki: Scene) -> None:
    first = says(wiki, "cai", "First line\n\nSecond line")
    thread = thread_of(wiki, first)
    shown = wiki.get("ben", f"/eng/rota/-/comments?thread={thread.id}&answers=1&quote").text
    assert "&gt; First line\n&gt;\n&gt; Second line\n\n</textarea>" in shown


def test_an_edit_keeps_the_former_text(wiki: Scene) -> None:
    message = says(wiki, "cai", "Frist")
    assert "Frist" in wiki.get("cai", f"/-/comments/{message}/edit").text
    assert wiki.post("cai", f"/-/comments/{message}/edit", body="First").status_code == 303
    shown = wiki.get("dot", "/eng/rota/-/comments").text
    assert "First" in shown and "Frist" not in shown
    assert f'href="/-/comments/{message}/versions"' in shown
    versions = wiki.get("dot", f"/-/comments/{message}/versions").text
    assert "First" in versions and "Frist" in versions
    wiki.post("cai", f"/-/comments/{message}/edit", body="First")  # nothing changes
    assert rows(wiki, EarlierText) == 1
    for other in ("ben", "eve"):
        assert wiki.post(other, f"/-/comments/{message}/edit", body="x").status_code == 403


def test_deleting_leaves_a_note_and_no_word(wiki: Scene) -> None:
    message = says(wiki, "cai", "Zanzibar")
    wiki.post("cai", f"/-/comments/{message}/edit", body="Zanzibar again")
    wiki.post("ben", f"/-/comments/{message}/react", sign="agree")
    answers(wiki, "ben", message, "A reply that stays")
    assert wiki.post("ben", f"/-/comments/{message}/delete").status_code == 403
    assert wiki.post("cai", f"/-/comments/{message}/delete").status_code == 303
    shown = wiki.get("dot", "/eng/rota/-/comments").text
    assert "This comment was deleted" in shown and "A reply that stays" in shown
    assert "Zanzibar" not in shown
    assert "Zanzibar" not in wiki.get("dot", f"/-/comments/{message}/versions").text
    assert "Zanzibar" not in wiki.get("dot", "/eng/rota").text
    assert (rows(wiki, EarlierText), rows(wiki, Reaction)) == (0, 0)
    assert wiki.post("cai", f"/-/comments/{message}/edit", body="x").status_code == 404


def test_a_lead_deletes_the_comment_of_another_person_which_the_audit_says(wiki: Scene) -> None:
    message = says(wiki, "cai", "Rude")
    assert "Delete comment" in wiki.get("eve", f"/-/comments/{message}/edit").text
    assert wiki.post("eve", f"/-/comments/{message}/delete").status_code == 303
    assert "Eve</a> deleted this comment" in wiki.get("dot", "/eng/rota/-/comments").text
    assert "deleted a comment by" in wiki.get("ada", "/-/admin/audit").text


def test_who_opened_a_thread_resolves_and_reopens_it_with_a_reason(wiki: Scene) -> None:
    message = says(wiki, "cai", "Is this right?")
    thread = thread_of(wiki, message)
    with wiki.database.write() as session:
        space = session.scalars(select(Space).where(Space.slug == "eng")).one()
        give_role(session, wiki.actor("eve"), space, wiki.actor("cai").person_id or 0, Role.READER)
    url = f"/-/threads/{thread.id}/state"
    wiki.post("cai", url, resolve="1", reason="It  is\nright")
    assert "Is this right?" not in wiki.get("dot", "/eng/rota").text
    assert "Is this right?" not in wiki.get("dot", "/eng/rota/-/comments").text
    shown = wiki.get("dot", "/eng/rota/-/comments?state=resolved").text
    assert "Is this right?" in shown and '<q dir="auto">It is right</q>' in shown
    wiki.post("ben", url, reopen="1", reason="No")  # an editor
    shown = wiki.get("dot", "/eng/rota/-/comments").text
    assert "It is right" in shown and ">No</q>" in shown
    wiki.post("ben", url, reopen="1")
    assert rows(wiki, StateChange) == 2
    lets_comment(wiki, "dot")
    assert wiki.post("dot", url, resolve="1").status_code == 403


def test_a_reaction_is_set_once_and_taken_back(wiki: Scene) -> None:
    message = says(wiki, "cai", "Shall we?")
    url = f"/-/comments/{message}/react"
    for who in ("cai", "ben"):
        wiki.post(who, url, sign="agree")
    shown = wiki.get("cai", "/eng/rota/-/comments").text
    assert 'value="agree" aria-pressed="true"' in shown
    assert re.search(r"👍</span> 2<", shown)
    wiki.post("cai", url, sign="agree")
    assert rows(wiki, Reaction) == 1
    assert wiki.post("cai", url, sign="rage").status_code == 422
    with wiki.database.read() as session:
        hashes = select(EventRow.link).where(EventRow.name == "CommentReacted")
        assert session.scalars(hashes).all() == [None, None]


@pytest.mark.parametrize("body", ["", "  \n ", "x" * 20_001, "a\0b"])
def test_a_refused_comment_is_shown_again_with_its_text(wiki: Scene, body: str) -> None:
    answer = wiki.post("cai", "/eng/rota/-/comments", body=body)
    assert answer.status_code in (413, 422)
    assert 'name="body"' in answer.text
    assert "x" * 20_001 in answer.text or len(body) < 10
    assert rows(wiki, Thread) == 0


def test_a_secret_in_a_comment_is_refused_and_the_text_kept(wiki: Scene) -> None:
    secret = "AKIA" + "Z7Q4M2N9B8V6C5X3"
    message = says(wiki, "cai", "Fine")
    for url in (
        "/eng/rota/-/comments",
        f"/-/threads/{thread_of(wiki, message).id}/reply",
        f"/-/comments/{message}/edit",
    ):
        answer = wiki.post("cai", url, body=f"The key is {secret}, keep it.")
        assert answer.status_code == 422, url
        assert f"The key is {secret}, keep it." in answer.text
    thread = thread_of(wiki, message)
    answer = wiki.post("cai", f"/-/threads/{thread.id}/state", resolve="1", reason=secret)
    assert answer.status_code == 422
    assert f'id="reason-{thread.id}-error"' in answer.text
    assert rows(wiki, Message) == 1


def test_a_comment_sent_after_the_session_ended_is_kept_through_the_sign_in(wiki: Scene) -> None:
    answer = wiki.post("nobody", "/eng/rota/-/comments", body="Typed before the session ended")
    assert 'name="kept.body" value="Typed before the session ended"' in answer.text
    assert rows(wiki, Thread) == 0


def test_comments_follow_a_page_that_moves_and_its_permissions(wiki: Scene) -> None:
    message = says(wiki, "cai", "A question")
    page = wiki.page("rota")
    with wiki.database.write() as session:
        move_page(session, wiki.actor("ben"), page.id, MoveTo("duty/rota"), consent=UNASKED)
    answer = wiki.get("cai", f"/-/p/{page.id}/comments?message={message}")
    assert answer.location == f"/eng/duty/rota/-/comments?message={message}"
    assert "A question" in wiki.get("cai", answer.location).text
    with wiki.database.write() as session:
        lab = session.scalars(select(Space).where(Space.slug == "lab")).one()
        to = MoveTo("rota", space=lab)
        move_page(session, wiki.actor("eve"), page.id, to, consent=UNASKED)
    assert "A question" in wiki.get("ben", "/lab/rota/-/comments").text
    thread = thread_of(wiki, message)
    absent = wiki.get("dot", "/lab/nothing/-/comments")
    hidden = wiki.get("dot", "/lab/rota/-/comments")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.data.replace(b"rota", b"nothing") == absent.data
    for url in (f"/-/threads/{thread.id}/reply", f"/-/comments/{message}/react"):
        assert wiki.post("dot", url, body="x", sign="agree").status_code == 404
    assert wiki.get("dot", f"/-/comments/{message}/versions").status_code == 404


def test_a_restriction_hides_the_comments_at_the_next_request(wiki: Scene) -> None:
    message = says(wiki, "cai", "A question")
    assert "A question" in wiki.get("dot", "/eng/rota/-/comments").text
    with wiki.database.write() as session:
        only = AccessList(May.READ, [wiki.actor("cai").person_id or 0])
        restrict(session, wiki.actor("eve"), wiki.page("rota").id, only, consent=UNASKED)
    for url in ("/eng/rota/-/comments", f"/-/comments/{message}/versions"):
        assert wiki.get("dot", url).status_code == 404
    assert "A question" in wiki.get("cai", "/eng/rota/-/comments").text


def test_comments_of_a_deleted_page_come_back_with_it_and_go_with_a_purged_one(
    wiki: Scene,
) -> None:
    message = says(wiki, "cai", "A question")
    page = wiki.page("rota")
    with wiki.database.write() as session:
        delete_page(session, wiki.actor("ben"), page.id)
    thread = thread_of(wiki, message)
    assert wiki.post("cai", f"/-/threads/{thread.id}/reply", body="x").status_code == 404
    assert wiki.get("cai", f"/-/p/{page.id}/comments").status_code == 404
    assert "A question" in wiki.get("ben", f"/-/p/{page.id}/comments").text
    with wiki.database.write() as session:
        purge_page(session, wiki.actor("ada"), page.id, seen=page.head, anywhere=True)
    tables = (Thread, Message, EarlierText, StateChange, Reaction)
    assert [rows(wiki, table) for table in tables] == [0] * 5


def test_comments_stay_without_their_author(wiki: Scene) -> None:
    says(wiki, "cai", "A question")
    with wiki.database.write() as session:
        session.delete(session.get_one(Person, wiki.actor("cai").person_id))
    for url in ("/eng/rota", "/eng/rota/-/comments"):
        shown = wiki.get("ben", url).text
        assert "A question" in shown and "Someone" in shown


def test_long_lists_are_cut_by_keys_and_nothing_is_left_out(wiki: Scene) -> None:
    with wiki.database.write() as session:
        page_id, author = wiki.page("rota").id, wiki.actor("cai").person_id
        for _ in range(120):
            thread = Thread(page_id=page_id, opened_by_id=author, last_number=1)
            session.add(thread)
            session.flush()
            session.add(said(thread.id, 1, author))
        for number in range(2, 251):
            session.add(said(thread.id, number, author))
        thread.last_number = 250
    url, seen = "/eng/rota/-/comments", set()
    for _ in range(3):
        shown = wiki.get("ben", url).text
        seen |= set(re.findall(r'id="t(\d+)"', shown))
        following = re.search(r'rel="next" href="([^"]+)"', shown)
        url = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == 120 and not url
    assert "Open (99+)" in shown
    url, numbers = f"/eng/rota/-/comments?thread={thread.id}", set()
    for start in (0, 100, 200):
        shown = wiki.get("ben", f"{url}&from={start}").text
        numbers |= set(re.findall(r"<p>number (\d+)</p>", shown))
    assert len(numbers) == 250


def said(thread_id: int, number: int, author: int | None) -> Message:
    return Message(
        thread_id=thread_id,
        number=number,
        author_id=author,
        revision=1,
        text=f"number {number}",
        html=f"<p>number {number}</p>",
    )


def statements(wiki: Scene, urls: tuple[str, ...]) -> list[int]:
    found = []
    for url in urls:
        wiki.get("ben", f"{url}?again")  # fills caches of the process
        with counted(wiki) as sent:
            assert wiki.get("ben", url).status_code == 200
        found.append(len(sent))
    return found


def test_the_number_of_queries_does_not_grow(wiki: Scene) -> None:
    urls = ("/eng/rota", "/eng/rota/-/comments", "/eng/rota/-/comments?state=all")
    before = statements(wiki, urls)
    for times in (1, 8):
        for _ in range(times):
            first = says(wiki, "cai", "By @ben about [[rota]]")
            answers(wiki, "ben", first, "Reply to @cai")
            for number in range(4):
                answers(wiki, "eve", first, f"More {number}", answers=2)
            wiki.post("eve", f"/-/comments/{first}/react", sign="agree")
        found = statements(wiki, urls)
        if times == 1:
            some = found
    assert found == some
    assert some[0] <= before[0] + 1


def test_a_text_without_a_rendering_is_rendered_for_its_reader_and_by_the_worker(
    wiki: Scene,
) -> None:
    message = says(wiki, "cai", "Some *words*")
    for values in ({"html": "", "rendered_with": ""}, {"html": "<p>old</p>", "rendered_with": "1"}):
        with wiki.database.write() as session:
            session.execute(update(Message).values(**values))
        assert "Some <em>words</em>" in wiki.get("ben", "/eng/rota/-/comments").text
        render_messages(wiki.database, wiki.settings)
        with wiki.database.read() as session:
            assert session.get_one(Message, message).html == "<p>Some <em>words</em></p>"
