"""The tables of redactions: what was removed, never the content itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.people.models import Person
from wiki.spaces.models import Space


class Redaction(Base):
    """A redaction of pages: its time, author and reason, but never the removed content.

    ``which`` is the number of the revision or the id of the file, for these kinds. ``could_read``
    describes who could read the page at the time, ``did_read`` who read it, if reads were logged
    (``logged``). ``digest`` identifies the removed span until a lead allows it to be written again.
    ``files`` are the hashes of contents whose bytes are still to be deleted; ``indexed_at`` is the
    time when the search index was updated, ``finished_at`` the time when nothing was left to do.
    """

    __tablename__ = "redactions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    space_id: Mapped[int] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"), index=True)
    # Without a foreign key, as in events, because it is kept when the page is purged.
    page_id: Mapped[int | None] = mapped_column(BigId)
    which: Mapped[int] = mapped_column(BigId, default=0)
    reason: Mapped[str] = mapped_column(String(300))
    words: Mapped[int] = mapped_column(default=0)
    places: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    could_read: Mapped[dict[str, Any]]
    did_read: Mapped[list[Any]]
    logged: Mapped[bool] = mapped_column(default=False)
    length: Mapped[int] = mapped_column(default=0)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    filter: Mapped[int] = mapped_column(BigInteger, default=0)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Match the span only as a whole word.
    whole: Mapped[bool] = mapped_column(default=False)
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    files: Mapped[list[str]]
    indexed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    space: Mapped[Space] = relationship()
    created_by: Mapped[Person | None] = relationship(foreign_keys=[created_by_id])
    lifted_by: Mapped[Person | None] = relationship(foreign_keys=[lifted_by_id])


Index(
    "ix_redactions_under_way",
    Redaction.id,
    sqlite_where=text("indexed_at IS NULL"),
    postgresql_where=text("indexed_at IS NULL"),
)


class RedactedPage(Base):
    """A page from which a redaction removed content, and the number of removed words."""

    __tablename__ = "redacted_pages"

    redaction_id: Mapped[int] = mapped_column(
        ForeignKey("redactions.id", ondelete="CASCADE"), primary_key=True
    )
    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    words: Mapped[int] = mapped_column(default=0)
