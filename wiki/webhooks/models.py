"""Tables of webhooks and of their calls."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.spaces.models import Space


class Webhook(Base):
    """A webhook of a space.

    ``kinds`` are names of :class:`wiki.webhooks.kinds.Kind`. Secrets are sealed with the wiki's key
    (:func:`wiki.people.factors.encryption.seal`); ``old_secret`` also signs until
    ``old_secret_until``. ``failing_since`` is the first of the failures since the last success.
    ``disabled_for`` is ``lead`` or ``failures``.
    """

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    space_id: Mapped[int] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(500))
    format: Mapped[str] = mapped_column(String(20))
    kinds: Mapped[list[str]]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    old_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_secret_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    failing_since: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_for: Mapped[str] = mapped_column(String(10), default="")

    space: Mapped[Space] = relationship()


class WebhookCall(Base):
    """A call of a webhook about an event, or a test (without an event).

    It holds ids and no words of pages, which are read when it is made. ``key`` identifies it to the
    receiver, also when it is repeated. ``due_at`` is the time of the next attempt, None once it has
    ended; ``state`` is a :class:`wiki.webhooks.kinds.State`. ``response`` is the beginning of the
    last response, or why there was none.
    """

    __tablename__ = "webhook_calls"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        Index("ix_webhook_calls_due_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[int | None] = mapped_column(
        ForeignKey("events.id", ondelete="CASCADE"), index=True
    )
    page_id: Mapped[int | None] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), index=True
    )
    key: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    attempted_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(10))
    status: Mapped[int | None]
    response: Mapped[str] = mapped_column(String(300), default="")

    webhook: Mapped[Webhook] = relationship()
