"""Announcing events: the event and one delivery per subscriber are stored in the caller's
transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from os import urandom
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.outbox.chain.links import (
    LASTING,
    PASSING,
    SALT_BYTES,
    End,
    Facts,
    Proof,
    Seal,
    address_hash,
    link,
    name_of,
    said_hash,
)
from wiki.outbox.event import Event, policy_of
from wiki.outbox.events import EventsScrubbed
from wiki.outbox.models import ChainEnd, Delivery, EventRow
from wiki.rules.access import Actor
from wiki.web.origin import origin

# Key of the advisory lock that serialises publishers until they commit; any fixed number.
_ANNOUNCING = 0x7E111


def deliver_again(
    session: Session, event_id: int, subscriber: str, due_at: datetime | None = None
) -> None:
    """Schedule another delivery of an event to a subscriber. A handler that did a part of its work
    uses it for the rest, so that others get a turn.

    :param due_at: earliest time of the delivery; now, if None.
    """
    session.add(Delivery(event_id=event_id, subscriber=subscriber, due_at=due_at or now()))
    session.flush()


def publish(session: Session, actor: Actor, event: Event) -> int:
    """Store ``event`` with its actor, and a delivery for each subscriber.

    On PostgreSQL publishers of chained events take turns until they commit, so that ids become
    visible in order and a reader of "everything after n" misses nothing. Publish last in an action.

    :returns: the event's id.
    """
    return publish_all(session, actor, [event])[0]


def publish_all(
    session: Session, actor: Actor, events: Sequence[Event], at: datetime | None = None
) -> list[int]:
    """Store several events in this order, with their deliveries; return their ids.

    :param at: the time of all of them; now, if None.
    """
    if not events:
        return []
    moment, where = at or now(), origin()
    happened = [(event, actor.person_id, moment) for event in events]
    written = _write_down(session, happened, where)
    _owe(session, written, now())
    return [id for id, _ in written]


def record(session: Session, happened: Sequence[tuple[Event, int | None, datetime]]) -> None:
    """Store events of an imported past in order, each with its actor and time. They are not
    delivered; see :func:`tell_newest`."""
    if happened:
        _write_down(session, happened, None)


def tell_newest(
    session: Session, page_ids: Collection[int], among: Collection[type[Event]]
) -> None:
    """Deliver the newest event of these kinds of each page to its subscribers."""
    session.flush()
    newest = (
        select(func.max(EventRow.id))
        .where(EventRow.page_id.in_(page_ids), EventRow.name.in_([kind.__name__ for kind in among]))
        .group_by(EventRow.page_id)
    )
    events = session.execute(select(EventRow.id, EventRow.name).where(EventRow.id.in_(newest)))
    _owe(session, [(event_id, name) for event_id, name in events.all()], now())


def take_turn(session: Session) -> None:
    """Wait for other publishers, and lock them out until this transaction ends.

    Data that depends on many pages at once (the targets of links) is written under this lock too,
    so that each transaction sees the results of all before it. Lock rows of pages before, never
    after.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ANNOUNCING})


def scrub(
    session: Session,
    actor: Actor,
    space_id: int,
    page_id: int,
    scrubbed: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    silence: bool = True,
) -> None:
    """Remove from the payloads of all events of a page what ``scrubbed`` leaves out. The hash of
    the original payload stays, and a new event proves the present payloads.

    :param silence: delete the pending deliveries of these events.
    """
    take_turn(session)
    session.flush()
    connection = session.connection()
    if silence:
        of_page = select(EventRow.id).where(EventRow.page_id == page_id)
        connection.execute(delete(Delivery).where(Delivery.event_id.in_(of_page)))
    rows = connection.execute(
        select(EventRow.id, EventRow.name, EventRow.payload, EventRow.salt, EventRow.said)
        .where(EventRow.page_id == page_id)
        .order_by(EventRow.id)
    ).all()
    proof, count = Proof(), 0
    for id, name, payload, salt, said in rows:
        left = scrubbed(payload)
        if left != payload and not policy_of(name).chained:
            connection.execute(update(EventRow).where(EventRow.id == id).values(payload=left))
        elif left != payload:
            count += 1
            said = said or said_hash(salt or b"", name, payload)
            connection.execute(
                update(EventRow).where(EventRow.id == id).values(payload=left, salt=None, said=said)
            )
        if said is not None:
            proof.add(id, left)
    if count:
        publish(session, actor, EventsScrubbed(space_id, page_id, count, proof.words()))


def ends_of(session: Session) -> dict[str, End]:
    """Return the ends of the chains by name; a chain without a record starts empty and unsigned."""
    return _ends_and_newest(session)[0]


