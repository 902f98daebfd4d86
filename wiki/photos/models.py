"""The table of photos."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from wiki.db import Base, now


class Photo(Base):
    """A person's photo: a square in WebP that was made of the picture they sent, which is not
    stored. It goes with the person. Its hash is also ``Person.photo``, so that lists of people know
    it without another query. While an account is disabled, its photo is kept but not shown."""

    __tablename__ = "photos"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    sha256: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(default=now)
