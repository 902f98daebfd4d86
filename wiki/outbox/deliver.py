"""Delivery of events: due deliveries are claimed, handed to their subscribers, and deleted.

Each event is delivered at least once: a delivery is deleted only after its handler has returned. A
handler must therefore be idempotent, and must reread rows instead of trusting an old payload.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Delete, Row, Select, Update, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import Database, batches, now
from wiki.disk import is_full
from wiki.outbox.heartbeat import this_machine
from wiki.outbox.models import Delivery, EventRow

log = logging.getLogger(__name__)

BATCH = 200
LEASE = timedelta(seconds=120)
ATTEMPTS = 12
FOR_ROOM = timedelta(minutes=1)  # delay after a delivery failed because the disk is full
LONG = 1.0
"""Seconds of a batch after which finished deliveries are deleted before the next batch starts."""


@dataclass(frozen=True)
class Happening:
    """An event as a handler receives it."""

    delivery_id: int
    event_id: int
    name: str
    at: datetime
    actor_id: int | None
    space_id: int | None
    page_id: int | None
    payload: Mapping[str, Any]


Handler = Callable[[Database, Settings, Sequence[Happening]], None]


class Deliverer:
    """A deliverer for the given handlers, keyed by subscriber name.

    :param gathered: the subscribers whose deliveries wait for others, and how long. They keep
        derived data up to date, so a delivery may be repeated after a failure of the machine.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        handlers: Mapping[str, Handler],
        gathered: Mapping[str, timedelta] | None = None,
    ) -> None:
        self.database = database
        self.settings = settings
        self.handlers = handlers
        self.gathered = gathered or {}
        self._waiting: Sequence[Row[str, datetime, int]] | None = None

    def deliver_due(self) -> int:
        """Deliver one batch to each subscriber with due deliveries; return the number delivered.

        All of them are claimed in one transaction and deleted in one, so that other writers rarely
        wait.
        """
        paid: list[int] = []
        delivered = 0
        claimed = self._claim()
        derived = set(claimed) <= set(self.gathered)
        for name, batch in claimed.items():
            begun = time.monotonic()
            heard = self._hand_over(name, self.handlers[name], batch)
            delivered += len(heard)
            paid += heard
            if time.monotonic() - begun > LONG:
                self._pay(paid, durable=not derived)
                paid = []
        self._pay(paid, durable=not derived)
        return delivered

    def deliver_all(self) -> int:
        """Deliver until nothing is due; return the number delivered."""
        total = 0
        while count := self.deliver_due():
            total += count
        return total

    def next_due(self) -> datetime | None:
        """Return the time of the next delivery; None if nothing waits. It is known already if the
        last :meth:`deliver_due` has found nothing due."""
        first = self._first() if self._waiting is None else self._waiting
        return min((self._wanted_at(name, due_at) for name, due_at, _ in first), default=None)

    def _first(self) -> Sequence[Row[str, datetime, int]]:
        with self.database.read() as session:
            return session.connection().execute(_first_due()).all()

    def _wanted_at(self, name: str, due_at: datetime) -> datetime:
        return due_at + self.gathered.get(name, timedelta())

    def release_all(self) -> None:
        """Make everything due that a dead worker of this machine had claimed. The worker calls this
        at its start. Claims of other machines end with their lease."""
        with self.database.write() as session:
            session.execute(
                update(Delivery)
                .where(Delivery.claimed_by == this_machine())
                .values(due_at=now(), claimed_by=None)
            )

    def _claim(self) -> dict[str, list[Happening]]:
        """Claim the due deliveries of each subscriber, at most a batch, until the lease ends."""
        moment = now()
        first = self._first()
        waiting = [name for name, due_at, _ in first if self._wanted_at(name, due_at) <= moment]
        waiting = [name for name in self.handlers if name in waiting]
        self._waiting = None if waiting else first
        if not waiting:
            return {}
        # A few are read by one statement; of many, each subscriber gets a batch.
        is_few = sum(count for name, _, count in first if name in waiting) <= BATCH
        claimed: dict[str, list[Happening]] = {}
        with self.database.write(durable=False) as session:  # a lost claim is made again
            for names in [waiting] if is_few else [[name] for name in waiting]:
                for name, one in self._rows(session, names, moment):
                    claimed.setdefault(name, []).append(one)
            claimed = {name: claimed[name] for name in waiting if name in claimed}
            held = [one.delivery_id for batch in claimed.values() for one in batch]
            for some in batches(held, BATCH):
                lease = {"until": now() + LEASE, "machine": this_machine()}
                session.connection().execute(_held(), {"ids": some, **lease})
        return claimed

    def _rows(
        self, session: Session, names: Sequence[str], moment: datetime
    ) -> Iterator[tuple[str, Happening]]:
        """Yield the due deliveries to these subscribers, at most a batch, each with its
        subscriber."""
        for row in session.connection().execute(_due(), {"names": names, "moment": moment}):
            yield row.subscriber, Happening(**{key: getattr(row, key) for key in _HAPPENING})

    def _hand_over(self, name: str, handler: Handler, batch: list[Happening]) -> list[int]:
        """Pass a batch to a handler; return the ids of the deliveries that succeeded."""
        try:
            handler(self.database, self.database.adjust(self.settings), batch)
        except Exception as error:
            if len(batch) > 1:
                # One failing event must not hold up the others.
                return [id for one in batch for id in self._hand_over(name, handler, [one])]
            log.exception("delivery to %s failed", name)
            self._postpone(batch[0], error)
            return []
        return [happening.delivery_id for happening in batch]

    def _pay(self, ids: Sequence[int], *, durable: bool) -> None:
        if not ids:
            return
        with self.database.write(durable=durable) as session:
            for some in batches(ids, BATCH):
                session.connection().execute(_paid(), {"ids": some})

    def _postpone(self, happening: Happening, error: Exception) -> None:
        with self.database.write() as session:
            delivery = session.get(Delivery, happening.delivery_id)
            if delivery is None:
                return
            delivery.claimed_by = None
            delivery.error = f"{type(error).__name__}: {error}"[:2000]
            if is_full(error):  # not caused by this delivery
                delivery.due_at = now() + FOR_ROOM
                return
            delivery.attempts += 1
            delivery.due_at = now() + timedelta(seconds=min(2**delivery.attempts, 3600))
            if delivery.attempts >= ATTEMPTS:
                delivery.gave_up_at = now()


