"""Notices: who is told of what, once, and only as long as they may read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from tests.api.conftest import Api
from tests.cast import Scene
from tests.pages.test_query_counts import counted
from tests.watching.test_watching import make_group
from wiki.comments.models import Message, Thread
from wiki.inbox.handlers import tell_of_messages
from wiki.inbox.models import MessageMention, Notice
from wiki.outbox.deliver import Happening
from wiki.outbox.models import EventRow
from wiki.pages.access.restrictions import AccessList, restrict
from wiki.pages.actions import delete_page
from wiki.people.models import Person
from wiki.purging.actions import purge_page
from wiki.rules.access import May
from wiki.rules.roles import SiteRole
from wiki.spaces.consent import UNASKED
from wiki.watching.models import Watch


def inbox(wiki: Scene, handle: str, show: str = "inbox") -> list[str]:
    """The sentences in somebody's inbox, after the worker has done its work."""
    wiki.deliver()
    html = wiki.get(handle, f"/-/inbox?show={show}").text
    return re.findall(r'<a class="row-title"[^>]*>.*?<span dir="auto">(.+?)</span></a>', html)


def badge(wiki: Scene, handle: str) -> int:
    number: int = wiki.get(handle, "/-/inbox/unread").json["unread"]
    return number


def notice_of(wiki: Scene, handle: str) -> int:
    """The id of somebody's only notice."""
    with wiki.database.read() as session:
        found = select(Notice.id).where(Notice.person_id == wiki.actor(handle).person_id)
        return session.scalars(found).one()


def comment(wiki: Scene, by: str, body: str, path: str = "rota") -> None:
    assert wiki.post(by, f"/eng/{path}/-/comments", body=body).status_code == 303


def hide(wiki: Scene, path: str) -> None:
    with wiki.database.write() as session:
        nobody = AccessList(May.READ, [])
        restrict(session, wiki.actor("eve"), wiki.page(path).id, nobody, consent=UNASKED)


@pytest.mark.every_database
def test_watchers_are_told_of_changes_and_comments_by_others_with_the_reason(wiki: Scene) -> None:
    wiki.write("rota", "The first words of the rota.", title="The rota", by="eve")
    wiki.deliver()
    wiki.post("cai", "/eng/-/watch", level="changes")
    wiki.write("rota", "Entirely different sentences stand here today.", by="ben")
    comment(wiki, "ben", "Is this right?")
    assert inbox(wiki, "cai") == ["Ben changed the page"]
    assert inbox(wiki, "eve") == ["Ben commented", "Ben changed the page"]
    assert inbox(wiki, "ben") == []
    assert inbox(wiki, "dot") == []
    shown = wiki.get("eve", "/-/inbox").text
    assert "Is this right?" in shown and "Because you wrote The rota." in shown
    assert "Because you watch Eng." in wiki.get("cai", "/-/inbox").text
    assert 'href="/eng/rota/-/diff/1..2"' in wiki.get("cai", "/-/inbox").text
    assert (badge(wiki, "eve"), badge(wiki, "cai"), badge(wiki, "ben")) == (2, 1, 0)
    assert "2 unread notices" in wiki.get("eve", "/").text


@pytest.mark.every_database
def test_events_about_one_subject_are_one_notice_until_it_is_read(wiki: Scene) -> None:
    wiki.write("rota", "words", by="eve")
    for number in range(3):
        comment(wiki, "ben", f"Question {number}?")
        wiki.deliver()
    with wiki.database.read() as session:
        threads = session.scalars(select(Thread.id)).all()
    for number in range(3):
        wiki.post("ben", f"/-/threads/{threads[0]}/reply", body=f"And {number}?")
    assert inbox(wiki, "eve")[0] == "4 comments, the last by Ben"
    assert badge(wiki, "eve") == 3
    wiki.post("eve", "/-/inbox/read", until=10**6)
    assert badge(wiki, "eve") == 0
    wiki.post("ben", f"/-/threads/{threads[0]}/reply", body="One more?")
    assert inbox(wiki, "eve")[0] == "Ben commented"
    assert badge(wiki, "eve") == 1


