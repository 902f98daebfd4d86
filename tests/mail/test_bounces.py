"""Addresses that a mail server knows no more: noted, told to their owners, and left alone."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select, update

from tests.cast import Scene, words_of
from tests.inbox.test_notices import comment
from wiki.config import Settings
from wiki.db import now
from wiki.inbox import mailing
from wiki.inbox.mailing import send_notice_mails
from wiki.inbox.models import Notice
from wiki.mail.messages import post
from wiki.outbox.deliver import Deliverer
from wiki.outbox.models import Delivery
from wiki.people import handlers
from wiki.people.models import Person
from wiki.rules.access import ANONYMOUS
from wiki.subscribers import handlers_by_name


class Mailbox:
    """The recipients of a mail server: its answers for them, and the mails that it took."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.taken: list[Envelope] = []

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        answer = self.answers.get(address, "250 fine")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        return "250 taken"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield box, port
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "_rests_until", 0.0)
    monkeypatch.setattr(mailing, "_rests_until", 0.0)


def by(wiki: Scene, port: int) -> Settings:
    return replace(wiki.settings, smtp_url=f"smtp://127.0.0.1:{port}")


def mail(wiki: Scene, port: int, handle: str = "ben", template: str = "codes_renewed") -> None:
    words = {"token": "token"} if template == "password_link" else {}
    with wiki.database.write() as session:
        person = session.get_one(Person, wiki.actor(handle).person_id)
        post(session, wiki.settings, ANONYMOUS, person, f"people/mail/{template}.txt", **words)
    Deliverer(wiki.database, by(wiki, port), handlers_by_name()).deliver_all()


def bounced(wiki: Scene, handle: str = "ben") -> str | None:
    with wiki.database.read() as session:
        return session.get_one(Person, wiki.actor(handle).person_id).bounced


@pytest.mark.every_database
def test_an_address_that_fails_is_told_on_the_next_visit_and_not_written_to(
    wiki: Scene, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    told = "Emails to <strong>ben@example.org</strong> come back"
    assert told not in wiki.get("ben", "/").text
    box.answers["ben@example.org"] = "550 5.1.1 no such user"
    mail(wiki, port)
    assert told in wiki.get("ben", "/").text
    assert told in wiki.get("ben", "/eng/").text and told not in wiki.get("cai", "/").text
    box.answers.clear()
    mail(wiki, port)
    assert box.taken == []
    assert wiki.post("ben", "/-/me/address").status_code == 303
    assert told not in wiki.get("ben", "/").text
    mail(wiki, port)
    assert [one.rcpt_tos for one in box.taken] == [["ben@example.org"]]


def test_another_address_is_written_to(wiki: Scene, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    box.answers["ben@example.org"] = "550 5.1.1 no such user"
    mail(wiki, port)
    with wiki.database.write() as session:
        session.execute(
            update(Person).where(Person.handle == "ben").values(email="okafor@example.org")
        )
    mail(wiki, port)
    assert [one.rcpt_tos for one in box.taken] == [["okafor@example.org"]]


def test_a_password_link_is_sent_anyway_and_opening_it_confirms_the_address(
    wiki: Scene, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    box.answers["ben@example.org"] = "550 5.1.1 no such user"
    mail(wiki, port)
    box.answers.clear()
    stranger = wiki.app.test_client()
    stranger.post("/-/forgot", data={"login": "ben"})
    Deliverer(wiki.database, by(wiki, port), handlers_by_name()).deliver_all()
    (envelope,) = box.taken
    content = envelope.content
    assert isinstance(content, bytes)
    token = content.partition(b"/-/reset/")[2].split()[0].decode()
    new = {"password": "a correct new horse", "new_password": "a correct new horse"}
    stranger.post(f"/-/reset/{token}", data=new)
    assert bounced(wiki) is None


@pytest.mark.parametrize(
    "answer", ["554 5.7.1 relay access denied", "550 5.7.26 no SPF", "451 4.7.1 come again later"]
)
def test_policies_and_delays_of_a_server_say_nothing_of_an_address(
    wiki: Scene, mailbox: tuple[Mailbox, int], answer: str
) -> None:
    box, port = mailbox
    box.answers["ben@example.org"] = answer
    mail(wiki, port)
    assert bounced(wiki) is None
    with wiki.database.read() as session:
        assert session.scalars(select(Delivery.attempts)).all() == [1]


def due(wiki: Scene) -> list[Notice]:
    with wiki.database.read() as session:
        return list(session.scalars(select(Notice).where(Notice.mail_at.is_not(None))))


def send(wiki: Scene, port: int) -> None:
    with wiki.database.write() as session:
        session.execute(update(Notice).where(Notice.mail_at.is_not(None)).values(mail_at=now()))
    send_notice_mails(wiki.database, by(wiki, port))


def test_a_notice_that_a_server_puts_off_is_mailed_later_once(
    wiki: Scene, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    wiki.write("rota", "words", by="eve")
    comment(wiki, "ben", "See this, @cai")
    wiki.deliver()
    box.answers["cai@example.org"] = "451 4.7.1 come again later"
    send(wiki, port)
    assert all(one.mail_at is not None and one.mail_at > now() for one in due(wiki)) and due(wiki)
    box.answers.clear()
    for _ in range(2):
        send(wiki, port)
    assert [one.rcpt_tos for one in box.taken if "cai@example.org" in one.rcpt_tos] == [
        ["cai@example.org"]
    ]


def test_a_notice_to_an_address_that_fails_ends_and_stays_in_the_inbox(
    wiki: Scene, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    wiki.write("rota", "words", by="eve")
    comment(wiki, "ben", "See this, @cai")
    wiki.deliver()
    box.answers["cai@example.org"] = "550 5.1.1 no such user"
    send(wiki, port)
    assert bounced(wiki, "cai") == "cai@example.org"
    comment(wiki, "ben", "And this, @cai")
    wiki.deliver()
    box.answers.clear()
    send(wiki, port)
    assert not [one for one in box.taken if "cai@example.org" in one.rcpt_tos]
    assert "mentioned you" in wiki.get("cai", "/-/inbox").text


def test_a_server_that_lets_nobody_in_loses_no_notice(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise smtplib.SMTPAuthenticationError(535, b"5.7.8 wrong password")

    wiki.write("rota", "For @cai", by="eve")
    wiki.deliver()
    with monkeypatch.context() as broken:
        broken.setattr("wiki.mail.smtp._send_by_smtp", refuse)
        send(wiki, 1)
    assert due(wiki)
    vars(mailing)["_rests_until"] = 0.0
    with wiki.database.write() as session:
        session.execute(update(Notice).where(Notice.mail_at.is_not(None)).values(mail_at=now()))
    send_notice_mails(wiki.database, wiki.settings)
    assert "mentioned you" in words_of(wiki.letters()[-1])
