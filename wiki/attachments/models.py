"""Tables of attached files, whose contents are stored in the data folder by hash; of the sizes of
pictures; and of unfinished uploads."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, Key, now
from wiki.pages.models import Page
from wiki.people.models import Person
from wiki.spaces.models import Space


def _current(index: str, owner: str) -> Index:
    """Return a unique index on the names of current files; replaced files keep their rows."""
    condition = text("removed_at IS NULL")
    return Index(
        index, owner, "name_key", unique=True, sqlite_where=condition, postgresql_where=condition
    )


class Attachment(Base):
    """A file of a page, readable for readers of the page. If no page is at or above its place, it
    belongs to the space itself.

    ``name`` may contain folders (`images/logo.png`). The file is at the path of its page joined
    with the name, so it moves with the page. A row never changes except for its removal: a replaced
    or removed file stays as a version of its own and can be restored. ``version`` counts the files
    at one place from 1.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("(page_id IS NULL) <> (space_id IS NULL)", name="one_owner"),
        _current("uq_attachments_page_name", "page_id"),
        _current("uq_attachments_space_name", "space_id"),
        Index("ix_attachments_page_id_name_key", "page_id", "name_key"),
        Index("ix_attachments_space_id_name_key", "space_id", "name_key"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    page_id: Mapped[int | None] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    space_id: Mapped[int | None] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(500))
    name_key: Mapped[str] = mapped_column(Key)
    # The name without folders, by which wiki links find the file anywhere in the space.
    base_key: Mapped[str] = mapped_column(Key, default="", server_default="", index=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigId)
    content_type: Mapped[str] = mapped_column(String(100))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    page: Mapped[Page | None] = relationship()
    space: Mapped[Space | None] = relationship()
    created_by: Mapped[Person | None] = relationship(foreign_keys=[created_by_id])
    removed_by: Mapped[Person | None] = relationship(foreign_keys=[removed_by_id])


class Picture(Base):
    """Data about the raster image with this hash, found when its thumbnails were made (derived).
    The size is in pixels as it is shown; ``failure`` is the reason if it has no thumbnails."""

    __tablename__ = "pictures"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    moves: Mapped[bool] = mapped_column(default=False)
    failure: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Upload(Base):
    """An upload in progress: its first ``received`` bytes are in the data folder under ``key``.

    Only ``person`` may continue it. ``name`` is the file's place below ``page`` or, without a page,
    in the space. ``attachment`` is the attached file once the upload is complete.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        Index("ix_uploads_person_id", "person_id"),
        Index("ix_uploads_space_id", "space_id"),
        Index("ix_uploads_page_id", "page_id"),
        Index("ix_uploads_attachment_id", "attachment_id"),
        Index("ix_uploads_expires_at", "expires_at"),
    )

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    space_id: Mapped[int] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"))
    page_id: Mapped[int | None] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(500))
    keep_both: Mapped[bool] = mapped_column(default=False)
    size: Mapped[int] = mapped_column(BigId)
    received: Mapped[int] = mapped_column(BigId, default=0)
    attachment_id: Mapped[int | None] = mapped_column(
        ForeignKey("attachments.id", ondelete="SET NULL")
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]

    space: Mapped[Space] = relationship()
    page: Mapped[Page | None] = relationship()
    attachment: Mapped[Attachment | None] = relationship()
