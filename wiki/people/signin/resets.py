"""Password links: requested by anybody, created and mailed by the worker, used once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Ended, TooMany
from wiki.i18n import gettext as _
from wiki.mail import messages as mails
from wiki.outbox.actions import publish
from wiki.people.actions import end_password_links, find_person, set_password
from wiki.people.models import PasswordReset, Person
from wiki.people.names import normal_login
from wiki.people.signin import limiting
from wiki.people.signin.events import PasswordResetRequested
from wiki.rules.access import ANONYMOUS

LASTS = timedelta(hours=1)


def ask_for_link(session: Session, typed: str) -> None:
    """Store a request for a new password, whether or not the name exists."""
    row = PasswordReset(login=normal_login(typed), created_at=now(), expires_at=now() + LASTS)
    session.add(row)
    session.flush()
    publish(session, ANONYMOUS, PasswordResetRequested(row.id))


def send_link(session: Session, settings: Settings, reset_id: int) -> None:
    """Mail the link if the typed name belongs to an account that can sign in with a password, has
    an address, and has not reached the limit of mails.

    Safe to repeat: a request that has its link already is left alone.
    """
    row = session.get(PasswordReset, reset_id)
    if row is None or row.token_hash is not None:
        return
    person = find_person(session, row.login)
    if (
        row.expires_at <= now()
        or person is None
        or person.email is None
        or person.password_hash is None
        or person.disabled_at is not None
    ):
        session.delete(row)
        return
    try:
        limiting.spend(session, limiting.reset_mail_counters(person.id))
    except TooMany:
        session.delete(row)
        return
    token = row.give_token()
    row.person_id = person.id
    session.flush()
    template = "people/mail/password_link.txt"
    mails.post(session, settings, ANONYMOUS, person, template, token=token)


def person_of(session: Session, token: str) -> Person:
    """Return the person whose password the link changes.

    :raises Ended: if it was used, has expired, was replaced or never existed.
    """
    person = session.scalar(
        select(Person)
        .join(PasswordReset, PasswordReset.person_id == Person.id)
        .where(PasswordReset.is_live(token), Person.disabled_at.is_(None))
    )
    if person is None:
        raise Ended(_("This link was already used or has expired. Request a new one."))
    return person


def use_link(session: Session, settings: Settings, token: str, password_hash: str) -> Person:
    """Set the new password; end every sign-in and every other password link of the person.

    :raises Ended: as :func:`person_of`, also for the second of two concurrent requests.
    """
    person = person_of(session, token)
    if PasswordReset.use(session, token) is None:
        return person_of(session, token)  # another request was faster: this raises
    end_password_links(session, person)
    # The link went to the account's present address, because changing the address ends its links.
    session.refresh(person, with_for_update=True)
    person.email_proven_at, person.bounced = now(), None
    set_password(session, person.actor(), person, password_hash)
    template = "people/mail/password_changed.txt"
    mails.post(session, settings, person.actor(), person, template)
    return person
