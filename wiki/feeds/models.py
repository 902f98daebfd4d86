"""The table of the personal addresses of feeds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.people.models import Person
from wiki.search.query import LONGEST_QUESTION
from wiki.text.tags import MAX_KEY


class FeedAddress(Base):
    """An address at which a feed program reads one feed as a person. Only its owner has the token.

    It is the feed of a page, of a tag (in a space or in all of them), of a search, or of a space;
    without any of them, of the owner's home. ``digest`` is the hash of the feed as it was last
    read, and ``changed_at`` when it was first read like that.
    """

    __tablename__ = "feed_addresses"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    space_id: Mapped[int | None] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), index=True
    )
    page_id: Mapped[int | None] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), index=True
    )
    tag: Mapped[str | None] = mapped_column(String(MAX_KEY))
    question: Mapped[str | None] = mapped_column(String(LONGEST_QUESTION))
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]
    digest: Mapped[str] = mapped_column(String(64), default="")
    changed_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
