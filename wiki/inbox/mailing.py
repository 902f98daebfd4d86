"""Mails of notices: of mentions at once, of changes a few each day, of the others in a digest.

Nothing is stored but that a mail is due. What it says is read when it is sent, as far as its reader
may read it then, and its label decides how much of it leaves the wiki. A mail that is sent twice
because the process ended in between has the same Message-ID.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from urllib.parse import urlsplit

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import Database, now
from wiki.i18n import speaking, zone_named
from wiki.inbox import queries
from wiki.inbox.kinds import Kind, MailChanges
from wiki.inbox.mail_preferences import next_digest, preference_of, store, today_of
from wiki.inbox.models import MailPreference, Notice
from wiki.inbox.queries import Told
from wiki.inbox.replies.addresses import reply_address
from wiki.inbox.replies.texts import MARK
from wiki.inbox.shown import sentence, url_of, why
from wiki.inbox.unsubscribing import address_for
from wiki.mail import smtp as postman
from wiki.mail.messages import absolute, render, render_html
from wiki.mail.models import Mail
from wiki.mail.smtp import NotSent
from wiki.people.actions import note_bounce
from wiki.people.models import Person
from wiki.people.queries import can_sign_in
from wiki.rules.labels import Label

log = logging.getLogger(__name__)

A_DAY = 4
"""Number of mails of changes that a person gets in a day; the others are in the digest."""
IN_DIGEST = 20
"""Number of notices that a digest lists; it says how many more there are."""
PEOPLE = 20
"""Number of people whose mails are sent before others have a turn."""
REST_SECONDS = 60.0
AGAIN_AFTER = timedelta(minutes=10)
"""Delay of a mail that the server refused for the moment."""
TRIED_FOR = timedelta(days=2)
"""Age of a notice beyond which a refused mail of it is given up."""
_rests_until = 0.0


@dataclass(frozen=True)
class _Letter:
    """A mail of notices, with its headers and its HTML."""

    told: Sequence[Told]
    mail: Mail
    headers: Mapping[str, str]
    html: str


@dataclass
class _Plan:
    """A division of a person's due notices: mailed alone, in a digest, later or not at all."""

    alone: list[Told] = field(default_factory=list)
    digest: list[Told] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    kept: set[int] = field(default_factory=set)


def send_notice_mails(database: Database, settings: Settings) -> None:
    """Send the mails that are due (periodic)."""
    global _rests_until
    if monotonic() < _rests_until:
        return
    with database.read() as session:
        people = session.scalars(_due_people()).all()
    for person_id in people:
        try:
            _serve(database, database.adjust(settings), person_id)
        except NotSent as error:
            log.warning("mails of notices wait: %s", error)
            _rests_until = monotonic() + REST_SECONDS
            return


def _due_people() -> Select[int]:
    due = select(Notice.person_id).where(Notice.mail_at.is_not(None), Notice.mail_at <= now())
    return due.distinct().limit(PEOPLE)


def _serve(database: Database, settings: Settings, person_id: int) -> None:
    with database.read() as session:
        person = session.scalar(select(Person).where(Person.id == person_id, can_sign_in()))
        due = session.scalars(
            select(Notice.id).where(Notice.person_id == person_id, Notice.mail_at <= now())
        ).all()
        plan = _Plan()
        letters: list[_Letter] = []
        digest_at = None
        if person is not None and person.is_reachable:
            preference = preference_of(session, person.id)
            plan = _plan(session, settings, person, preference)
            letters = _letters(session, settings, person, plan)
            digest_at = next_digest(person, settings, preference.hour)
    dropped = [one for one in due if one not in plan.kept]
    with database.write() as session:
        _update(session, dropped, mail_at=None, in_digest=False)
        _update(session, plan.later, mail_at=digest_at, in_digest=True)
    for letter in letters:
        try:
            postman.send(letter.mail, settings, letter.headers, letter.html)
        except NotSent as error:
            if error.unreachable:
                raise
            log.warning("a mail of notices was refused: %s", error)
            with database.write() as session:
                _note_refused(session, letter, bounced=error.bounced)
            if error.bounced:
                return
        else:
            with database.write() as session:
                _note_sent(session, settings, person_id, letter.told)


def _plan(
    session: Session, settings: Settings, person: Person, preference: MailPreference
) -> _Plan:
    """Return what is mailed now, and what waits for the digest; the rest is not mailed."""
    plan, today = _Plan(), today_of(person, settings)
    left = A_DAY - (preference.sent if preference.day == today else 0)
    for told in queries.due_mails(session, person.actor()):
        notice = told.notice
        deleted = told.message is not None and told.message.deleted_at is not None
        if notice.kind == Kind.MENTION:
            if preference.mentions and not deleted:
                plan.alone.append(told)
        elif preference.changes == MailChanges.NEVER or (deleted and notice.count == 1):
            continue
        elif notice.in_digest:
            plan.digest.append(told)
        elif preference.changes == MailChanges.SOON and left > 0:
            left -= 1
            plan.alone.append(told)
        else:
            plan.later.append(notice.id)
    plan.digest.sort(key=lambda one: one.notice.last_event, reverse=True)
    plan.kept = {one.notice.id for one in (*plan.alone, *plan.digest)} | {*plan.later}
    return plan


