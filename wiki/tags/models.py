"""The table of tags, derived from the heads of pages, to find pages by tag."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from wiki.db import Base, Key


class PageTag(Base):
    """A tag on the head of a live page (derived), with the columns that lists of the tag are sorted
    by."""

    __tablename__ = "page_tags"
    __table_args__ = (
        Index("ix_page_tags_of_space", "space_id", "tag_key", "updated_at", "page_id"),
        Index("ix_page_tags_of_all", "tag_key", "updated_at", "page_id"),
    )

    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    tag_key: Mapped[str] = mapped_column(Key, primary_key=True)
    # The spelling of the author.
    tag: Mapped[str] = mapped_column(String(60))
    space_id: Mapped[int] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"))
    updated_at: Mapped[datetime]
