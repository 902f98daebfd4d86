"""The table of the audit: when the chain of events was verified, and what came of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.people.models import Person


class ChainCheck(Base):
    """One check of the chain of events, asked for by somebody or by the calendar; ``fault`` is
    what is wrong, empty when nothing is."""

    __tablename__ = "chain_checks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    done_at: Mapped[datetime | None]
    until_id: Mapped[int] = mapped_column(BigId, default=0)
    count: Mapped[int] = mapped_column(BigId, default=0)
    fault: Mapped[str] = mapped_column(Text, default="")

    asked_by: Mapped[Person | None] = relationship(foreign_keys=[asked_by_id])
