"""Taking replies from the mailbox: each becomes a comment of its sender, as far as they may comment
at that moment, or is answered with the reason why not.

A mail is noted in the transaction that makes a comment of it, before it is marked as read. So one
that arrives twice, or is read again after a crash, is one comment.
"""

from __future__ import annotations

import email.parser
import email.policy
import hashlib
import logging
from datetime import timedelta
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from time import monotonic

from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from wiki.comments.access import see_thread
from wiki.comments.actions import reply
from wiki.comments.composing import Composed, compose
from wiki.config import Settings
from wiki.db import Database, insert_into, now
from wiki.errors import Invalid, TooLarge, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import speaking
from wiki.inbox.models import TakenMail
from wiki.inbox.replies.addresses import LASTS, ReplyTo, read_address
from wiki.inbox.replies.mailbox import Arrived, Unavailable, open_mailbox
from wiki.inbox.replies.texts import reply_in
from wiki.mail.messages import post
from wiki.people.models import Person
from wiki.people.queries import can_sign_in
from wiki.rules.access import ANONYMOUS

log = logging.getLogger(__name__)

_OF_PROGRAMS = frozenset({"bulk", "junk", "list", "auto_reply"})
EVERY_SECONDS = 60.0
KEPT = LASTS + timedelta(days=2)
"""Time for which mails are remembered: longer than any address to reply to is good."""
_next = 0.0


def take_replies(database: Database, settings: Settings) -> None:
    """Read the mailbox once a minute (periodic)."""
    global _next
    settings = database.adjust(settings)
    if not settings.imap_url or monotonic() < _next:
        return
    _next = monotonic() + EVERY_SECONDS
    try:
        with open_mailbox(settings.imap_url) as mailbox:
            for arrived in mailbox.waiting():
                _take_safely(database, settings, arrived)
                mailbox.mark_read(arrived)
    except Unavailable as error:
        log.warning("the mailbox for replies can't be read: %s", error)
    with database.write() as session:
        session.execute(delete(TakenMail).where(TakenMail.at < now() - KEPT))


def _take_safely(database: Database, settings: Settings, arrived: Arrived) -> None:
    """Take a mail. One that fails unexpectedly does not hold up the others.

    :raises OperationalError: if the database fails; the mail then waits for the next round.
    """
    try:
        take(database, settings, arrived)
    except OperationalError:
        raise
    except Exception:
        log.exception("a reply by mail could not be taken")


def take(database: Database, settings: Settings, arrived: Arrived) -> None:
    """Make a comment of a mail, answer why it cannot be one, or ignore it: if it was taken before,
    if a program wrote it, and if its sender is not the owner of the address that it was sent to."""
    message = email.parser.BytesParser(policy=email.policy.default).parsebytes(arrived.data)
    if not isinstance(message, EmailMessage) or _is_automatic(message):
        return
    to = _recipient(settings, message)
    with database.read() as session:
        person = _sender(session, message, to) if to else None
    if to is None or person is None:
        return
    with speaking(person.language or settings.language):
        composed: Composed | WikiError
        try:
            composed = _compose(database, person, to, message, is_whole=arrived.is_whole)
        except WikiError as error:
            composed = error
        with database.write() as session:
            if not _note(session, arrived, message):
                return
            said = ""
            try:
                if isinstance(composed, WikiError):
                    raise composed
                with session.begin_nested():
                    reply(session, person.actor(), to.thread_id, composed)
            except WikiError as error:
                said = str(error)
            posted = not said
            if posted and any(message.iter_attachments()):
                said = _("Attachments of emails aren’t taken. Add files to the page instead.")
            if said:
                template = "inbox/mail/reply_answer.txt"
                post(session, settings, ANONYMOUS, person, template, said=said, posted=posted)


def _compose(
    database: Database, person: Person, to: ReplyTo, message: EmailMessage, *, is_whole: bool
) -> Composed:
    with database.read() as session:
        page = see_thread(session, person.actor(), to.thread_id).page
        slug = page.space.slug
        if not is_whole:
            raise TooLarge(_("The email is too large."))
        text = reply_in(message)
        if not text:
            raise Invalid(_("The email has no text above the quoted one."))
        return compose(text, slug, page)


def _is_automatic(message: EmailMessage) -> bool:
    """Return whether a program wrote a mail, such as a notice of absence or of a failed delivery
    (RFC 3834)."""
    submitted = str(message.get("Auto-Submitted", "no")).partition(";")[0]
    return (
        submitted.strip().lower() != "no"
        or str(message.get("Precedence", "")).strip().lower() in _OF_PROGRAMS
        or str(message.get("Return-Path", "")).strip() == "<>"
        or message.get_content_type() == "multipart/report"
        or any(name in message for name in ("List-Id", "X-Autoreply"))
    )


def _recipient(settings: Settings, message: EmailMessage) -> ReplyTo | None:
    """Return for whom and where the address is that a mail was sent to, if it is one of ours."""
    names = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
    given = [str(value) for name in names for value in message.get_all(name, [])]
    for _name, address in getaddresses(given):
        found = read_address(settings, address)
        if found is not None:
            return found
    return None


def _sender(session: Session, message: EmailMessage, to: ReplyTo) -> Person | None:
    """Return the person to whom the address belongs, if the mail is from them."""
    person = session.scalar(select(Person).where(Person.id == to.person_id, can_sign_in()))
    given = parseaddr(str(message.get("From", "")))[1].lower()
    if person is None or person.email is None or given != person.email.lower():
        return None
    return person


def _note(session: Session, arrived: Arrived, message: EmailMessage) -> bool:
    """Note a mail; return False if it was noted before."""
    own = str(message.get("Message-ID", "")).strip().encode() or arrived.data
    row = {"hash": hashlib.sha256(own).hexdigest(), "at": now()}
    insert = insert_into(session, TakenMail).values(**row).on_conflict_do_nothing()
    return session.scalar(insert.returning(TakenMail.hash)) is not None
