"""Actions of a reader on notices: read, done, snooze, mute."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import Invalid, NotFound, SignInRequired
from wiki.i18n import gettext as _
from wiki.i18n import reader
from wiki.inbox.kinds import State
from wiki.inbox.models import Notice
from wiki.inbox.queries import visible_to
from wiki.pages.models import Page
from wiki.rules.access import Actor
from wiki.watching.actions import watch
from wiki.watching.levels import Level
from wiki.watching.subjects import SeenSubject, Subject

MORNING = time(8)


class Do(StrEnum):
    """An action on a notice."""

    READ = "read"
    UNREAD = "unread"
    DONE = "done"
    TOMORROW = "tomorrow"
    NEXT_WEEK = "next-week"
    MUTE = "mute"


def do(session: Session, actor: Actor, notice_id: int, what: str) -> None:
    """Carry out an action on one of the actor's notices.

    :raises NotFound: when there is no such notice, or they may not read what it is about.
    :raises Invalid: for an unknown action.
    """
    if what not in {one.value for one in Do}:
        raise Invalid(_("Choose an action."), field="do")
    notice = session.scalar(
        select(Notice)
        .outerjoin(Page, Page.id == Notice.page_id)
        .where(visible_to(actor), Notice.id == notice_id)
    )
    if notice is None:
        raise NotFound
    if what == Do.MUTE:
        if notice.page_id is None:
            raise Invalid(_("This can’t be muted."), field="do")
        subject = Subject(page_id=notice.page_id, thread_id=notice.thread_id)
        watch(session, actor, SeenSubject(subject), Level.MUTE)
    for name, value in _changes(Do(what)).items():
        setattr(notice, name, value)


def _changes(what: Do) -> dict[str, Any]:
    if what is Do.READ:
        return {"state": int(State.READ)}
    if what is Do.UNREAD:
        return {"state": int(State.UNREAD), "snoozed_until": None}
    if what in (Do.TOMORROW, Do.NEXT_WEEK):
        return {"snoozed_until": _morning(1 if what is Do.TOMORROW else 7)}
    return {"state": int(State.DONE), "snoozed_until": None}


def _morning(days: int) -> datetime:
    """Return the morning in some days, in the reader's time zone."""
    zone = reader().zone or reader().site_zone
    here = now().astimezone(zone) if zone else now()
    day = here.date() + timedelta(days=days)
    return datetime.combine(day, MORNING, here.tzinfo).astimezone(now().tzinfo)


def read_all(session: Session, actor: Actor, until: int) -> None:
    """Mark the actor's notices as read whose newest event is not after ``until``: what came since
    they opened the list stays unread.

    :raises SignInRequired: when nobody is signed in.
    """
    if actor.person_id is None or actor.is_narrow:
        raise SignInRequired
    session.execute(
        update(Notice)
        .where(
            Notice.person_id == actor.person_id,
            Notice.state == int(State.UNREAD),
            Notice.last_event <= until,
            Notice.snoozed_until.is_(None),
        )
        .values(state=int(State.READ))
        .execution_options(synchronize_session=False)
    )
