"""Tables of transfer: imports begun in the browser, and mirrors of spaces in Git repositories."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.people.models import Person
from wiki.spaces.models import Space


class Import(Base):
    """One uploaded tree: how far it has come, and at its end what it could not take over. The zip
    lies in the data folder until it is done.

    `position` and `total` count pages and files. While `finished_at` is None the worker is at it,
    or will be. `failure` is a sentence when it had to be given up.
    """

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    space_id: Mapped[int] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(String(300))
    file: Mapped[str] = mapped_column(String(80))
    keep_outer: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    report: Mapped[dict[str, Any]]
    failure: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]

    space: Mapped[Space] = relationship()
    person: Mapped[Person | None] = relationship()


class Mirror(Base):
    """A Git repository that every new revision of a space is committed to, as far as somebody
    (None: the machine's shell) may read.

    How far it has come stands in the repository: ``event_id`` holds while ``tip`` is its newest
    commit. While it fails, ``failures`` counts the attempts; without any, ``failure`` says what was
    left out last.
    """

    __tablename__ = "mirrors"

    space_id: Mapped[int] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True
    )
    folder: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    event_id: Mapped[int] = mapped_column(BigId, default=0)
    tip: Mapped[str] = mapped_column(String(64), default="")
    mirrored_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(Text, default="")
    failures: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]

    space: Mapped[Space] = relationship()
    person: Mapped[Person | None] = relationship()


class ImportedHistory(Base):
    """A Git history that came into a space: known again by its first commit, and how far it came.
    With an empty ``root`` it stands for all files that came without a history.

    ``tip`` is the commit up to which everything is in; ``finished_at`` is None while the last
    import of it has not come to its end.
    """

    __tablename__ = "imported_histories"
    __table_args__ = (UniqueConstraint("space_id", "root"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    space_id: Mapped[int] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"))
    root: Mapped[str] = mapped_column(String(64))
    tip: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]


class ImportedFile(Base):
    """Which page an imported file became, and the version of it that came last.

    ``blob`` is empty for a file without a history. ``revision`` is the page's revision that says
    just what the file says (0 when the two were merged); ``origin`` is what a wiki that wrote the
    history calls the page.
    """

    __tablename__ = "imported_files"
    __table_args__ = (Index("ix_imported_files_page_id", "page_id"),)

    history_id: Mapped[int] = mapped_column(
        ForeignKey("imported_histories.id", ondelete="CASCADE"), primary_key=True
    )
    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    file: Mapped[str] = mapped_column(Text)
    blob: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int] = mapped_column(default=0)
    gone: Mapped[bool] = mapped_column(default=False)
    origin: Mapped[str] = mapped_column(String(80), default="")
