"""Tables of watching: what people and groups watch, and what each person watches by themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.comments.models import Thread
from wiki.db import Base, BigId, now
from wiki.pages.models import Page
from wiki.people.models import Group
from wiki.spaces.models import Space


class Watch(Base):
    """A watch of a person or a group on one subject.

    ``subject`` is the key of a :class:`wiki.watching.subjects.Subject`. The other columns refer to
    the same: ``page_id`` also of a thread, to the page that it is about. ``level`` is a
    :class:`wiki.watching.levels.Level`, ``reason`` a :class:`wiki.watching.levels.Reason`.
    """

    __tablename__ = "watches"
    __table_args__ = (
        UniqueConstraint("person_id", "subject"),
        UniqueConstraint("group_id", "subject"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(String(200), index=True)
    space_id: Mapped[int | None] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), index=True
    )
    page_id: Mapped[int | None] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), index=True
    )
    thread_id: Mapped[int | None] = mapped_column(
        ForeignKey("threads.id", ondelete="CASCADE"), index=True
    )
    tag: Mapped[str | None] = mapped_column(String(60))
    level: Mapped[int]
    reason: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime] = mapped_column(default=now)

    group: Mapped[Group | None] = relationship()
    space: Mapped[Space | None] = relationship()
    page: Mapped[Page | None] = relationship()
    thread: Mapped[Thread | None] = relationship()


class WatchPreference(Base):
    """Preferences for automatic watches of a person; people without a row watch both."""

    __tablename__ = "watch_preferences"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    written: Mapped[bool] = mapped_column(default=True)
    commented: Mapped[bool] = mapped_column(default=True)
