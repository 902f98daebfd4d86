"""Announcing: the event and one delivery per subscriber, in the announcer's own transaction."""

from __future__ import annotations

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.outbox.events import Event
from wiki.outbox.models import Delivery, EventRow
from wiki.rules.access import Actor

# Any fixed number: who announces first holds it until commit.
_ANNOUNCING = 0x7E111


def deliver_again(session: Session, event_id: int, subscriber: str) -> None:
    """Tell a subscriber of the same event once more: a handler that did a part of its work asks
    for the rest this way, and lets others have their turn."""
    session.add(Delivery(event_id=event_id, subscriber=subscriber))
    session.flush()


def announce(session: Session, actor: Actor, event: Event) -> int:
    """Write down that ``event`` happened through ``actor``, and who has to hear of it.

    On PostgreSQL announcers take turns until they commit, so that ids become visible in order and
    a reader of "everything after n" misses nothing; announce last in an action.

    :returns: the event's id.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ANNOUNCING})
    payload = event.payload()
    name, moment = type(event).__name__, now()
    row = {
        "name": name,
        "at": moment,
        "actor_id": actor.person_id,
        "space_id": payload.get("space_id"),
        "page_id": payload.get("page_id"),
        "payload": payload,
    }
    session.flush()  # what happened comes before the word of it
    connection = session.connection()
    event_id = int(connection.execute(_EVENT, row).scalar_one())
    subscribers = session.info["subscribers"].get(name, ())
    if subscribers:
        debts = [{"event_id": event_id, "subscriber": one, "due_at": moment} for one in subscribers]
        connection.execute(_DELIVERY, debts)
    return event_id


# Built once: every write announces something.
_EVENT = insert(EventRow).returning(EventRow.id)
_DELIVERY = insert(Delivery)
