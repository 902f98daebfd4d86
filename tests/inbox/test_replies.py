"""Replies by mail: a signed address, a mailbox, and a comment in the name of its owner, once."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.cast import Scene, words_of
from tests.inbox.test_notice_mails import letters
from tests.inbox.test_notices import comment
from wiki.comments.models import Message
from wiki.config import ConfigError, Settings
from wiki.config.environment import load
from wiki.db import at, now
from wiki.inbox import mailing
from wiki.inbox.replies import mailbox, taking
from wiki.inbox.replies.addresses import read_address, reply_address
from wiki.inbox.replies.texts import cut
from wiki.pages.access.restrictions import set_label
from wiki.people.models import Person
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Membership


class Imap:
    """A mailbox with one folder: as much of an IMAP server as is asked for."""

    def __init__(self) -> None:
        self.mails: dict[int, bytes] = {}
        self.seen: set[int] = set()
        self.dies_at = ""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb", buffering=0) as file:
                self._talk(file)

    def _talk(self, file: socket.SocketIO) -> None:
        file.write(b"* OK ready\r\n")
        while line := file.readline().decode().strip():
            tag, _, command = line.partition(" ")
            if self.dies_at and self.dies_at in command:
                return
            file.write(self._answer(command) + f"{tag} OK done\r\n".encode())
            if command == "LOGOUT":
                return

    def _answer(self, command: str) -> bytes:
        if command == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n"
        if command.startswith("SELECT"):
            return f"* {len(self.mails)} EXISTS\r\n".encode()
        if command == "UID SEARCH UNSEEN":
            waiting = " ".join(str(uid) for uid in self.mails if uid not in self.seen)
            return f"* SEARCH {waiting}\r\n".encode()
        number = int((re.findall(r"UID \w+ (\d+)", command) or ["0"])[0])
        if "RFC822.SIZE" in command:
            size = len(self.mails[number])
            return f"* 1 FETCH (UID {number} RFC822.SIZE {size})\r\n".encode()
        if "BODY.PEEK" in command:
            data = self.mails[number]
            if "HEADER" in command:
                data = data.partition(b"\n\n")[0] + b"\n\n"
            return b"* 1 FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (number, len(data), data)
        if "STORE" in command:
            self.seen.add(number)
        return b""

    def put(self, message: EmailMessage) -> None:
        self.mails[len(self.mails) + 1] = message.as_bytes()


@pytest.fixture
def imap() -> Iterator[Imap]:
    server = Imap()
    yield server
    server.socket.close()


@pytest.fixture
def settings(settings: Settings, imap: Imap) -> Settings:
    url = f"imap://wiki:secret@127.0.0.1:{imap.port}/INBOX"
    return replace(settings, imap_url=url, mail_from="wiki@example.org")


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "_rests_until", 0.0)


def look(wiki: Scene) -> None:
    vars(taking)["_next"] = 0.0
    taking.take_replies(wiki.database, wiki.settings)


def mentioned(wiki: Scene) -> EmailMessage:
    """The mail that tells Gus of a comment in which he is mentioned."""
    wiki.write("rota", "words", space="fair", title="The rota", by="eve")
    assert wiki.post("eve", "/fair/rota/-/comments", body="Who, @gus?").status_code == 303
    return next(one for one in letters(wiki, "gus") if one["Reply-To"])


def answer(letter: EmailMessage, text: str, by: str = "gus", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = f"Somebody <{by}@example.org>"
    message["To"] = letter["Reply-To"]
    message["Message-ID"] = headers.pop("Message_ID", "<1@mail.example.org>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    quoted = "".join(f"> {line}\n" for line in words_of(letter).splitlines())
    message.set_content(f"{text}\n\nOn Monday, Trellis <\n{letter['Reply-To']}> wrote:\n\n{quoted}")
    return message


def comments(wiki: Scene) -> list[tuple[str, str]]:
    with wiki.database.read() as session:
        rows = select(Person.handle, Message.text).join(Person, Person.id == Message.author_id)
        return [(row.handle, row.text) for row in session.execute(rows.order_by(Message.id))]


def answers(wiki: Scene, to: str = "gus") -> list[str]:
    found = [one for one in wiki.letters() if "Your reply" in one["Subject"]]
    return [words_of(one) for one in found if one["To"] == f"{to}@example.org"]


@pytest.mark.every_database
def test_a_reply_is_a_comment_of_its_sender_once(wiki: Scene, imap: Imap) -> None:
    letter = mentioned(wiki)
    assert "##- Write your reply above this line ##-" in words_of(letter)
    imap.put(answer(letter, "I can.\n\nFrom *noon* on."))
    imap.put(answer(letter, "I can.\n\nFrom *noon* on."))  # the same mail again
    look(wiki)
    assert comments(wiki)[1:] == [("gus", "I can.\n\nFrom *noon* on.")]
    assert imap.seen == {1, 2}
    look(wiki)
    assert len(comments(wiki)) == 2 and answers(wiki) == []


def test_a_mail_that_was_not_marked_as_read_is_one_comment(wiki: Scene, imap: Imap) -> None:
    imap.put(answer(mentioned(wiki), "I can."))
    imap.dies_at = "STORE"
    look(wiki)
    assert imap.seen == set() and len(comments(wiki)) == 2
    imap.dies_at = ""
    look(wiki)
    assert imap.seen == {1} and len(comments(wiki)) == 2


def test_a_mail_waits_while_the_database_fails(
    wiki: Scene, imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap.put(answer(mentioned(wiki), "I can."))

    def fail(*_arguments: object) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    with monkeypatch.context() as patch:
        patch.setattr(taking, "take", fail)
        with pytest.raises(OperationalError):
            look(wiki)
    assert imap.seen == set() and len(comments(wiki)) == 1
    look(wiki)
    assert imap.seen == {1} and len(comments(wiki)) == 2


def test_who_may_no_longer_comment_is_told_why(wiki: Scene, imap: Imap) -> None:
    letter = mentioned(wiki)
    with wiki.database.write() as session:
        mine = select(Membership).where(Membership.person_id == wiki.actor("gus").person_id)
        for one in session.scalars(mine):
            session.delete(one)
    imap.put(answer(letter, "I can."))
    look(wiki)
    assert len(comments(wiki)) == 1
    (said,) = answers(wiki)
    assert "was not posted as a comment" in said and "you don’t have access" in said


@pytest.mark.parametrize(
    ("headers", "by"),
    [
        ({"Auto_Submitted": "auto-replied"}, "gus"),
        ({"Precedence": "bulk"}, "gus"),
        ({"List_Id": "<x.example.org>"}, "gus"),
        ({"Return_Path": "<>"}, "gus"),
        ({}, "dot"),
    ],
)
def test_programs_and_strangers_are_ignored_without_an_answer(
    wiki: Scene, imap: Imap, headers: dict[str, str], by: str
) -> None:
    imap.put(answer(mentioned(wiki), "I am away.", by, **headers))
    look(wiki)
    assert imap.seen == {1} and len(comments(wiki)) == 1
    assert answers(wiki) == answers(wiki, "dot") == []


def test_our_own_mails_are_no_replies(wiki: Scene, imap: Imap) -> None:
    letter = mentioned(wiki)
    del letter["From"], letter["To"]
    letter["From"], letter["To"] = "gus@example.org", letter["Reply-To"]
    imap.put(letter)
    look(wiki)
    assert len(comments(wiki)) == 1 and answers(wiki) == []


def test_empty_and_huge_mails_are_answered_with_the_reason(
    wiki: Scene, imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = mentioned(wiki)
    imap.put(answer(letter, "", Message_ID="<2@x>"))
    look(wiki)
    monkeypatch.setattr(mailbox, "LARGEST", 100)
    imap.put(answer(letter, "I can.", Message_ID="<3@x>"))
    look(wiki)
    assert len(comments(wiki)) == 1
    empty, huge = answers(wiki)
    assert "no text" in empty and "too large" in huge


def test_a_reply_with_a_file_is_posted_and_says_that_the_file_is_not(
    wiki: Scene, imap: Imap
) -> None:
    message = answer(mentioned(wiki), "Here it is.")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="plan.pdf")
    imap.put(message)
    look(wiki)
    assert comments(wiki)[-1] == ("gus", "Here it is.")
    (said,) = answers(wiki)
    assert "was posted as a comment" in said and "Attachments" in said


def test_an_address_is_good_for_its_person_discussion_and_time(wiki: Scene) -> None:
    address = reply_address(wiki.settings, 12, 345)
    found = read_address(wiki.settings, address.upper())
    assert found is not None and (found.person_id, found.thread_id) == (12, 345)
    for wrong in (address.replace("-c-", "-d-"), address.replace("-159-", "-158-"), "wiki@x.org"):
        assert read_address(wiki.settings, wrong) is None
    assert read_address(replace(wiki.settings, secret_key="e" * 40), address) is None
    with at(now() + timedelta(days=31)):
        assert read_address(wiki.settings, address) is None


def test_without_a_mailbox_and_without_the_words_there_is_no_address(wiki: Scene) -> None:
    assert reply_address(replace(wiki.settings, imap_url=""), 1, 1) == ""
    wiki.write("rota", "words", title="The rota", by="eve")
    with wiki.database.write() as session:
        page_id = wiki.page("rota").id
        set_label(session, wiki.actor("eve"), page_id, Label.CONFIDENTIAL, consent=UNASKED)
        lead = Membership(
            space_id=wiki.page("rota").space_id,
            person_id=wiki.actor("ada").person_id,
            role=int(Role.LEAD),
        )
        session.add(lead)
    comment(wiki, "ada", "Who, @eve?")
    (letter,) = [one for one in letters(wiki, "eve") if "notice" in one["Message-ID"]]
    assert letter["Reply-To"] is None and "##-" not in words_of(letter)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Yes\n\n> a\n> b\n", "Yes"),
        ("Yes\n> only quoted once\nNo", "Yes\n> only quoted once\nNo"),
        ("Ja.\n\nAm Mo., 30. Nov. schrieb Wiki <w@x.org>:\n\n> ##- x ##-\n> Hallo", "Ja."),
        ("Oui.\n\n-----Original Message-----\nFrom: W\nSent: now\nTo: me\n\n##- x ##-", "Oui."),
        ("Yes\n-- \nCai\nEditor\n\n> ##- x ##-", "Yes"),
        ("Note: do it\n\n##- x ##-\nHello", "Note: do it"),
        ("##- x ##-\nHello", ""),
        ("", ""),
    ],
)
def test_what_is_quoted_below_a_reply_is_left_out(text: str, found: str) -> None:
    assert cut(text) == found


def test_an_address_of_a_mailbox_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigError, match="WIKI_IMAP_URL"):
        load({"WIKI_IMAP_URL": "https://mail.example.org"})
