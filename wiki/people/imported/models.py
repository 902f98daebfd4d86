"""Tables of placeholders: their addresses, claims of them, and the people that were merged."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wiki.db import Base, BigId, now
from wiki.people.one_time import OneTimeToken


class PersonAddress(Base):
    """An address from a Git history and the person whose work it signs: a placeholder or, once
    ``proven_at`` is set, an account."""

    __tablename__ = "person_addresses"

    key: Mapped[str] = mapped_column(String(254), primary_key=True)
    address: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    proven_at: Mapped[datetime | None]


class Merged(Base):
    """A placeholder that was merged into another person. Its row stays, so that its id and handle
    are never used again, and its profile redirects."""

    __tablename__ = "merged_people"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    into_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    merged_at: Mapped[datetime] = mapped_column(default=now)
    merged_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class AddressClaim(OneTimeToken):
    """A claim of an account to an address, and the link, usable once, that proves it.

    As with a password link, the worker checks whether the address has imported work.
    """

    __tablename__ = "address_claims"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
