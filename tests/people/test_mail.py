"""Mails are sent by the worker, to a server or in development to files."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from tests.cast import Scene, words_of
from wiki.config import ConfigError, Settings
from wiki.config.environment import load
from wiki.db import now
from wiki.mail import smtp as postman
from wiki.mail.events import MailRequested
from wiki.mail.models import Mail
from wiki.mail.smtp import NotSent, message_of
from wiki.outbox.actions import publish
from wiki.outbox.deliver import Deliverer
from wiki.outbox.models import Delivery
from wiki.people import handlers
from wiki.rules.access import ANONYMOUS
from wiki.subscribers import handlers_by_name


class Server:
    """A mail server of one's own on the loopback, for plain SMTP."""

    def __init__(self, *, refuses: str = "", extension: str = "") -> None:
        self.refuses = refuses
        self.extension = extension
        self.heard: list[str] = []
        self.messages: list[str] = []
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
        def flash(words: str) -> None:
            file.write(words.encode() + b"\r\n")

        flash("220 ready")
        while line := file.readline().decode():
            verb = line.strip().upper()
            self.heard.append(line.strip())
            if verb.startswith("EHLO"):
                flash(f"250-here\r\n250 {self.extension or 'HELP'}")
            elif self.refuses and verb.startswith(self.refuses):
                flash("554 no")
            elif verb == "DATA":
                flash("354 go on")
                lines = []
                while (text := file.readline().decode()) != ".\r\n":
                    lines.append(text)
                self.messages.append("".join(lines))
                flash("250 taken")
            elif verb == "QUIT":
                flash("221 bye")
                return
            else:
                flash("250 fine")


@contextmanager
def running(**options: str) -> Iterator[Server]:
    server = Server(**options)
    try:
        yield server
    finally:
        server.socket.close()


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "_rests_until", 0.0)


def post(wiki: Scene, *recipients: str, subject: str = "News", body: str = "Hello") -> None:
    with wiki.database.write() as session:
        for recipient in recipients:
            row = Mail(recipient=recipient, subject=subject, body=body)
            session.add(row)
            session.flush()
            publish(session, ANONYMOUS, MailRequested(row.id))


def deliver(wiki: Scene, settings: Settings) -> int:
    return Deliverer(wiki.database, settings, handlers_by_name()).deliver_all()


def counts(wiki: Scene) -> tuple[int, int]:
    """How many mails wait, and how many deliveries."""
    with wiki.database.read() as session:
        mail = session.scalar(select(func.count()).select_from(Mail)) or 0
        return mail, session.scalar(select(func.count()).select_from(Delivery)) or 0


def by(server: Server, wiki: Scene, login: str = "") -> Settings:
    return replace(wiki.settings, smtp_url=f"smtp://{login}127.0.0.1:{server.port}")


def test_without_a_server_mails_are_files_that_only_their_owner_reads(wiki: Scene) -> None:
    post(wiki, "ben@example.org", "eve@example.org", subject="Grüße", body="Çok güzel\n")
    letters = wiki.letters()
    assert [letter["To"] for letter in letters] == ["ben@example.org", "eve@example.org"]
    assert letters[0]["Subject"] == "Grüße"
    assert words_of(letters[0]) == "Çok güzel\n"
    assert letters[0]["From"] == "Trellis <wiki@localhost>"
    for path in (wiki.settings.data_dir / "mail").iterdir():
        assert path.stat().st_mode & 0o077 == 0
    assert counts(wiki) == (0, 0)


def test_a_mail_goes_to_the_server_and_is_forgotten(wiki: Scene) -> None:
    with running() as server:
        post(wiki, "ben@example.org")
        deliver(wiki, by(server, wiki))
    assert "To: ben@example.org" in server.messages[0]
    assert "Auto-Submitted: auto-generated" in server.messages[0]
    assert counts(wiki) == (0, 0)


def test_a_server_that_refuses_one_mail_still_gets_the_others(wiki: Scene) -> None:
    with running(refuses="RCPT TO:<BEN@EXAMPLE.ORG>") as server:
        post(wiki, "ben@example.org", "eve@example.org")
        deliver(wiki, by(server, wiki))
    assert len(server.messages) == 1
    assert counts(wiki) == (1, 1)
    with wiki.database.read() as session:
        delivery = session.scalars(select(Delivery)).one()
        assert delivery.attempts == 1
        assert delivery.error is not None
        assert "554" in delivery.error


def test_a_server_that_does_not_answer_is_left_alone_for_a_while(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def refuse(*arguments: object) -> None:
        calls.append(arguments)
        raise NotSent("It does not answer.", unreachable=True)

    monkeypatch.setattr(postman, "send", refuse)
    post(wiki, *(f"p{number}@example.org" for number in range(20)))
    deliver(wiki, wiki.settings)
    assert len(calls) == 1
    assert counts(wiki) == (20, 20)


def test_nothing_listening_is_said_without_the_password(wiki: Scene) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings = replace(wiki.settings, smtp_url=f"smtp://wiki:hunter2@127.0.0.1:{port}")
    mail = Mail(id=1, recipient="a@b.c", subject="s", body="b", created_at=now())
    with pytest.raises(NotSent) as failed:
        postman.send(mail, settings)
    assert failed.value.unreachable
    assert "hunter2" not in str(failed.value)


def test_a_password_is_never_sent_unencrypted_to_another_machine(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postman, "is_this_machine", lambda _: False)
    with running(extension="AUTH PLAIN LOGIN") as server:
        mail = Mail(id=1, recipient="a@b.c", subject="s", body="b", created_at=now())
        with pytest.raises(NotSent, match="no encryption"):
            postman.send(mail, by(server, wiki, "wiki:hunter2@"))
    assert not [line for line in server.heard if line.upper().startswith("AUTH")]


def test_no_line_of_a_mail_becomes_a_header(wiki: Scene) -> None:
    settings = replace(wiki.settings, site_name='We "\\ wiki\r\nBcc: x@evil.example')
    mail = Mail(
        id=7,
        recipient="ben@example.org",
        subject="Join “a\r\nBcc: x@evil.example”",
        body="Hello\n.\nBcc: x@evil.example\n",
        created_at=now(),
    )
    message = message_of(mail, settings)
    assert message["Bcc"] is None
    assert message["To"] == "ben@example.org"
    assert message_of(mail, settings)["Message-ID"] == message["Message-ID"]


@pytest.mark.parametrize("address", ["nobody", "a@b\nBcc: x@y.z", ""])
def test_a_sender_that_is_no_address_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(ConfigError, match="WIKI_MAIL_FROM"):
        load({"WIKI_MAIL_FROM": address})
