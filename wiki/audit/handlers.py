"""Periodic tasks of the audit log: verifying the chain of events, and deleting expired data."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.audit.models import ChainCheck
from wiki.config import Settings
from wiki.db import Database, now
from wiki.outbox.chain.expiring import expire, shorten_addresses
from wiki.outbox.chain.verifying import verify
from wiki.outbox.models import PASSING, TRACED, Delivery, EventRow
from wiki.pages.access.access_log import forget_reads, has_reads_before

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
# Data expires in batches once a day, to avoid an event about the expiry every second.
GRACE = timedelta(days=1)


def check_chain(database: Database, _settings: Settings) -> None:
    """Verify the chain of events once a day, and when requested (periodic)."""
    with database.read() as session:
        asked = session.scalar(select(ChainCheck.id).where(ChainCheck.done_at.is_(None)).limit(1))
        if asked is None and _is_recent(session):
            return
    found = verify(database)
    if found.fault:
        log.error("the chain of events is broken: %s", found.fault)
    with database.write() as session:
        waiting = session.scalars(select(ChainCheck).where(ChainCheck.done_at.is_(None))).all()
        if not waiting:
            waiting = [ChainCheck()]
            session.add_all(waiting)
        for check in waiting:
            check.done_at = now()
            check.until_id, check.count, check.fault = found.until_id, found.count, found.fault


def delete_expired(database: Database, settings: Settings) -> None:
    """Delete expired events and reads, and shorten old addresses (periodic)."""
    moment = now()
    if settings.audit_days:
        before = moment - timedelta(days=settings.audit_days)
        if _is_due(database, before, expires=True):
            _all(database, lambda session: expire(session, before))
    if settings.access_log_days:
        oldest = moment - timedelta(days=settings.access_log_days)
        with database.read() as session:
            is_due = has_reads_before(session, oldest - GRACE)
        if is_due:
            _all(database, lambda session: forget_reads(session, oldest))
    if settings.address_days:
        until = moment - timedelta(days=settings.address_days)
        if _is_due(database, until, expires=False):
            _all(database, lambda session: shorten_addresses(session, until))


def _is_recent(session: Session) -> bool:
    newest = select(ChainCheck.done_at).order_by(ChainCheck.id.desc()).limit(1)
    done_at = session.scalar(newest)
    return done_at is not None and done_at > now() - EVERY


def _is_due(database: Database, before: datetime, *, expires: bool) -> bool:
    """Return whether the oldest event is old enough to start a batch."""
    oldest = select(EventRow.id, EventRow.at).where(PASSING if expires else TRACED)
    with database.read() as session:
        row = session.execute(oldest.order_by(EventRow.id).limit(1)).one_or_none()
        if row is None or row.at >= before - GRACE:
            return False
        # An event is kept until all its deliveries are done.
        waiting = select(Delivery.id).where(
            Delivery.event_id == row.id, Delivery.gave_up_at.is_(None)
        )
        return not (expires and session.scalar(waiting.limit(1)))


def _all(database: Database, some: Callable[[Session], int]) -> None:
    """Run ``some`` in a transaction each until it returns 0, so that other writers do not wait
    long."""
    done = 1
    while done:
        with database.write() as session:
            done = some(session)
