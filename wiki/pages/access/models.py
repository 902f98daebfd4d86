"""The table of the access log of pages."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Index
from sqlalchemy.orm import Mapped, mapped_column

from wiki.db import Base, BigId, now


class PageRead(Base):
    """An entry of the access log: a person read a revision or a file of a page on a day. Repeated
    reads on the same day are stored once.

    ``person_id`` is 0 for anonymous readers, ``revision`` is 0 if a file was read.
    """

    __tablename__ = "page_reads"
    __table_args__ = (
        Index("ix_page_reads_at", "at"),
        Index("ix_page_reads_person_id_at", "person_id", "at"),
    )

    # Without a foreign key, because the entry is kept when the page is purged.
    page_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
