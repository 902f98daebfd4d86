"""Mails of notices: when they leave, what they say, and how their reader ends them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import pytest
from sqlalchemy import select, update

from tests.cast import Scene, words_of
from tests.inbox.test_notices import comment, hide, inbox
from wiki.comments.models import Message
from wiki.db import now
from wiki.inbox import mail_preferences, mailing
from wiki.inbox.mailing import send_notice_mails
from wiki.inbox.models import MailPreference, Notice
from wiki.mail.models import Mail
from wiki.mail.smtp import NotSent
from wiki.pages.access.restrictions import set_label
from wiki.people.models import Person
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Membership
from wiki.watching.models import Watch

CONTINENTS = frozenset(
    [
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ]
)


@pytest.fixture(autouse=True)
def server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "_rests_until", 0.0)


def letters(wiki: Scene, to: str) -> list[EmailMessage]:
    """The mails to somebody once the events are delivered and the wait is over."""
    wiki.deliver()
    with wiki.database.write() as session:
        session.execute(update(Notice).where(Notice.mail_at.is_not(None)).values(mail_at=now()))
    send_notice_mails(wiki.database, wiki.settings)
    return [one for one in wiki.letters() if one["To"] == f"{to}@example.org"]


def body(letter: EmailMessage) -> str:
    return words_of(letter)


def stop_of(letter: EmailMessage) -> str:
    return urlsplit(letter["List-Unsubscribe"].strip("<>")).path


def level_of(wiki: Scene, handle: str) -> int | None:
    with wiki.database.read() as session:
        mine = select(Watch.level).where(Watch.person_id == wiki.actor(handle).person_id)
        return session.scalars(mine).first()


@pytest.mark.every_database
def test_a_mention_is_mailed_after_two_minutes_with_its_last_text(wiki: Scene) -> None:
    wiki.write("rota", "words", title="The rota", by="eve")
    comment(wiki, "ben", "See this, @cai: frist")
    wiki.deliver()
    send_notice_mails(wiki.database, wiki.settings)
    assert [one for one in wiki.letters() if one["To"] == "cai@example.org"] == []
    with wiki.database.read() as session:
        message = session.scalars(select(Message.id)).one()
    wiki.post("ben", f"/-/comments/{message}/edit", body="See this, @cai: first")
    (letter,) = letters(wiki, "cai")
    assert letter["Subject"] == "[Trellis] The rota"
    text = body(letter)
    assert "Ben mentioned you in a comment: The rota (Eng)" in text
    assert "first" in text and "frist" not in text
    assert "Because you were mentioned." in text
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["List-Id"] and letter["References"] and letter["Message-ID"]
    assert "ben@example.org" not in letter.as_string()
    assert len(letters(wiki, "cai")) == 1


def test_a_deleted_comment_and_what_was_read_is_not_mailed(wiki: Scene) -> None:
    wiki.write("rota", "words", by="eve")
    comment(wiki, "ben", "See this, @cai")
    wiki.deliver()
    with wiki.database.read() as session:
        message = session.scalars(select(Message.id)).one()
    wiki.post("ben", f"/-/comments/{message}/delete")
    wiki.write("plan", "For @cai", by="eve")
    wiki.deliver()
    wiki.post("cai", "/-/inbox/read", until=10**6)
    assert letters(wiki, "cai") == []


@pytest.mark.every_database
def test_the_gate_is_asked_again_when_a_mail_is_sent(wiki: Scene) -> None:
    wiki.write("secret", "For @cai", title="The zeppelin", by="eve")
    assert inbox(wiki, "cai")
    hide(wiki, "secret")
    assert letters(wiki, "cai") == []
    with wiki.database.read() as session:
        due = select(Notice.id).where(Notice.mail_at.is_not(None))
        assert session.scalars(due).all() == []
        assert session.scalars(select(Mail.id)).all() == []


@pytest.mark.parametrize(
    ("label", "title", "excerpt"),
    [
        (Label.INTERNAL, True, True),
        (Label.CONFIDENTIAL, True, False),
        (Label.RESTRICTED, False, False),
    ],
)
def test_the_label_decides_what_leaves_the_wiki(
    wiki: Scene, label: Label, title: bool, excerpt: bool
) -> None:
    wiki.write("plan", "words", title="The zeppelin", by="eve")
    with wiki.database.write() as session:
        set_label(session, wiki.actor("eve"), wiki.page("plan").id, label, consent=UNASKED)
    with wiki.database.write() as session:
        space_id, person_id = wiki.page("plan").space_id, wiki.actor("ada").person_id
        session.add(Membership(space_id=space_id, person_id=person_id, role=int(Role.LEAD)))
    comment(wiki, "ada", "See this, @eve", "plan")
    (letter,) = [one for one in letters(wiki, "eve") if "notice" in one["Message-ID"]]
    assert ("zeppelin" in letter.as_string()) is title
    assert ("See this" in letter.as_string()) is excerpt
    assert ("Sign in to see it" in body(letter)) is not title


def test_at_most_four_changes_a_day_are_mailed_and_the_rest_is_one_digest(wiki: Scene) -> None:
    wiki.post("cai", "/eng/-/watch", level="everything")
    for number in range(7):
        wiki.write(f"page-{number}", "words", title=f"Page {number}", by="eve")
    assert len(letters(wiki, "cai")) == 4
    with wiki.database.read() as session:
        waiting = session.scalars(select(Notice.mail_at).where(Notice.in_digest)).all()
    assert len(waiting) == 3 and all(at is not None and at > now() for at in waiting)
    (digest,) = [one for one in letters(wiki, "cai") if "digest" in one["Message-ID"]]
    assert digest["Subject"] == "What’s new on Trellis"
    assert body(digest).count("Eve created the page") == 3
    assert len(letters(wiki, "cai")) == 5


def test_a_digest_lists_twenty_and_says_how_many_more_there_are(wiki: Scene) -> None:
    wiki.post("cai", "/-/inbox/mail", mentions="1", changes="digest", hour="7")
    wiki.post("cai", "/eng/-/watch", level="changes")
    for number in range(23):
        wiki.write(f"page-{number}", "words", by="eve")
    assert letters(wiki, "cai") == []
    (digest,) = letters(wiki, "cai")
    assert body(digest).count("Eve created the page") == 20
    assert "And 3 more in your inbox." in body(digest)


def test_the_digest_is_due_at_the_readers_hour_also_as_clocks_change(
    monkeypatch: pytest.MonkeyPatch, wiki: Scene
) -> None:
    person = Person(time_zone="Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    # Clocks go forward on 28 March 2027 at 2:00 and back on 31 October 2027 at 3:00.
    for start in (datetime(2027, 3, 27, tzinfo=UTC), datetime(2027, 10, 30, tzinfo=UTC)):
        for hour in (0, 2, 8, 23):
            moment, due = start, []
            while moment < start + timedelta(days=3):
                monkeypatch.setattr(mail_preferences, "now", lambda at=moment: at)
                due.append(mail_preferences.next_digest(person, wiki.settings, hour))
                moment += timedelta(minutes=30)
            local = [at.astimezone(berlin) for at in dict.fromkeys(due)]
            assert len({at.date() for at in local}) == len(local)
            assert all(at.hour == hour for at in local if at.date().isoformat() != "2027-03-28")
            assert all(later > earlier for earlier, later in pairwise(local))


def zones_of_all_offsets() -> dict[str, str]:
    """A zone of each offset from UTC that clocks show in a year."""
    found = {}
    for name in sorted(available_timezones()):
        for month in (1, 7):
            offset = datetime(2027, month, 15, tzinfo=ZoneInfo(name)).strftime("%z")
            if name.partition("/")[0] in CONTINENTS:
                found.setdefault(offset, name)
    return found


def test_the_digest_is_due_once_a_day_at_the_hour_in_every_offset(
    monkeypatch: pytest.MonkeyPatch, wiki: Scene
) -> None:
    zones = zones_of_all_offsets()
    assert len(zones) >= 38
    for name in set(zones.values()):
        person, zone = Person(time_zone=name), ZoneInfo(name)
        changes = [datetime(2027, 1, 15, tzinfo=UTC)]
        for day in range(1, 366):  # and around each change of the clocks
            at = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=day)
            if (
                at.astimezone(zone).utcoffset()
                != (at - timedelta(days=1)).astimezone(zone).utcoffset()
            ):
                changes.append(at)
        for start in changes:
            moment, due = start - timedelta(days=2), []
            while moment < start + timedelta(days=2):
                monkeypatch.setattr(mail_preferences, "now", lambda at=moment: at)
                due.append(mail_preferences.next_digest(person, wiki.settings, 7))
                moment += timedelta(minutes=15)
            local = [at.astimezone(zone) for at in dict.fromkeys(due)]
            assert [at.hour for at in local] == [7] * len(local), name
            days = [at.date() for at in local]
            assert days == [days[0] + timedelta(days=n) for n in range(len(days))], name


@pytest.mark.every_database
def test_one_post_without_a_sign_in_ends_exactly_the_reason(wiki: Scene) -> None:
    wiki.app.config["WTF_CSRF_ENABLED"] = True
    wiki.write("rota", "words", by="eve")
    stranger = wiki.app.test_client()
    wiki.deliver()
    with wiki.database.write() as session:
        page = wiki.page("rota")
        session.add(
            Watch(
                person_id=wiki.actor("cai").person_id,
                subject=f"page:{page.id}",
                page_id=page.id,
                level=4,
                reason="chosen",
            )
        )
    wiki.write("rota", "Entirely different sentences stand here today.", by="ben")
    (letter,) = letters(wiki, "cai")
    stop = stop_of(letter)
    shown = stranger.get(stop)
    assert shown.status_code == 200 and "Stop these emails" in shown.text
    assert level_of(wiki, "cai") == 4
    for _ in range(2):
        done = stranger.post(stop, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200 and "Emails stopped" in done.text
    assert level_of(wiki, "cai") == 1
    wiki.write("rota", "Once more, something else altogether is here. @cai", by="ben")
    mention = next(one for one in letters(wiki, "cai") if "mentioned you" in body(one))
    stranger.post(stop_of(mention))
    with wiki.database.read() as session:
        chosen = session.get_one(MailPreference, wiki.actor("cai").person_id)
        assert (chosen.mentions, chosen.changes) == (False, "soon")
    assert stranger.post(f"{stop[:-3]}xyz").status_code == 404


def test_preferences_are_kept_and_wrong_ones_refused(wiki: Scene) -> None:
    assert wiki.post("cai", "/-/inbox/mail", changes="never", hour="9").status_code == 303
    shown = wiki.get("cai", "/-/inbox/mail").text
    assert re.search(r'value="never" checked', shown)
    assert re.search(r'<option value="9" selected', shown)
    for wrong in ({"changes": "often", "hour": "9"}, {"changes": "never", "hour": "24"}):
        assert wiki.post("cai", "/-/inbox/mail", **wrong).status_code == 422
    wiki.write("rota", "For @cai", by="eve")
    assert letters(wiki, "cai") == []


def test_mails_wait_while_the_server_does_not_answer(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise NotSent("no answer", unreachable=True)

    wiki.write("rota", "For @cai", by="eve")
    with monkeypatch.context() as broken:
        broken.setattr(mailing.postman, "send", fail)
        assert letters(wiki, "cai") == []
    assert letters(wiki, "cai") == []  # it is not asked again at once
    vars(mailing)["_rests_until"] = 0.0
    assert len(letters(wiki, "cai")) == 1


def test_a_process_that_ends_after_sending_repeats_the_same_mail(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    wiki.write("rota", "For @cai", by="eve")
    with monkeypatch.context() as killed:
        killed.setattr(mailing, "_note_sent", die)
        with pytest.raises(KeyboardInterrupt):
            letters(wiki, "cai")
    again = letters(wiki, "cai")
    assert len({one["Message-ID"] for one in again}) == 1
    assert len(letters(wiki, "cai")) == len(again)
