"""The mails that the scratch wiki sends: nobody is mailed what they may not read, and of labelled
pages only what their label allows."""

from __future__ import annotations

import email.parser
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage

from sqlalchemy import Update, select, update

from wiki.canary import World
from wiki.comments.models import Message, Thread
from wiki.db import now
from wiki.drill.report import Leak
from wiki.inbox.kinds import State
from wiki.inbox.mailing import send_notice_mails
from wiki.inbox.models import MailPreference, Notice
from wiki.pages.models import Page
from wiki.rules.labels import Label
from wiki.spaces.models import Scope, Space

CANARY = re.compile(r"kx[0-9a-f]{12}")


def send_mails(world: World) -> None:
    """Make every notice due and send what the worker would send: a digest of all, then a mail of
    each, as many on one day as there are."""
    unread = update(Notice).where(Notice.state == int(State.UNREAD))
    _send(world, unread.values(mail_at=now(), in_digest=True))
    _send(world, unread.values(mail_at=now(), in_digest=False))
    waiting = select(Notice.id).where(Notice.mail_at.is_not(None)).limit(1)
    again = update(Notice).where(Notice.mail_at.is_not(None))
    while True:
        with world.database.read() as session:
            if session.scalar(waiting) is None:
                return
        _send(world, again.values(mail_at=now(), in_digest=False))


def _send(world: World, change: Update) -> None:
    with world.database.write() as session:
        session.execute(change)
        session.execute(update(MailPreference).values(sent=0))
    send_notice_mails(world.database, world.settings)


def read_mails(world: World) -> Iterator[tuple[str, set[str]]]:
    """Yield the account and the canaries of each mail that was sent."""
    parser = email.parser.BytesParser(policy=email.policy.default)
    for path in sorted((world.settings.data_dir / "mail").glob("*.eml")):
        letter = parser.parsebytes(path.read_bytes())
        told = "\n".join(f"{name}: {value}" for name, value in letter.items())
        for part in letter.walk():
            if isinstance(part, EmailMessage) and not part.is_multipart():
                told += str(part.get_content())
        yield str(letter["To"]).partition("@")[0], set(CANARY.findall(told))


def leaks_of(world: World) -> Iterator[Leak]:
    """Yield what mails reveal to those who may not read it, and what their labels forbid."""
    canaries = {canary.word: canary for canary in world.canaries}
    forbidden = _forbidden(world)
    for who, words in read_mails(world):
        for word in words & canaries.keys():
            if who not in canaries[word].allowed:
                yield Leak(who, "a mail", canaries[word].what)
            elif word in forbidden:
                yield Leak(who, "a mail", f"{canaries[word].what}, against its label")


def _forbidden(world: World) -> set[str]:
    """Return the canaries in comments on confidential pages, and in the titles of restricted
    ones."""
    with world.database.read() as session:
        labels = (
            select(Page.id, Page.title, Space.label, Scope.label)
            .join(Page.space)
            .outerjoin(Scope, Scope.id == Page.scope_id)
        )
        texts: list[str] = []
        for page_id, title, of_space, of_page in session.execute(labels):
            label = max(of_space, of_page or 0)
            if label >= Label.CONFIDENTIAL:
                found = select(Message.text).join(Message.thread).where(Thread.page_id == page_id)
                texts += session.scalars(found)
            if label >= Label.RESTRICTED:
                texts.append(title)
    return {word for text in texts for word in CANARY.findall(text)}
