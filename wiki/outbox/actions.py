"""Announcing: the event and one delivery per subscriber, in the announcer's own transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.outbox.events import Event
from wiki.outbox.models import Delivery, EventRow
from wiki.rules.access import Actor

# Any fixed number: who announces first holds it until commit.
_ANNOUNCING = 0x7E111


def deliver_again(
    session: Session, event_id: int, subscriber: str, due_at: datetime | None = None
) -> None:
    """Tell a subscriber of the same event once more: a handler that did a part of its work asks
    for the rest this way, and lets others have their turn.

    :param due_at: not before that moment.
    """
    session.add(Delivery(event_id=event_id, subscriber=subscriber, due_at=due_at or now()))
    session.flush()


def announce(session: Session, actor: Actor, event: Event) -> int:
    """Write down that ``event`` happened through ``actor``, and who has to hear of it.

    On PostgreSQL announcers take turns until they commit, so that ids become visible in order and
    a reader of "everything after n" misses nothing; announce last in an action.

    :returns: the event's id.
    """
    _take_turn(session)
    row = _row(event, actor.person_id, now())
    session.flush()  # what happened comes before the word of it
    event_id = int(session.connection().execute(_EVENT, row).scalar_one())
    _owe(session, [(event_id, row["name"])], row["at"])
    return event_id


def record(session: Session, happened: Sequence[tuple[Event, int | None, datetime]]) -> None:
    """Write down what happened elsewhere, in its order, with whose doing it was and when. Nobody
    hears of it: :func:`tell_newest` says what has come of it all."""
    if happened:
        _take_turn(session)
        session.flush()
        session.connection().execute(_PAST, [_row(*one) for one in happened])


def tell_newest(session: Session, page_ids: Collection[int]) -> None:
    """Let the newest event of each of these pages be heard by all who subscribe to it."""
    session.flush()
    newest = (
        select(func.max(EventRow.id))
        .where(EventRow.page_id.in_(page_ids), EventRow.name.in_(list(session.info["subscribers"])))
        .group_by(EventRow.page_id)
    )
    events = session.execute(select(EventRow.id, EventRow.name).where(EventRow.id.in_(newest)))
    _owe(session, [(event_id, name) for event_id, name in events.all()], now())


def _take_turn(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ANNOUNCING})


def _row(event: Event, actor_id: int | None, at: datetime) -> dict[str, Any]:
    payload = event.payload()
    return {
        "name": type(event).__name__,
        "at": at,
        "actor_id": actor_id,
        "space_id": payload.get("space_id"),
        "page_id": payload.get("page_id"),
        "payload": payload,
    }


def _owe(session: Session, events: Iterable[tuple[int, str]], due_at: datetime) -> None:
    subscribers = session.info["subscribers"]
    debts = [
        {"event_id": event_id, "subscriber": one, "due_at": due_at}
        for event_id, name in events
        for one in subscribers.get(name, ())
    ]
    if debts:
        session.connection().execute(_DELIVERY, debts)


# Built once: every write announces something.
_EVENT = insert(EventRow).returning(EventRow.id)
_PAST = insert(EventRow)
_DELIVERY = insert(Delivery)
