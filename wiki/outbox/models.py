"""Tables of the outbox: what happened, and who has still to hear of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now

# Word for word the condition of those who look for them, so that the index serves it.
PURGES = text("name IN ('PagePurged', 'RevisionPurged')")


class EventRow(Base):
    """One event; feed of changes, audit and outbox read the same rows. Ids grow as they commit."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_space_id_id", "space_id", "id"),
        Index("ix_events_page_id_id", "page_id", "id"),
        Index("ix_events_purged", "id", sqlite_where=PURGES, postgresql_where=PURGES),
        # What is brought in from elsewhere happened long before it arrived.
        Index("ix_events_at", "at"),
        Index("ix_events_space_id_at", "space_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(default=now)
    actor_id: Mapped[int | None] = mapped_column(BigId)
    space_id: Mapped[int | None] = mapped_column(BigId)
    page_id: Mapped[int | None] = mapped_column(BigId)
    payload: Mapped[dict[str, Any]]


class Delivery(Base):
    """A debt: this subscriber has not yet heard this event. Paid debts are deleted."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_subscriber_due_at", "subscriber", "due_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    subscriber: Mapped[str] = mapped_column(String(80))
    due_at: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    gave_up_at: Mapped[datetime | None]

    event: Mapped[EventRow] = relationship()
