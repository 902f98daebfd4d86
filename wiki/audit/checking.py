"""The integrity checks of events and deliveries."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.chain.verifying import verify
from wiki.outbox.deliveries import try_again
from wiki.outbox.models import Delivery
from wiki.room import Check, Finding, Progress


def check_events(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that no event was changed, removed, inserted or cut off."""
    fault = verify(database, progress).fault
    if fault:
        yield Finding(fault)


def check_deliveries(
    database: Database, settings: Settings, progress: Progress
) -> Iterator[Finding]:
    """Check that no delivery was given up after too many failures."""
    with database.read() as session:
        rows = session.execute(
            select(Delivery.id, Delivery.subscriber, Delivery.error).where(
                Delivery.gave_up_at.is_not(None)
            )
        ).all()
    progress(1, 1)
    for id, subscriber, error in rows:
        yield Finding(
            f"Delivery {id} to {subscriber} was given up ({error}); it can be tried again.",
            lambda id=id: _try_again(database, id),  # type: ignore[misc]
        )


def _try_again(database: Database, delivery_id: int) -> None:
    with database.write() as session:
        try_again(session, delivery_id)


CHECKS = (Check(240, "Events", check_events), Check(250, "Deliveries", check_deliveries))
