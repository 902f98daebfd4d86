"""Writing the notices of an event: one statement for any number of recipients."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    String,
    case,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session

from wiki.db import insert_into, now
from wiki.inbox.kinds import NEEDED, Because, Kind, State
from wiki.inbox.models import Notice
from wiki.outbox.deliver import Happening
from wiki.pages.models import Page
from wiki.people.models import Person
from wiki.people.queries import can_sign_in
from wiki.spaces.audience import readers
from wiki.watching.queries import chain_of, deciding
from wiki.watching.subjects import Subject

_COLUMNS = (
    "person_id",
    "reason",
    "watch_id",
    "subject",
    "space_id",
    "page_id",
    "thread_id",
    "kind",
    "first_event",
    "last_event",
    "count",
    "state",
    "told_at",
    "mail_at",
)

MAIL_AFTER = {
    Kind.MENTION: timedelta(minutes=2),
    Kind.EDIT: timedelta(minutes=10),
    Kind.COMMENT: timedelta(minutes=10),
    Kind.STATE: timedelta(minutes=10),
    Kind.MATCH: timedelta(minutes=10),
}
"""Delay of mails: a comment that is corrected meanwhile is mailed once, a deleted one never."""
LATE = timedelta(days=1)
"""Age of events, such as those of an import, of which nobody is mailed."""


Recipients: TypeAlias = Select[*tuple[Any, ...]]
"""A statement that selects people, each with the reason and the watch, if there is one."""


@dataclass(frozen=True)
class About:
    """The subject and the kind of the notices of an event."""

    subject: Subject
    kind: Kind


def watchers(
    session: Session, happening: Happening, page: Page, thread_id: int | None, kind: Kind
) -> Recipients:
    """Select those who are told of an event on a page because they watch it: the person, the reason
    and the watch. They can read the page now; the one who caused the event is not among them."""
    found = deciding(chain_of(session, page, thread_id))
    return (
        select(Person.id, literal(Because.WATCH.value, String), found.c.watch_id)
        .join(found, found.c.person_id == Person.id)
        .where(
            found.c.level >= int(NEEDED[kind]),
            Person.id != (happening.actor_id or 0),
            can_sign_in(),
            Person.id.in_(readers(session, page.space, page.scope_id)),
        )
    )


def tell(session: Session, happening: Happening, about: About, recipients: Recipients) -> None:
    """Store notices for recipients, or add the event to those that they have.

    A repeated delivery of an event changes nothing.

    :param recipients: selects person, reason and watch, with a condition.
    """
    columns = about.subject.columns()
    values: list[ColumnElement[Any]] = [
        literal(columns["subject"], String),
        literal(columns["space_id"], BigInteger),
        literal(columns["page_id"], BigInteger),
        literal(columns["thread_id"], BigInteger),
        literal(about.kind.value, String),
        literal(happening.event_id, BigInteger),
        literal(happening.event_id, BigInteger),
        literal(1),
        literal(int(State.UNREAD)),
        literal(now(), DateTime(timezone=True)),
        literal(_mail_at(happening, about.kind), DateTime(timezone=True)),
    ]
    insert = insert_into(session, Notice).from_select(_COLUMNS, recipients.add_columns(*values))
    new = insert.excluded
    is_open = Notice.state == int(State.UNREAD)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["person_id", "subject", "kind"],
            set_={
                "first_event": case((is_open, Notice.first_event), else_=new.first_event),
                "count": case((is_open, Notice.count + 1), else_=1),
                "last_event": new.last_event,
                "reason": new.reason,
                "watch_id": new.watch_id,
                "state": new.state,
                "told_at": new.told_at,
                # The first of several events decides, so that no stream of events delays a mail.
                "mail_at": func.coalesce(Notice.mail_at, new.mail_at),
            },
            where=Notice.last_event < new.last_event,
        )
    )


def _mail_at(happening: Happening, kind: Kind) -> datetime | None:
    wait = MAIL_AFTER.get(kind)
    if wait is None or happening.at < now() - LATE:
        return None
    return now() + wait