@pytest.mark.every_database
def test_a_repeated_delivery_changes_nothing(wiki: Scene) -> None:
    wiki.write("rota", "words", by="eve")
    comment(wiki, "ben", "See this, @cai.")
    wiki.deliver()
    with wiki.database.read() as session:
        row = session.scalars(select(EventRow).where(EventRow.name == "CommentPosted")).one()
        happening = Happening(
            0, row.id, row.name, row.at, row.actor_id, row.space_id, row.page_id, row.payload
        )
    wiki.post("cai", f"/-/inbox/{notice_of(wiki, 'cai')}", do="done")
    for _ in range(3):
        tell_of_messages(wiki.database, wiki.settings, [happening])
    assert inbox(wiki, "cai") == []
    assert inbox(wiki, "cai", "done") == ["Ben mentioned you in a comment"]
    assert inbox(wiki, "eve") == ["Ben commented"]


@pytest.mark.every_database
def test_a_mention_is_told_once_also_when_it_is_edited_in_later(wiki: Scene) -> None:
    wiki.write("rota", "words", by="eve")
    comment(wiki, "ben", "Is this right?")
    assert inbox(wiki, "cai") == []
    with wiki.database.read() as session:
        message = session.scalars(select(Message.id)).one()
    for body in ("Is this right, @cai?", "Is this right, @cai and @eve?", "Is it? @cai"):
        wiki.post("ben", f"/-/comments/{message}/edit", body=body)
        wiki.deliver()
    assert inbox(wiki, "cai") == ["Ben mentioned you in a comment"]
    with wiki.database.read() as session:
        counts = session.scalars(select(Notice.count).where(Notice.kind == "mention")).all()
        assert list(counts) == [1, 1]
    assert inbox(wiki, "eve", "mentions") == ["Ben mentioned you in a comment"]


@pytest.mark.every_database
def test_a_page_mentions_people_once_for_as_long_as_it_names_them(wiki: Scene) -> None:
    wiki.write("rota", "On call: @cai", title="The rota", by="eve")
    assert inbox(wiki, "cai") == ["Eve mentioned you"]
    wiki.post("cai", "/-/inbox/read", until=10**6)
    wiki.write("rota", "On call: @cai, and then everybody else in turn.", by="eve")
    wiki.deliver()
    assert badge(wiki, "cai") == 0
    wiki.write("rota", "Nobody is on call this week at all.", by="eve")
    wiki.deliver()
    wiki.write("rota", "On call again: @cai", by="eve")
    wiki.deliver()
    assert badge(wiki, "cai") == 1


@pytest.mark.every_database
def test_muting_beats_groups_and_the_space_and_not_ones_own_name(wiki: Scene) -> None:
    make_group(wiki, "crew", "ben", "cai", "gus")
    wiki.write("rota", "words", by="eve")
    wiki.post("cai", "/eng/rota/-/watch", level="mute")
    comment(wiki, "eve", "Hello @crew and @space")
    assert inbox(wiki, "cai") == []
    assert inbox(wiki, "ben") == ["Eve mentioned you in a comment"]
    assert inbox(wiki, "gus") == []  # can't read the page
    comment(wiki, "eve", "Hello @cai")
    assert inbox(wiki, "cai") == ["Eve mentioned you in a comment"]


def test_only_leads_can_mention_a_space_with_many_readers(wiki: Scene) -> None:
    with wiki.database.write() as session:
        session.add_all(
            Person(handle=f"p{n}", name=f"P {n}", site_role=SiteRole.MEMBER.value)
            for n in range(20)
        )
    wiki.write("rota", "words", by="eve")
    comment(wiki, "ben", "Hello @space")
    assert inbox(wiki, "cai") == []
    comment(wiki, "eve", "Hello @space")
    assert inbox(wiki, "cai") == ["Eve mentioned you in a comment"]


