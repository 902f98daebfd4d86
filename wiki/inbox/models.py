"""Tables of the inbox. They hold ids and no words: titles, excerpts and names are read when a
notice is shown."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.comments.models import Thread
from wiki.db import Base, BigId
from wiki.pages.models import Page
from wiki.spaces.models import Space

DUE = text("mail_at IS NOT NULL")


class Notice(Base):
    """A notice of a person about one subject, of one kind. Later events are added to the same row,
    which then counts as unread again.

    ``subject`` is a key as in :class:`wiki.watching.subjects.Subject`, ``kind`` a
    :class:`wiki.inbox.kinds.Kind`, ``state`` a :class:`wiki.inbox.kinds.State`. ``first_event`` and
    ``last_event`` are the ids of the first and last of ``count`` events since it was last read. An
    event that is not newer than ``last_event`` is known already. ``watch_id`` is the watch that
    decided, if there is one.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("person_id", "subject", "kind"),
        Index("ix_notices_person_id_state_last_event", "person_id", "state", "last_event"),
        Index("ix_notices_mail_at", "mail_at", sqlite_where=DUE, postgresql_where=DUE),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20))
    space_id: Mapped[int | None] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), index=True
    )
    page_id: Mapped[int | None] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), index=True
    )
    thread_id: Mapped[int | None] = mapped_column(
        ForeignKey("threads.id", ondelete="CASCADE"), index=True
    )
    first_event: Mapped[int] = mapped_column(BigId)
    last_event: Mapped[int] = mapped_column(BigId)
    count: Mapped[int]
    reason: Mapped[str] = mapped_column(String(10))
    watch_id: Mapped[int | None] = mapped_column(
        ForeignKey("watches.id", ondelete="SET NULL"), index=True
    )
    state: Mapped[int]
    told_at: Mapped[datetime]
    snoozed_until: Mapped[datetime | None]
    # When it is to be mailed, alone or in the digest; None if it is not, or was.
    mail_at: Mapped[datetime | None]
    in_digest: Mapped[bool] = mapped_column(default=False, server_default=false())

    page: Mapped[Page | None] = relationship()
    thread: Mapped[Thread | None] = relationship()
    space: Mapped[Space | None] = relationship()


class PageMention(Base):
    """A person whom a page mentions, and the event with which they were told."""

    __tablename__ = "page_mentions"

    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    event_id: Mapped[int] = mapped_column(BigId)
    reason: Mapped[str] = mapped_column(String(10))


class MessageMention(Base):
    """A person whom a message mentions or has mentioned, and the event with which they were
    told."""

    __tablename__ = "message_mentions"

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    event_id: Mapped[int] = mapped_column(BigId)
    reason: Mapped[str] = mapped_column(String(10))


class TakenMail(Base):
    """A mail that was taken as a reply or answered, by the SHA-256 of its Message-ID."""

    __tablename__ = "taken_mails"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class MailPreference(Base):
    """A person's preferences for mails of notices, and the number of mails of changes that they got
    on a day. ``changes`` is a :class:`wiki.inbox.kinds.MailChanges`; ``hour`` is that of
    the digest in their time zone. People without a row have the defaults."""

    __tablename__ = "mail_preferences"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    mentions: Mapped[bool] = mapped_column(default=True)
    changes: Mapped[str] = mapped_column(String(10), default="soon")
    hour: Mapped[int] = mapped_column(default=8)
    day: Mapped[date | None]
    sent: Mapped[int] = mapped_column(default=0)