def _ends_and_newest(session: Session) -> tuple[dict[str, End], int]:
    """Return the ends of the chains, and the highest id of an event."""
    connection = session.connection()
    found = connection.execute(_ENDS).all()
    newest = found[0].newest if found else connection.scalar(_NEWEST)
    ends = {row.name: End(*row[:-1]) for row in found}
    return {name: ends.get(name, End(name)) for name in (LASTING, PASSING)}, newest or 0


def keep_ends(session: Session, before: dict[str, End], after: dict[str, End]) -> None:
    """Store the new ends of the chains. An end is signed only if the previous one was signed
    correctly, so that a new event cannot cover up that events were cut off."""
    seal = Seal(session.info.get("key"))
    for name, end in after.items():
        if end != before[name]:
            signature = seal.sign(end) if seal.fits(before[name]) else b""
            write_end(session, replace(end, signature=signature))


def write_end(session: Session, end: End) -> None:
    """Store the end of a chain."""
    values = asdict(end)
    values["of"] = values.pop("name")
    if not session.connection().execute(_END, values).rowcount:
        session.connection().execute(insert(ChainEnd).values(**asdict(end)))


def _write_down(
    session: Session,
    happened: Sequence[tuple[Event, int | None, datetime]],
    where: str | None,
) -> list[tuple[int, str]]:
    """Insert events, and append them to their chains; return the id and the name of each.

    Publishers of chained events take turns, so the next one finds the chains as they are left here.
    """
    chained = any(event.policy.chained for event, _, _ in happened)
    reserved = _reserve_ids(session, len(happened), in_turn=chained)
    session.flush()  # the rows of the change are inserted before its event
    before, newest = _ends_and_newest(session)
    ends = dict(before)
    first = max(newest, *(end.last_id for end in ends.values())) + 1
    ids = reserved or range(first, first + len(happened))
    rows = []
    for id, (event, actor_id, at) in zip(ids, happened, strict=True):
        row = _row(id, event, actor_id, at, where)
        rows.append(row)
        if not event.policy.chained:
            continue
        name = name_of(row["passing"])
        end = ends[name]
        said = said_hash(row["salt"], row["name"], row["payload"])
        facts = Facts(*(row[column] for column in Facts._fields))
        row["link"] = link(end.last, facts, said, row["address"], row["address_hash"])
        ends[name] = replace(end, last_id=id, count=end.count + 1, last=row["link"])
    session.connection().execute(_EVENTS, rows)
    keep_ends(session, before, ends)
    return [(row["id"], row["name"]) for row in rows]


def _reserve_ids(session: Session, count: int, *, in_turn: bool) -> list[int]:
    """Reserve ids for events. SQLite has no sequences and one writer at a time: none are reserved.

    :param in_turn: wait for other publishers first, as :func:`take_turn` does.
    """
    if session.get_bind().dialect.name != "postgresql":
        return []
    if in_turn:
        turn = {"key": _ANNOUNCING, "count": count}
        return list(session.connection().scalars(_TURN_WITH_IDS, turn))
    return list(session.connection().scalars(_IDS, {"count": count}))


def _row(
    id: int, event: Event, actor_id: int | None, at: datetime, where: str | None
) -> dict[str, Any]:
    name, payload = type(event).__name__, event.payload()
    policy, page_id = event.policy, payload.get("page_id")
    where = where if policy.traced else None
    address_salt = urandom(SALT_BYTES) if where else None
    return {
        "id": id,
        "name": name,
        "at": at,
        "actor_id": actor_id,
        "space_id": payload.get("space_id"),
        "page_id": page_id,
        "payload": payload,
        "audited": policy.audited,
        # Chained events of a page are a part of its history and never expire.
        "passing": policy.expires and (page_id is None or not policy.chained),
        "address": where,
        "address_salt": address_salt,
        "address_hash": address_hash(address_salt, where) if address_salt and where else None,
        "salt": urandom(SALT_BYTES) if policy.chained else None,
        "link": None,
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


# Built once, because every write publishes an event.
_EVENTS = insert(EventRow)
_DELIVERY = insert(Delivery)
_NEWEST = select(func.max(EventRow.id))
_ENDS = select(
    *(getattr(ChainEnd, one.name) for one in fields(End)),
    _NEWEST.scalar_subquery().label("newest"),
)
_END = (
    update(ChainEnd)
    .where(ChainEnd.name == bindparam("of"))
    .values({one.name: bindparam(one.name) for one in fields(End) if one.name != "name"})
)
_IDS = text(
    "SELECT nextval(pg_get_serial_sequence('events', 'id')) FROM generate_series(1, :count)"
)
# An id is taken only once the lock is held, because it is made for rows that join with the lock's.
_TURN_WITH_IDS = text(
    "WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(:key))"
    " SELECT nextval(pg_get_serial_sequence('events', 'id'))"
    " FROM turn, generate_series(1, :count)"
)
