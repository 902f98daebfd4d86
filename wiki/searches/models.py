"""Tables of saved searches, and of claims to write what was not found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.people.models import Person
from wiki.spaces.models import Space
from wiki.watching.models import Watch


class SavedSearch(Base):
    """A search that a person has saved under a name, for themselves alone.

    ``space`` is the slug of the only space to search, as the person chose it, and no reference: a
    saved search does not show whether they may still read the space. ``name_key`` is a hash of the
    folded name, in which a redaction need not look for words. ``watch_id`` is their watch of it, if
    they watch it, and ``seen_event`` the newest event up to which new pages were compared with it.
    """

    __tablename__ = "saved_searches"
    __table_args__ = (UniqueConstraint("person_id", "name_key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(300))
    query: Mapped[str] = mapped_column(String(400))
    space: Mapped[str] = mapped_column(String(60), default="")
    saved_at: Mapped[datetime] = mapped_column(default=now)
    seen_event: Mapped[int] = mapped_column(BigId, default=0)
    watch_id: Mapped[int | None] = mapped_column(
        ForeignKey("watches.id", ondelete="SET NULL"), index=True
    )

    watch: Mapped[Watch | None] = relationship()


class SearchClaim(Base):
    """Somebody's word that they write the page for a search on the board of a space, or of all
    spaces. ``question`` is that of :class:`wiki.search.asked.models.AskedSearch`, ``target_id`` the
    space in which they write it."""

    __tablename__ = "search_claims"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    question: Mapped[str] = mapped_column(String(64), unique=True)
    words: Mapped[str] = mapped_column(String(400))
    space_id: Mapped[int | None] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), index=True
    )
    target_id: Mapped[int] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    claimed_at: Mapped[datetime] = mapped_column(default=now)

    person: Mapped[Person] = relationship()
    target: Mapped[Space] = relationship(foreign_keys=target_id)
