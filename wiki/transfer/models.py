"""Tables of transfer: imports begun in the browser, and mirrors of spaces in Git repositories."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
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
