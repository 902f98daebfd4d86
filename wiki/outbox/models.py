"""Tables of the outbox: events, ends of their chains, pending deliveries, workers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now

# Must match the conditions of queries literally, so that the partial indexes are used.
PURGES = text("name IN ('PagePurged', 'RevisionPurged')")
AUDITED = text("audited")
PASSING = text("passing")
TRACED = text("address_salt IS NOT NULL")


class EventRow(Base):
    """One event; the feed of changes, the audit log and the outbox read the same rows. Ids grow in
    the order of commits.

    ``link`` binds it to the event before it (see ``chain/links.py``). ``said`` is the hash of the
    original payload if that was scrubbed. ``address`` is the address it came from, for traced
    events.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_space_id_id", "space_id", "id"),
        Index("ix_events_page_id_id", "page_id", "id"),
        Index("ix_events_purged", "id", sqlite_where=PURGES, postgresql_where=PURGES),
        # Imported events are older than their ids suggest.
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
    # A salt is deleted together with the value that it salts; the hash stays.
    address_salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    address_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    said: Mapped[bytes | None] = mapped_column(LargeBinary)
    link: Mapped[bytes | None] = mapped_column(LargeBinary)


class ChainEnd(Base):
    """The anchor and the end of a chain of events, signed with the wiki's key.

    Events up to the anchor have expired. Addresses up to ``shortened_id`` are shortened. An empty
    signature means that the previous end was not signed by this wiki.
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
    """A pending delivery of an event to a subscriber. Finished deliveries are deleted.

    ``claimed_by`` is the machine that is delivering it; its claim ends at ``due_at``.
    """

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_subscriber_due_at", "subscriber", "due_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    subscriber: Mapped[str] = mapped_column(String(80))
    due_at: Mapped[datetime] = mapped_column(default=now)
    claimed_by: Mapped[str | None] = mapped_column(String(200))
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    gave_up_at: Mapped[datetime | None]

    event: Mapped[EventRow] = relationship()


class WorkerSeen(Base):
    """The last heartbeat of the worker on a machine."""

    __tablename__ = "workers"

    host: Mapped[str] = mapped_column(String(200), primary_key=True)
    process: Mapped[int]
    began_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    stopped_at: Mapped[datetime | None]