def test_a_text_tells_at_most_a_hundred_people_of_twenty_five_names(wiki: Scene) -> None:
    with wiki.database.write() as session:
        session.add_all(
            Person(handle=f"p{n}", name=f"P {n}", site_role=SiteRole.MEMBER.value)
            for n in range(150)
        )
    wiki.write("rota", "words", by="eve")
    comment(wiki, "eve", "Hello @space")
    comment(wiki, "eve", " ".join(f"@p{n}" for n in range(30)))
    wiki.deliver()
    with wiki.database.read() as session:
        per_message = select(func.count(MessageMention.person_id)).group_by(
            MessageMention.message_id
        )
        numbers = session.scalars(per_message.order_by(MessageMention.message_id)).all()
    assert list(numbers) == [100, 25]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("The office opens at nine.", "The office *opens* at nine.", False),
        ("The ofice opens at nine.", "The office opens at nine.", False),
        ("You may park here.", "You must park here.", True),
        ("It ends at 17:00.", "It ends at 18:00.", True),
        ("Go left, then right.", "Go right, then left.", True),
        ("A sentence.", "A sentence. Another one with several more words.", True),
    ],
)
def test_slight_changes_tell_nobody_but_numbers_and_duties_do(
    wiki: Scene, old: str, new: str, told: bool
) -> None:
    wiki.write("rota", old, by="eve")
    wiki.deliver()
    wiki.post("cai", "/eng/rota/-/watch", level="changes")
    wiki.write("rota", new, by="eve")
    assert (inbox(wiki, "cai") != []) is told


@pytest.mark.every_database
def test_what_is_hidden_deleted_or_purged_leaves_list_and_count_at_once(wiki: Scene) -> None:
    for path in ("secret", "gone", "purged", "plain"):
        wiki.write(path, "On call: @cai", title=f"Zeppelin {path}", by="eve")
    assert len(inbox(wiki, "cai")) == badge(wiki, "cai") == 4
    hide(wiki, "secret")
    with wiki.database.write() as session:
        delete_page(session, wiki.actor("eve"), wiki.page("gone").id)
    with wiki.database.write() as session:
        purge_page(session, wiki.actor("ada"), wiki.page("purged").id, seen=1)
    assert len(inbox(wiki, "cai")) == badge(wiki, "cai") == 1
    assert "Zeppelin plain" in wiki.get("cai", "/-/inbox").text
    api = Api(wiki)
    listed = api.get("cai", "/inbox").json
    assert ([one["path"] for one in listed["notices"]], listed["unread"]) == (["plain"], 1)


def test_a_notice_of_another_person_or_of_what_is_hidden_is_not_there(wiki: Scene) -> None:
    wiki.write("secret", "On call: @cai", by="eve")
    wiki.deliver()
    one = notice_of(wiki, "cai")
    assert wiki.post("ben", f"/-/inbox/{one}", do="done").status_code == 404
    hide(wiki, "secret")
    hidden = wiki.post("cai", f"/-/inbox/{one}", do="mute")
    missing = wiki.post("cai", f"/-/inbox/{one + 10}", do="mute")
    assert hidden.status_code == missing.status_code == 404


def test_notices_are_read_snoozed_done_and_muted(wiki: Scene) -> None:
    wiki.write("rota", "On call: @cai", by="eve")
    assert inbox(wiki, "cai") == ["Eve mentioned you"]
    act = f"/-/inbox/{notice_of(wiki, 'cai')}"
    wiki.post("cai", act, do="read")
    assert (badge(wiki, "cai"), len(inbox(wiki, "cai"))) == (0, 1)
    wiki.post("cai", act, do="unread")
    assert badge(wiki, "cai") == 1
    answer = wiki.post("cai", act, do="tomorrow", back="/-/inbox?show=snoozed")
    assert answer.location == "/-/inbox?show=snoozed"
    assert (badge(wiki, "cai"), inbox(wiki, "cai")) == (0, [])
    assert inbox(wiki, "cai", "snoozed") == ["Eve mentioned you"]
    with wiki.database.write() as session:
        session.execute(update(Notice).values(snoozed_until=Notice.told_at))
    assert badge(wiki, "cai") == 1
    wiki.post("cai", act, do="mute")
    assert (inbox(wiki, "cai"), inbox(wiki, "cai", "done")) == ([], ["Eve mentioned you"])
    with wiki.database.read() as session:
        mine = select(Watch.level).where(Watch.person_id == wiki.actor("cai").person_id)
        assert session.scalars(mine).one() == 0
    assert wiki.post("cai", act, do="explode").status_code == 422


