"""Events of mail."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy


@dataclass(frozen=True)
class MailRequested(Event):
    """A mail to be sent; the row has its text."""

    policy = Policy(Category.ACCOUNT, expires=True, audited=False)
    sentence = lazy_gettext("sent an email")

    mail_id: int
