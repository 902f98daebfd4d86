"""The table of attached files; their bytes lie in the data folder under their hash."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, Key, now
from wiki.pages.models import Page
from wiki.people.models import Person
from wiki.spaces.models import Space


def _current(index: str, owner: str) -> Index:
    """At most one file of a name is current; those it replaced keep their rows."""
    condition = text("removed_at IS NULL")
    return Index(
        index, owner, "name_key", unique=True, sqlite_where=condition, postgresql_where=condition
    )


class Attachment(Base):
    """A file of a page, read by those who may read the page; or, where no page is at or above its
    place, of the space itself.

    ``name`` may have folders in it (`images/logo.png`): it is found under the path of its page
    joined with the name, so a moved page takes its files along. A row is never changed but for its
    removal: what is replaced or removed stays and can be brought back.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("(page_id IS NULL) <> (space_id IS NULL)", name="one_owner"),
        _current("uq_attachments_page_name", "page_id"),
        _current("uq_attachments_space_name", "space_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    page_id: Mapped[int | None] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), index=True
    )
    space_id: Mapped[int | None] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(500))
    name_key: Mapped[str] = mapped_column(Key)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigId)
    content_type: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    page: Mapped[Page | None] = relationship()
    space: Mapped[Space | None] = relationship()
    created_by: Mapped[Person | None] = relationship(foreign_keys=[created_by_id])
    removed_by: Mapped[Person | None] = relationship(foreign_keys=[removed_by_id])
