"""Event handlers of accounts, which send mail."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from wiki.config import Settings
from wiki.db import Database
from wiki.i18n import gettext as _
from wiki.mail import smtp as postman
from wiki.mail.models import Mail
from wiki.mail.smtp import NotSent
from wiki.outbox.deliver import Happening
from wiki.people.actions import note_bounce
from wiki.people.imported import account_merge
from wiki.people.signin import resets

# How long to pause after a mail server did not answer: each try blocks the worker.
REST_SECONDS = 60.0
_rests_until = 0.0


def send_mail(database: Database, settings: Settings, batch: Sequence[Happening]) -> None:
    """Send each mail and delete it. A crash between the two sends it once more. One whose address
    is refused for good is deleted too, and the address is noted."""
    for happening in batch:
        with database.read() as session:
            mail = session.get(Mail, happening.payload["mail_id"])
        if mail is None:
            continue
        has_bounced = False
        try:
            _send(mail, settings)
        except NotSent as error:
            if not error.bounced:
                raise
            has_bounced = True
        with database.write() as session:
            if has_bounced:
                note_bounce(session, mail.recipient)
            sent = session.get(Mail, mail.id)
            if sent is not None:
                session.delete(sent)


def _send(mail: Mail, settings: Settings) -> None:
    global _rests_until
    if monotonic() < _rests_until:
        raise NotSent(_("The mail server didn’t respond a moment ago."), unreachable=True)
    try:
        postman.send(mail, settings)
    except NotSent as error:
        if error.unreachable:
            _rests_until = monotonic() + REST_SECONDS
        raise


def send_reset_link(database: Database, settings: Settings, batch: Sequence[Happening]) -> None:
    """Look up the account that a password request names and mail it the link."""
    for happening in batch:
        with database.write() as session:
            resets.send_link(session, settings, happening.payload["reset_id"])


def send_claim_link(database: Database, settings: Settings, batch: Sequence[Happening]) -> None:
    """Look up whether a claimed address has imported work and mail it the link."""
    for happening in batch:
        with database.write() as session:
            account_merge.send_link(session, settings, happening.payload["claim_id"])
