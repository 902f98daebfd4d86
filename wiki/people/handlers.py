"""What the room of people does when it hears an event: it sends mails."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from wiki.config import Settings
from wiki.db import Database
from wiki.mail import smtp as postman
from wiki.mail.smtp import NotSent
from wiki.outbox.deliver import Happening
from wiki.people.imported import claims
from wiki.people.models import Mail
from wiki.people.signin import resets

# How long to leave a mail server alone that did not answer: each try holds up the worker.
REST_SECONDS = 60.0
_rests_until = 0.0


def send_mail(database: Database, settings: Settings, batch: Sequence[Happening]) -> None:
    """Send each mail and forget it. A crash between the two sends it once more."""
    for happening in batch:
        with database.read() as session:
            mail = session.get(Mail, happening.payload["mail_id"])
        if mail is None:
            continue
        _send(mail, settings)
        with database.write() as session:
            sent = session.get(Mail, mail.id)
            if sent is not None:
                session.delete(sent)


def _send(mail: Mail, settings: Settings) -> None:
    global _rests_until
    if monotonic() < _rests_until:
        raise NotSent("The mail server did not answer a moment ago.", unreachable=True)
    try:
        postman.send(mail, settings)
    except NotSent as error:
        if error.unreachable:
            _rests_until = monotonic() + REST_SECONDS
        raise


def send_reset_link(database: Database, settings: Settings, batch: Sequence[Happening]) -> None:
    """Find out who asked for a new password, and mail them the link."""
    for happening in batch:
        with database.write() as session:
            resets.send_link(session, settings, happening.payload["reset_id"])


def send_claim_link(database: Database, settings: Settings, batch: Sequence[Happening]) -> None:
    """Find out whether there is work under the address that somebody claims; mail it the link."""
    for happening in batch:
        with database.write() as session:
            claims.send_link(session, settings, happening.payload["claim_id"])
