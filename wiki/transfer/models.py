"""Tables of transfer: imports started in the browser, mirrors of spaces in Git repositories, and
imported histories."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.people.models import Person
from wiki.spaces.models import Space


class Import(Base):
    """The import of one uploaded tree: its progress and its report. The zip is kept in the data
    folder until the import is done.

    `position` and `total` count pages and files. `finished_at` is None until the worker has
    finished. `failure` is the reason if the import was aborted.
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
    """A Git repository that every new revision of a space is committed to, as far as ``person``
    (None: the machine's shell) may read.

    The position is stored in the repository; ``event_id`` is valid while ``tip`` is its newest
    commit. ``failures`` counts failed attempts in a row. If it is 0, ``failure`` lists what the
    last run left out.
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
    """A Git history that was imported into a space, identified by its first commit, with its
    progress. An empty ``root`` stands for all files imported without a history.

    ``tip`` is the commit up to which everything is imported; ``finished_at`` is None until the last
    import of it has finished.
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
    """The page that an imported file became, and the last imported version of the file.

    ``blob`` is empty for a file without a history. ``revision`` is the page's revision with exactly
    the content of the file (0 if the two were merged); ``origin`` is the identifier of the page in
    the wiki that wrote the history.
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