@pytest.mark.every_database
def test_a_resolved_discussion_and_a_request_for_access_are_told(wiki: Scene) -> None:
    wiki.write("rota", "words", by="eve")
    comment(wiki, "ben", "Is this right?")
    wiki.deliver()
    with wiki.database.read() as session:
        thread = session.scalars(select(Thread.id)).one()
    wiki.post("eve", f"/-/threads/{thread}/state", resolve="1")
    assert inbox(wiki, "ben") == ["Eve resolved a discussion"]
    wiki.post("dot", "/-/request-access", at="/lab/plan", message="Please")
    assert "1 request for access" in inbox(wiki, "eve")
    assert 'href="/lab/-/requests"' in wiki.get("eve", "/-/inbox").text
    assert inbox(wiki, "cai") == []


def fill(wiki: Scene, count: int) -> None:
    for number in range(count):
        wiki.write(f"page-{count}-{number}", "On call: @cai", by="eve")
        comment(wiki, "ben", "@cai?", f"page-{count}-{number}")
    wiki.deliver()


def test_the_inbox_takes_the_same_statements_for_any_number_of_notices(wiki: Scene) -> None:
    seen: list[Sequence[str]] = []
    for count in (1, 8):
        fill(wiki, count)
        wiki.get("cai", "/-/watching")  # what is remembered of the sign-in is read again
        with counted(wiki) as statements:
            wiki.get("cai", "/-/inbox")
        seen.append(statements)
    assert len(seen[0]) == len(seen[1])


def test_the_inbox_is_read_in_slices_without_gaps(wiki: Scene) -> None:
    fill(wiki, 4)
    wiki.post("cai", f"/-/inbox/{newest_of_cai(wiki)}", do="read")
    api = Api(wiki)
    address, seen, states = "/inbox?limit=3", [], []
    while address:
        answer = api.get("cai", address).json
        seen += [one["id"] for one in answer["notices"]]
        states += [one["state"] for one in answer["notices"]]
        address = (answer["next"] or "").removeprefix("/-/api/v1")
    assert len(seen) == len(set(seen)) == 8
    assert states == ["unread"] * 7 + ["read"]


def newest_of_cai(wiki: Scene) -> int:
    with wiki.database.read() as session:
        mine = select(Notice.id).where(Notice.person_id == wiki.actor("cai").person_id)
        return session.scalars(mine.order_by(Notice.last_event.desc())).first() or 0


def test_the_badge_is_remembered_and_changes_no_remembered_page(wiki: Scene) -> None:
    wiki.alone()
    wiki.write("rota", "On call: @cai", by="eve")
    wiki.deliver()
    first = wiki.get("cai", "/-/inbox/unread")
    again = wiki.get("cai", "/-/inbox/unread", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    for _ in range(2):
        wiki.get("cai", "/eng/rota")
    wiki.post("cai", f"/-/inbox/{notice_of(wiki, 'cai')}", do="done")
    with counted(wiki) as statements:
        wiki.get("cai", "/eng/rota")
    assert not [one for one in statements if "FROM pages" in one]
    assert badge(wiki, "cai") == 0


def test_fan_out_takes_the_same_few_statements_for_any_number_of_watchers(wiki: Scene) -> None:
    wiki.write("rota", "words", by="eve")
    comment(wiki, "ben", "Is this right?")
    wiki.deliver()
    with wiki.database.read() as session:
        row = session.scalars(select(EventRow).where(EventRow.name == "CommentPosted")).one()
        one = Happening(
            0, row.id, row.name, row.at, row.actor_id, row.space_id, row.page_id, row.payload
        )
    seen = []
    for count in (1, 200):
        with wiki.database.write() as session:
            people = [
                Person(handle=f"w{count}-{n}", name="W", site_role=SiteRole.MEMBER.value)
                for n in range(count)
            ]
            session.add_all(people)
            session.flush()
            key = {"subject": f"page:{row.page_id}", "page_id": row.page_id}
            session.add_all(
                Watch(person_id=person.id, level=4, reason="chosen", **key) for person in people
            )
        with counted(wiki) as statements:
            tell_of_messages(
                wiki.database, wiki.settings, [replace(one, event_id=one.event_id + count)]
            )
        seen.append(len(statements))
    assert seen[0] == seen[1] <= 6
    with wiki.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Notice)) == 1 + 201
