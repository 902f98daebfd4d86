"""The table of tags: derived of the pages' heads, so that pages are found by tag."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from wiki.db import Base, Key


class PageTag(Base):
    """Derived: a tag on the head of a live page, with what lists of that tag are sorted by."""

    __tablename__ = "page_tags"
    __table_args__ = (
        Index("ix_page_tags_of_space", "space_id", "tag_key", "updated_at", "page_id"),
        Index("ix_page_tags_of_all", "tag_key", "updated_at", "page_id"),
    )

    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    tag_key: Mapped[str] = mapped_column(Key, primary_key=True)
    # As its author wrote it.
    tag: Mapped[str] = mapped_column(String(60))
    space_id: Mapped[int] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"))
    updated_at: Mapped[datetime]