def _letters(session: Session, settings: Settings, person: Person, plan: _Plan) -> list[_Letter]:
    labels = queries.labels_of(session, [*plan.alone, *plan.digest])
    zone = zone_named(person.time_zone or settings.time_zone)
    letters = []
    words: dict[str, object]
    with speaking(person.language or settings.language, zone):
        for told in plan.alone:
            stop = address_for(settings, person.id, told)
            own = f"notice-{told.notice.id}-{told.notice.last_event}"
            headers = _headers(settings, own, stop, told.notice.subject)
            item = _words(settings, told, labels)
            if item.get("excerpt") and told.notice.thread_id is not None:
                back = reply_address(settings, person.id, told.notice.thread_id)
                headers |= {"Reply-To": back} if back else {}
            words = {"item": item, "stop": stop, "mark": MARK if "Reply-To" in headers else ""}
            letters.append(_letter(settings, person, "notice", [told], headers, **words))
        if plan.digest:
            stop = address_for(settings, person.id, None)
            own = f"digest-{person.id}-{today_of(person, settings):%Y%m%d}"
            items = [_words(settings, one, labels) for one in plan.digest[:IN_DIGEST]]
            words = {"items": items, "more": len(plan.digest) - len(items), "stop": stop}
            headers = _headers(settings, own, stop)
            letters.append(_letter(settings, person, "digest", plan.digest, headers, **words))
    return letters


def _letter(
    settings: Settings,
    person: Person,
    name: str,
    told: Sequence[Told],
    headers: Mapping[str, str],
    **words: object,
) -> _Letter:
    words["name"] = person.name
    subject, body = render(settings, f"inbox/mail/{name}.txt", **words)
    html = render_html(settings, f"inbox/mail/{name}.html", subject, **words)
    mail = Mail(recipient=person.email or "", subject=subject[:300], body=body, created_at=now())
    return _Letter(told, mail, headers, html)


def _words(settings: Settings, told: Told, labels: Mapping[int, Label]) -> dict[str, str]:
    """Return what a mail says of a notice. Its label decides: of restricted pages nothing but that
    something has happened, of confidential ones no text."""
    page = told.notice.page
    label = labels.get(told.notice.page_id or 0, Label.RESTRICTED)
    if page is None or label >= Label.RESTRICTED:
        return {"title": "", "url": absolute(settings, "/-/inbox"), "why": ""}
    return {
        "title": page.title,
        "space": page.space.title,
        "sentence": sentence(told),
        "excerpt": told.excerpt if label <= Label.INTERNAL else "",
        "url": absolute(settings, url_of(told)),
        "why": why(told),
    }


def _headers(settings: Settings, own: str, stop: str, subject: str = "") -> dict[str, str]:
    host = urlsplit(settings.base_url).hostname or "localhost"
    headers = {
        "Message-ID": f"<{own}@{host}>",
        "List-Id": f"<notices.{host}>",
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    if subject:
        root = f"<{subject.replace(':', '-')}@{host}>"
        headers |= {"References": root, "In-Reply-To": root}
    return headers


def _note_refused(session: Session, letter: _Letter, *, bounced: bool) -> None:
    """Note that the server refused a mail: for good, of which its reader is told, or for the
    moment. Then it is tried again until it is old."""
    if bounced:
        note_bounce(session, letter.mail.recipient)
    for one in letter.told:
        is_old = bounced or one.notice.told_at < now() - TRIED_FOR
        _update(session, [one.notice.id], mail_at=None if is_old else now() + AGAIN_AFTER)


def _note_sent(session: Session, settings: Settings, person_id: int, told: Sequence[Told]) -> None:
    """Note that a mail was sent. What has got a newer event meanwhile is mailed again."""
    for one in told:
        session.execute(
            update(Notice)
            .where(Notice.id == one.notice.id, Notice.last_event == one.notice.last_event)
            .values(mail_at=None, in_digest=False)
        )
    first = told[0].notice
    if first.kind == Kind.MENTION or first.in_digest:
        return
    person = session.get(Person, person_id)
    if person is not None:
        preference, today = preference_of(session, person_id), today_of(person, settings)
        sent = preference.sent + 1 if preference.day == today else 1
        values = {name: getattr(preference, name) for name in ("mentions", "changes", "hour")}
        store(session, person_id, **values, day=today, sent=sent)


def _update(session: Session, ids: Sequence[int], **values: object) -> None:
    if ids:
        session.execute(update(Notice).where(Notice.id.in_(ids)).values(**values))
