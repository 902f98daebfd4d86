"""Queries for waiting and failed deliveries and for workers, for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from wiki.audit.queries import known_of, require_admin
from wiki.audit.sentences import Known
from wiki.db import now
from wiki.outbox.deliveries import FAILED, GIVEN_UP
from wiki.outbox.event import title_of
from wiki.outbox.heartbeat import LOST
from wiki.outbox.models import Delivery, EventRow, WorkerSeen
from wiki.rules.access import Actor
from wiki.web.paging import Slice


@dataclass(frozen=True)
class Queue:
    """The deliveries of one subscriber: counts, and the time of the oldest waiting event."""

    subscriber: str
    waiting: int
    failed: int
    given_up: int
    oldest_at: datetime | None


@dataclass(frozen=True)
class Failure:
    """A delivery that failed. ``error`` is only its kind if the rest could name something that the
    actor may not read (``hidden``)."""

    id: int
    subscriber: str
    event: str
    event_id: int
    at: datetime
    attempts: int
    due_at: datetime
    gave_up_at: datetime | None
    error: str
    hidden: bool


@dataclass(frozen=True)
class WorkerState:
    """The worker of a machine; ``lost`` is True if its last sign of life is too old."""

    row: WorkerSeen
    lost: bool


def queues(session: Session, actor: Actor) -> Sequence[Queue]:
    """Return the subscribers with waiting or failed deliveries, by name.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    rows = session.execute(
        select(
            Delivery.subscriber,
            func.sum(case((GIVEN_UP, 0), else_=1)),
            func.sum(case((FAILED & ~GIVEN_UP, 1), else_=0)),
            func.sum(case((GIVEN_UP, 1), else_=0)),
            func.min(case((GIVEN_UP, None), else_=Delivery.event_id)),
        )
        .group_by(Delivery.subscriber)
        .order_by(Delivery.subscriber)
    ).all()
    oldest = [row[4] for row in rows if row[4] is not None]
    moments = dict(
        session.execute(select(EventRow.id, EventRow.at).where(EventRow.id.in_(oldest))).all()
    )
    return [
        Queue(name, int(waiting), int(failed), int(given_up), moments.get(event_id))
        for name, waiting, failed, given_up, event_id in rows
    ]


def failures(
    session: Session,
    actor: Actor,
    *,
    subscriber: str = "",
    before: int | None = None,
    limit: int = 50,
) -> Slice[Failure]:
    """Return the deliveries that failed, newest first.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    query = (
        select(Delivery, EventRow)
        .join(EventRow, EventRow.id == Delivery.event_id)
        .where(FAILED | GIVEN_UP)
        .order_by(Delivery.id.desc())
        .limit(limit + 1)
    )
    if subscriber:
        query = query.where(Delivery.subscriber == subscriber)
    if before is not None:
        query = query.where(Delivery.id < before)
    found = session.execute(query).all()
    known = known_of(session, actor, [event for _, event in found])
    rows = [_failure(delivery, event, known) for delivery, event in found[:limit]]
    return Slice(rows, str(rows[-1].id) if len(found) > limit else None)


def workers(session: Session, actor: Actor) -> Sequence[WorkerState]:
    """Return all workers ever seen, the most recently seen first.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    rows = session.scalars(select(WorkerSeen).order_by(WorkerSeen.seen_at.desc()))
    return [WorkerState(row, row.stopped_at is None and row.seen_at < now() - LOST) for row in rows]


def _failure(delivery: Delivery, event: EventRow, known: Known) -> Failure:
    error = delivery.error or ""
    hidden = not _may_know(event, known)
    return Failure(
        id=delivery.id,
        subscriber=delivery.subscriber,
        event=title_of(event.name),
        event_id=event.id,
        at=event.at,
        attempts=delivery.attempts,
        due_at=delivery.due_at,
        gave_up_at=delivery.gave_up_at,
        error=error.partition(":")[0] if hidden else error,
        hidden=hidden and ":" in error,
    )


def _may_know(event: EventRow, known: Known) -> bool:
    """Return whether the actor may see the full error of an event, which could name a page."""
    if event.page_id is not None:
        return event.page_id in known.pages
    return event.space_id is None or event.space_id in known.readable
