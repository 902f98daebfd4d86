"""Tables of the outbox: what happened, its chains, who has still to hear of it, who delivers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now

# Word for word the condition of those who look for them, so that the index serves it.
PURGES = text("name IN ('PagePurged', 'RevisionPurged')")
AUDITED = text("audited")
PASSING = text("passing")
TRACED = text("address_salt IS NOT NULL")


class EventRow(Base):
    """One event; feed of changes, audit and outbox read the same rows. Ids grow as they commit.

    ``link`` binds it to the event before it (see ``chain.py``). ``said`` is the hash of what it
    said, once that was scrubbed. ``address`` is from where it was done, where that matters.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_space_id_id", "space_id", "id"),
        Index("ix_events_page_id_id", "page_id", "id"),
        Index("ix_events_purged", "id", sqlite_where=PURGES, postgresql_where=PURGES),
        # What is brought in from elsewhere happened long before it arrived.
        Index("ix_events_at", "at"),
        Index("ix_events_space_id_at", "space_id", "at"),
        Index("ix_events_audited", "id", sqlite_where=AUDITED, postgresql_where=AUDITED),
        Index("ix_events_passing", "id", sqlite_where=PASSING, postgresql_where=PASSING),
        Index("ix_events_traced", "id", sqlite_where=TRACED, postgresql_where=TRACED),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(default=now)
    actor_id: Mapped[int | None] = mapped_column(BigId)
    space_id: Mapped[int | None] = mapped_column(BigId)
    page_id: Mapped[int | None] = mapped_column(BigId)
    payload: Mapped[dict[str, Any]]
    audited: Mapped[bool] = mapped_column(default=False)
    passing: Mapped[bool] = mapped_column(default=False)
    address: Mapped[str | None] = mapped_column(String(80))
    # The salts are forgotten with what they salt; the hashes stay.
    address_salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    address_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    said: Mapped[bytes | None] = mapped_column(LargeBinary)
    link: Mapped[bytes | None] = mapped_column(LargeBinary)


class ChainEnd(Base):
    """Where a chain of events begins and ends, signed with the wiki's key.

    What stood before the anchor has expired; addresses up to ``shortened_id`` were shortened. An
    empty signature says that the end before was not signed by this wiki.
    """

    __tablename__ = "chain_ends"

    name: Mapped[str] = mapped_column(String(10), primary_key=True)
    anchor_id: Mapped[int] = mapped_column(BigId, default=0)
    anchor_count: Mapped[int] = mapped_column(BigId, default=0)
    anchor: Mapped[bytes] = mapped_column(LargeBinary)
    last_id: Mapped[int] = mapped_column(BigId, default=0)
    count: Mapped[int] = mapped_column(BigId, default=0)
    last: Mapped[bytes] = mapped_column(LargeBinary)
    shortened_id: Mapped[int] = mapped_column(BigId, default=0)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


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


class WorkerSeen(Base):
    """The last sign of life of the worker on a machine."""

    __tablename__ = "workers"

    host: Mapped[str] = mapped_column(String(200), primary_key=True)
    process: Mapped[int]
    began_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    stopped_at: Mapped[datetime | None]
