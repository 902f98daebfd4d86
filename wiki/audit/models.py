"""Tables of the audit: checks of the chain of events, and runs of the leak drill."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.people.models import Person


class ChainCheck(Base):
    """One check of the chain of events, requested by an administrator or periodic. ``fault`` is
    empty if nothing is wrong."""

    __tablename__ = "chain_checks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    done_at: Mapped[datetime | None]
    until_id: Mapped[int] = mapped_column(BigId, default=0)
    count: Mapped[int] = mapped_column(BigId, default=0)
    fault: Mapped[str] = mapped_column(Text, default="")

    asked_by: Mapped[Person | None] = relationship(foreign_keys=[asked_by_id])


class DrillRun(Base):
    """One run of the leak drill, requested by an administrator.

    ``seen_at`` is updated while a worker follows the run. ``outcome`` is empty until it is done.
    ``result`` is the drill's report; ``error`` is the reason if there is none.
    """

    __tablename__ = "drill_runs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    began_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(20), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)

    asked_by: Mapped[Person | None] = relationship(foreign_keys=[asked_by_id])