@cache
def _first_due() -> Select[str, datetime, int]:
    """Select each subscriber with pending deliveries, when the first of them is due, and their
    number."""
    return (
        select(Delivery.subscriber, func.min(Delivery.due_at), func.count())
        .where(Delivery.gave_up_at.is_(None))
        .group_by(Delivery.subscriber)
    )


@cache
def _held() -> Update:
    return (
        update(Delivery)
        .where(Delivery.id.in_(bindparam("ids", expanding=True)))
        .values(due_at=bindparam("until"), claimed_by=bindparam("machine"))
    )


@cache
def _paid() -> Delete:
    return delete(Delivery).where(Delivery.id.in_(bindparam("ids", expanding=True)))


_HAPPENING = tuple(one.name for one in fields(Happening))


@cache
def _due() -> Select[Any]:
    """Select a batch of the due deliveries to some subscribers, and lock them."""
    columns = [getattr(EventRow, name) for name in _HAPPENING[2:]]
    found: Select[Any] = select(
        Delivery.subscriber, Delivery.id.label("delivery_id"), Delivery.event_id, *columns
    )
    return (
        found.join(EventRow, EventRow.id == Delivery.event_id)
        .where(
            Delivery.subscriber.in_(bindparam("names", expanding=True)),
            Delivery.due_at <= bindparam("moment"),
            Delivery.gave_up_at.is_(None),
        )
        .order_by(Delivery.id)
        .limit(BATCH)
        .with_for_update(of=Delivery, skip_locked=True)
    )
