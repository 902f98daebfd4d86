"""A worker that is killed again and again tells everybody of everything, once: notices, mails and
digests. A mail that is sent twice has the same Message-ID. The long form is `make storm`."""

from __future__ import annotations

import email
import email.policy
import os
import random
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import Envelope
from sqlalchemy import func, select

from tests.cast import Scene, words_of
from tests.inbox.dying_worker import SECRET
from tests.mail.test_bounces import Mailbox, mailbox  # noqa: F401
from tests.serving.conftest import ROOT
from wiki.config import Settings
from wiki.db import at
from wiki.inbox.models import Notice
from wiki.mail.models import Mail
from wiki.outbox.models import Delivery

DAYS = int(os.environ.get("WIKI_TEST_DAYS") or 1)
"""Number of days of notices and mails."""
EACH = 7
"""Number of pages with and without a mention in a day: more than are mailed alone."""
LIVES = 9
"""Maximum number of workers that are killed before one may come to its end."""
READERS = ("cai", "eve")
MONDAY = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, secret_key=SECRET)


class Worker:
    """The process that forks dying workers."""

    def __init__(self, wiki: Scene, port: int, seed: int) -> None:
        self.dice = random.Random(seed)
        self.kills = 0
        self.process = subprocess.Popen(
            [
                sys.executable,
                Path(__file__).with_name("dying_worker.py"),
                wiki.settings.data_dir,
                wiki.settings.database_url,
                str(port),
            ],
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == "ready"

    def _read(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def run(self, moment: datetime, last: int = 10**9) -> int:
        """Let a worker do what is due, and die after some steps; the number of its steps, or -1 if
        it died."""
        assert self.process.stdin
        self.process.stdin.write(f"{moment.isoformat()} {last}\n")
        self.process.stdin.flush()
        return int(self._read())

    def storm(self, moment: datetime, most: int) -> None:
        """Kill workers at random steps, at most so many, of what is due; then let one end."""
        for _ in range(LIVES):
            if self.run(moment, self.dice.randint(1, most)) >= 0:
                return
            self.kills += 1
        self.run(moment)


def letter_of(envelope: Envelope) -> EmailMessage:
    content = envelope.content
    assert isinstance(content, bytes)
    letter = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(letter, EmailMessage)
    return letter


def message_id(envelope: Envelope) -> str:
    return str(letter_of(envelope)["Message-ID"])


def told_of(box: Mailbox, to: str) -> dict[str, set[str]]:
    """The Message-IDs of the mails that tell somebody of each page."""
    found: dict[str, set[str]] = defaultdict(set)
    for envelope in box.taken:
        letter = letter_of(envelope)
        if letter["To"] == to:
            text = f"{letter['Subject']} {words_of(letter)}"
            for title in re.findall(r"Page \d+-\d+[cm]", text):
                found[title].add(str(letter["Message-ID"]))
    return found


@pytest.fixture
def worker(wiki: Scene, mailbox: tuple[Mailbox, int]) -> Iterator[Worker]:  # noqa: F811
    one = Worker(wiki, mailbox[1], seed=7)
    yield one
    one.process.stdin.close()  # type: ignore[union-attr]
    one.process.wait(30)


@pytest.mark.every_database
def test_whatever_is_killed_everybody_is_told_once(
    wiki: Scene,
    mailbox: tuple[Mailbox, int],  # noqa: F811
    worker: Worker,
) -> None:
    box, _ = mailbox
    pages = {
        f"{day}-{number}{what}": f"Page {day}-{number}{what}"
        for day in range(DAYS)
        for number in range(EACH)
        for what in "cm"
    }
    for path, title in pages.items():
        wiki.write(path, "words", title=title, by="ben")
    wiki.deliver()
    for reader in READERS:
        wiki.post(reader, "/eng/-/watch", level="everything")
    for day in range(DAYS):
        noon = MONDAY + timedelta(days=day, hours=12)
        with at(noon):
            discuss(wiki, [path for path in pages if path.startswith(f"{day}-")])
        worker.storm(noon, 300)
        worker.storm(noon + timedelta(hours=1), 200)
        worker.storm(MONDAY + timedelta(days=day + 1, hours=8, minutes=1), 60)
    assert worker.kills >= (3 if DAYS == 1 else 12 * DAYS)
    assert notices_of(wiki, "cai") == {"mention": (DAYS * EACH, 1), "comment": (DAYS * EACH, 1)}
    assert notices_of(wiki, "eve") == {"comment": (2 * DAYS * EACH, 1)}
    with wiki.database.read() as session:
        for left in (Delivery.id, Mail.id):
            assert session.scalars(select(left)).all() == []
        assert session.scalars(select(Notice.id).where(Notice.mail_at.is_not(None))).all() == []
    is_repeated = len(box.taken) > len({message_id(one) for one in box.taken})
    assert is_repeated or DAYS == 1
    for reader in READERS:
        told = told_of(box, f"{reader}@example.org")
        assert told.keys() == set(pages.values())
        assert {title: ids for title, ids in told.items() if len(ids) != 1} == {}
        digests = {one for ids in told.values() for one in ids if one.startswith("<digest-")}
        assert len(digests) == DAYS


def discuss(wiki: Scene, paths: list[str]) -> None:
    """Let Ben comment on pages; on those whose path ends in `m` he mentions Cai."""
    browser = wiki.new_client("ben")
    for path in paths:
        body = "Look at this" + (", @cai" if path.endswith("m") else "")
        answer = browser.post(f"/eng/{path}/-/comments", data={"body": body})
        assert answer.status_code == 303


def notices_of(wiki: Scene, reader: str) -> dict[str, tuple[int, int]]:
    """The sum and the maximum of the counted events of somebody's notices, by kind."""
    found = select(Notice.kind, func.sum(Notice.count), func.max(Notice.count))
    mine = found.where(Notice.person_id == wiki.actor(reader).person_id).group_by(Notice.kind)
    with wiki.database.read() as session:
        return {kind: (int(total), most) for kind, total, most in session.execute(mine)}
