"""The table of attached files; their bytes lie in the data folder under their hash."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, Key, now
from wiki.pages.models import Page
from wiki.people.models import Person


class Attachment(Base):
    """A file of a page, read by those who may read the page.

    ``name`` may have folders in it (`images/logo.png`): at its page's path it is found under the
    path of the page joined with the name, so a moved page takes its files along.
    """

    __tablename__ = "attachments"
    __table_args__ = (UniqueConstraint("page_id", "name_key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(500))
    name_key: Mapped[str] = mapped_column(Key)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    content_type: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    page: Mapped[Page] = relationship()
    created_by: Mapped[Person | None] = relationship()
