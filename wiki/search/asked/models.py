"""The table of searches that people made."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wiki.db import Base, BigId


class AskedSearch(Base):
    """A search that a person made on one day, in one space or in all of them, once or several
    times.

    ``question`` is a hash of the folded words and the space, by which equal searches are counted
    and in which a redaction need not look for words. ``found`` is the number of pages found the
    last time, ``opened_id`` the page of the results that was opened last, and ``helped`` the answer
    to whether it was what the person looked for, if they gave one.
    """

    __tablename__ = "asked_searches"
    __table_args__ = (UniqueConstraint("person_id", "day", "question"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    day: Mapped[date] = mapped_column(index=True)
    question: Mapped[str] = mapped_column(String(64), index=True)
    words: Mapped[str] = mapped_column(String(400))
    space_id: Mapped[int | None] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), index=True
    )
    found: Mapped[int]
    times: Mapped[int] = mapped_column(default=1)
    opened_id: Mapped[int | None] = mapped_column(
        ForeignKey("pages.id", ondelete="SET NULL"), index=True
    )
    helped: Mapped[bool | None]
