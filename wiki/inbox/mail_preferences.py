"""Preferences for mails of notices, and the time of the next digest."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import insert_into, now
from wiki.errors import Forbidden, Invalid
from wiki.i18n import gettext as _
from wiki.i18n import zone_named
from wiki.inbox.kinds import MailChanges
from wiki.inbox.models import MailPreference, Notice
from wiki.people.models import Person
from wiki.rules.access import Actor


def preference_of(session: Session, person_id: int | None) -> MailPreference:
    """Return what a person wants to be mailed; the defaults if they never chose."""
    found = session.get(MailPreference, person_id) if person_id is not None else None
    return found or MailPreference(
        person_id=person_id,
        mentions=True,
        changes=MailChanges.SOON.value,
        hour=8,
        day=None,
        sent=0,
    )


def set_preference(
    session: Session, settings: Settings, actor: Actor, *, mentions: bool, changes: str, hour: int
) -> None:
    """Set what the actor wants to be mailed. A digest that waits moves to the new hour.

    :raises Forbidden: without an account, and for a token that is limited to some spaces.
    :raises Invalid: for a choice or an hour that there is not.
    """
    if actor.person_id is None or actor.is_narrow:
        raise Forbidden(_("This token is limited to some spaces."))
    if changes not in {one.value for one in MailChanges}:
        raise Invalid(_("Choose when you want emails."), field="changes")
    if not 0 <= hour <= 23:
        raise Invalid(_("Choose an hour."), field="hour")
    store(session, actor.person_id, mentions=mentions, changes=changes, hour=hour)
    person = session.get_one(Person, actor.person_id)
    session.execute(
        update(Notice)
        .where(Notice.person_id == person.id, Notice.in_digest, Notice.mail_at.is_not(None))
        .values(mail_at=next_digest(person, settings, hour))
    )


def store(session: Session, person_id: int, **values: object) -> None:
    """Set some values of a person's preference, without an access check."""
    session.execute(
        insert_into(session, MailPreference)
        .values(person_id=person_id, **values)
        .on_conflict_do_update(index_elements=["person_id"], set_=values)
    )


def today_of(person: Person, settings: Settings) -> date:
    """Return the date in a person's time zone."""
    return _here(person, settings).date()


def next_digest(person: Person, settings: Settings, hour: int) -> datetime:
    """Return when the clock of a person next shows an hour. Where that hour is skipped or comes
    twice as clocks are changed, it is one moment all the same."""
    here = _here(person, settings)
    due = datetime.combine(here.date(), time(hour), here.tzinfo)
    if due.astimezone(UTC) <= here.astimezone(UTC):
        due = datetime.combine(here.date() + timedelta(days=1), time(hour), here.tzinfo)
    return due.astimezone(UTC)


def _here(person: Person, settings: Settings) -> datetime:
    zone = zone_named(person.time_zone) or zone_named(settings.time_zone) or UTC
    return now().astimezone(zone)
