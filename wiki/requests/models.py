"""The table of requests for access."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.people.models import Person


class AccessRequest(Base):
    """A person's request for access to what is at an address, whether or not there is anything.

    The row has the address and no reference to a space, so that it is the same in both cases. There
    is one for each person and space. A declined one stays until it is old: the person learns
    nothing, and the leads are not asked again at once.
    """

    __tablename__ = "access_requests"
    __table_args__ = (UniqueConstraint("person_id", "slug"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    slug: Mapped[str] = mapped_column(String(60), index=True)
    path: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(default=now, index=True)
    declined_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
