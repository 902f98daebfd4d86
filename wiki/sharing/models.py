"""The table of share links, by which pages are read without an account."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from wiki.db import Base, BigId, now


class ShareLink(Base):
    """A link to a page, optionally with all pages below it. Only its creator has the token.

    The link itself grants nothing: it shows what its creator may share at that moment. ``views``
    counts visits, one per browser. ``suspended_for`` is why it is suspended: ``visits`` or
    ``guesses``.
    """

    __tablename__ = "share_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"), index=True)
    subtree: Mapped[bool] = mapped_column(default=False)
    recipient: Mapped[str] = mapped_column(String(100), default="")
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    max_views: Mapped[int | None]
    views: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    made_at: Mapped[datetime] = mapped_column(default=now)
    made_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    suspended_at: Mapped[datetime | None]
    suspended_for: Mapped[str] = mapped_column(String(10), default="")
