"""Announcing: the event and one delivery per subscriber, in the announcer's own transaction."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

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


def take_turn(session: Session) -> None:
    """Wait for those who announce, and let nobody else announce, until this transaction ends.

    What depends on many pages at once (where links lead) is written in turn too: then each sees
    what all before it did. Rows of pages are locked before, never after.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ANNOUNCING})


def announce(session: Session, actor: Actor, event: Event) -> EventRow:
    """Write down that ``event`` happened through ``actor``, and who has to hear of it.

    On PostgreSQL announcers take turns until they commit, so that ids become visible in order and
    a reader of "everything after n" misses nothing; announce last in an action.
    """
    take_turn(session)
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
