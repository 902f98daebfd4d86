"""Tables of reviews: changes that wait for a second person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.people.models import Person
from wiki.spaces.models import Space


class Approval(Base):
    """A change that would open much to many people: requested by one, to be decided by another.

    ``kind`` and ``payload`` are the change (``wiki.spaces.consent.Change``). ``digest`` and
    ``words`` are what it exposed when it was requested: the numbers of
    :meth:`wiki.spaces.exposure.Exposure.stored` or, in requests of earlier versions, a sentence.
    """

    __tablename__ = "approvals"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    payload: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(32))
    words: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(500), default="")
    space_id: Mapped[int | None] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), index=True
    )
    asked_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    asked_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None]
    approved: Mapped[bool | None]

    space: Mapped[Space | None] = relationship()
    asked_by: Mapped[Person | None] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])
