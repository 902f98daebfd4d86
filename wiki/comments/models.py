"""Tables of comments: threads with the places of their passages, their messages, earlier texts,
changes of state, reactions and suggestions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.pages.models import Page
from wiki.people.models import Person


class Thread(Base):
    """A discussion about a page, or about a passage of it. It is read and written by those who may
    read the page, wherever the page is.

    ``kind`` is "page" or "passage". A passage is ``quote``, from the character ``start`` of the
    Markdown text of a ``revision``, between ``prefix`` and ``suffix``; ``words`` are what readers
    saw of it. :class:`Anchor` has its present place.

    ``last_number`` is the number of its newest message. ``resolved_at`` repeats the newest row of
    :class:`StateChange` for SQL; it is None while the thread is open.
    """

    __tablename__ = "threads"
    __table_args__ = (
        Index("ix_threads_page_id", "page_id", "id"),
        Index("ix_threads_page_id_resolved_at", "page_id", "resolved_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    opened_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    opened_at: Mapped[datetime] = mapped_column(default=now)
    last_number: Mapped[int] = mapped_column(default=1)
    resolved_at: Mapped[datetime | None]
    kind: Mapped[str] = mapped_column(String(20), default="page", server_default="page")
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    quote: Mapped[str] = mapped_column(Text, default="", server_default="")
    prefix: Mapped[str] = mapped_column(Text, default="", server_default="")
    suffix: Mapped[str] = mapped_column(Text, default="", server_default="")
    start: Mapped[int] = mapped_column(default=0, server_default="0")
    words: Mapped[str] = mapped_column(Text, default="", server_default="")

    page: Mapped[Page] = relationship()
    opened_by: Mapped[Person | None] = relationship()


class Anchor(Base):
    """Derived: the place of a thread's passage in a revision of the page, usually the newest one.

    The passage is from the character ``start`` to ``end`` of the text with ``content_hash``.
    ``certainty`` is a :data:`wiki.text.passages.following.Certainty`; the place of a lost
    passage is empty. ``words`` are what readers see of the passage, between ``before`` and
    ``after``.
    """

    __tablename__ = "anchors"
    __table_args__ = (Index("ix_anchors_page_id", "page_id"),)

    thread_id: Mapped[int] = mapped_column(
        ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    revision: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    start: Mapped[int]
    end: Mapped[int]
    certainty: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(Text, default="")
    before: Mapped[str] = mapped_column(Text, default="")
    after: Mapped[str] = mapped_column(Text, default="")


SuggestionState = Literal["open", "accepted", "dismissed"]
SUGGESTION_STATES: tuple[SuggestionState, ...] = get_args(SuggestionState)


class SuggestedText(Base):
    """A text that replaces the passage of a thread if an editor accepts it. It comes with the
    thread's first message.

    ``state`` is "open", "accepted" or "dismissed"; ``applied`` is the number of the revision that
    was made of it.
    """

    __tablename__ = "suggested_texts"
    __table_args__ = (Index("ix_suggested_texts_applied", "page_id", "applied"),)

    thread_id: Mapped[int] = mapped_column(
        ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20), default="open")
    reason: Mapped[str] = mapped_column(String(500), default="")
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    applied: Mapped[int | None]

    thread: Mapped[Thread] = relationship()
    settled_by: Mapped[Person | None] = relationship()


class Message(Base):
    """A message of a thread. Message 1 opens it; numbers are never used again.

    ``above`` is the number of the reply that it is shown below, and ``answers`` the number of the
    message that it replies to; both are 0 for a message that replies to the thread as a whole.
    ``revision`` is the page's newest revision when the text was written. A deleted message keeps
    its place without a text.

    ``html``, ``excerpt`` and ``links`` are derived from the text by the renderer of version
    ``rendered_with``; an empty version means that the text is to be rendered again.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("thread_id", "number"),
        Index("ix_messages_rendered_with", "rendered_with"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"))
    number: Mapped[int]
    above: Mapped[int] = mapped_column(default=0)
    answers: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    revision: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text, default="")
    excerpt: Mapped[str] = mapped_column(Text, default="")
    links: Mapped[list[Any]] = mapped_column(default=list)
    rendered_with: Mapped[str] = mapped_column(String(200), default="")
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    deleted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    thread: Mapped[Thread] = relationship()
    author: Mapped[Person | None] = relationship(foreign_keys=[author_id])
    deleted_by: Mapped[Person | None] = relationship(foreign_keys=[deleted_by_id])


class EarlierText(Base):
    """A text that a message had until ``until``, when its author edited it."""

    __tablename__ = "message_texts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
    text: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime] = mapped_column(default=now)


class StateChange(Base):
    """A change of a thread's state: it was resolved or opened again, with the reason."""

    __tablename__ = "thread_state_changes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    resolved: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(500), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(default=now)

    person: Mapped[Person | None] = relationship()


class Reaction(Base):
    """A person's reaction to a message; ``sign`` is a key of ``wiki.comments.signs.SIGNS``."""

    __tablename__ = "reactions"

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    sign: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
