"""Announcing: the event and one delivery per subscriber, in the announcer's own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, literal, select, text
from sqlalchemy.orm import Session

from wiki.db import UtcDateTime, now
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


def announce(session: Session, actor: Actor, event: Event) -> EventRow:
    """Write down that ``event`` happened through ``actor``, and who has to hear of it.

    On PostgreSQL announcers take turns until they commit, so that ids become visible in order and
    a reader of "everything after n" misses nothing; announce last in an action.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ANNOUNCING})
    payload = event.payload()
    row = EventRow(
        name=type(event).__name__,
        actor_id=actor.person_id,
        space_id=payload.get("space_id"),
        page_id=payload.get("page_id"),
        payload=payload,
    )
    session.add(row)
    for subscriber in session.info["subscribers"].get(row.name, ()):
        session.add(Delivery(event=row, subscriber=subscriber))
    session.flush()
    return row


def announce_all(session: Session, actor: Actor, events: Sequence[Event], at: datetime) -> None:
    """Write down that all of these happened at one moment, in this order; announce last."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ANNOUNCING})
    session.flush()  # what happened comes before the word of it
    # Announcers take turns: what comes after this number is from here.
    before = session.scalar(select(func.max(EventRow.id))) or 0
    rows = []
    names: dict[str, None] = {}
    for event in events:
        payload = event.payload()
        name = type(event).__name__
        names[name] = None
        rows.append(
            {
                "name": name,
                "at": at,
                "actor_id": actor.person_id,
                "space_id": payload.get("space_id"),
                "page_id": payload.get("page_id"),
                "payload": payload,
            }
        )
    if not rows:
        return
    connection = session.connection()
    connection.execute(insert(EventRow), rows)
    heard = session.info["subscribers"]
    for name in names:
        for subscriber in heard.get(name, ()):
            owed = select(EventRow.id, literal(subscriber), literal(now(), UtcDateTime), literal(0))
            connection.execute(
                insert(Delivery).from_select(
                    ["event_id", "subscriber", "due_at", "attempts"],
                    owed.where(EventRow.id > before, EventRow.name == name).order_by(EventRow.id),
                )
            )
