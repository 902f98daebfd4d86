"""The table of stored renderings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import zstandard
from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from wiki.db import Base, now

LEVEL = 3


class CompressedText(TypeDecorator[str]):
    """A text that is stored compressed with zstandard, so SQL cannot search it. Damaged bytes are
    read as None."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zstandard.compress(value.encode(), LEVEL)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        try:
            return None if value is None else zstandard.decompress(value).decode()
        except (zstandard.ZstdError, UnicodeDecodeError):
            return None


class RenderingRow(Base):
    """Derived: the rendering of the newest revision of a page. The next one takes its place, so
    the table does not grow with the number of revisions.

    ``key`` is the hash of everything that the rendering depends on: it is valid for a revision
    with this key only. ``number`` is the revision that it was made for, and ``size`` the length of
    its HTML in characters.

    If rendering was cut off, ``cut_off_after`` is the CPU time in seconds that it was given, and
    ``attempts`` the number of attempts. ``due_at`` is the time when the worker handles the row
    next: to try again, or to update the search index after a retry that succeeded.
    """

    __tablename__ = "renderings"
    __table_args__ = (
        Index(
            "ix_renderings_cut_off",
            "due_at",
            sqlite_where=text("cut_off_after IS NOT NULL OR due_at IS NOT NULL"),
            postgresql_where=text("cut_off_after IS NOT NULL OR due_at IS NOT NULL"),
        ),
    )

    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(64))
    html: Mapped[str] = mapped_column(CompressedText)
    size: Mapped[int]
    text: Mapped[str] = mapped_column(CompressedText)
    excerpt: Mapped[str] = mapped_column(Text)
    headings: Mapped[list[Any]]
    links: Mapped[list[Any]]
    source_shown: Mapped[str] = mapped_column(Text, default="")
    checksum: Mapped[str] = mapped_column(String(32), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    cut_off_after: Mapped[float | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime | None]
