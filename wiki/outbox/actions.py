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
    return announce_all(session, actor, [event])[0]


def announce_all(
    session: Session, actor: Actor, events: Sequence[Event], at: datetime | None = None
) -> list[int]:
    """The same for many events, which happened in this order; their ids.

    :param at: the one moment at which all of them happened; now, without it.
    """
    if not events:
        return []
    take_turn(session)
    moment = at or now()
    rows = [_row(event, actor.person_id, moment) for event in events]
    session.flush()  # what happened comes before the word of it
    connection = session.connection()
    if len(rows) == 1:
        ids = [connection.execute(_EVENT, rows[0]).scalar_one()]
    else:  # announcers take turns, so what comes after this number is from here
        before = connection.scalar(select(func.max(EventRow.id))) or 0
        connection.execute(_EVENTS, rows)
        newer = select(EventRow.id).where(EventRow.id > before).order_by(EventRow.id)
        ids = list(connection.scalars(newer))
    _owe(session, [(id, row["name"]) for id, row in zip(ids, rows, strict=True)], now())
    return ids


def record(session: Session, happened: Sequence[tuple[Event, int | None, datetime]]) -> None:
    """Write down what happened elsewhere, in its order, with whose doing it was and when. Nobody
    hears of it: :func:`tell_newest` says what has come of it all."""
    if happened:
        take_turn(session)
        session.flush()
        session.connection().execute(_EVENTS, [_row(*one) for one in happened])


def tell_newest(
    session: Session, page_ids: Collection[int], among: Collection[type[Event]]
) -> None:
    """Let the newest event of these kinds of each page be heard by all who subscribe to it."""
    session.flush()
    newest = (
        select(func.max(EventRow.id))
        .where(EventRow.page_id.in_(page_ids), EventRow.name.in_([kind.__name__ for kind in among]))
        .group_by(EventRow.page_id)
    )
    events = session.execute(select(EventRow.id, EventRow.name).where(EventRow.id.in_(newest)))
    _owe(session, [(event_id, name) for event_id, name in events.all()], now())


def take_turn(session: Session) -> None:
    """Wait for those who announce, and let nobody else announce, until this transaction ends.

    What depends on many pages at once (where links lead) is written in turn too: then each sees
    what all before it did. Rows of pages are locked before, never after.
    """
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
_EVENTS = insert(EventRow)
_DELIVERY = insert(Delivery)
