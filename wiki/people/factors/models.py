"""Tables of second factors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wiki.db import Base, BigId, now
from wiki.people.one_time import OneTimeToken


class Authenticator(Base):
    """An app that generates codes from a shared secret and the time (TOTP).

    It is active once ``proven_at`` is set. ``step`` is the latest time step whose code was used, so
    that no code works twice. The secret is encrypted with the wiki's key.
    """

    __tablename__ = "authenticators"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    step: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
    proven_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A passkey or security key (WebAuthn).

    ``user_handle`` identifies its owner to it. ``verifies`` says that it asked for a finger, a face
    or a PIN when it was added, so that it may sign in without a password.
    """

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    user_handle: Mapped[str] = mapped_column(String(100))
    transports: Mapped[list[str]]
    verifies: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]


class PasskeyChallenge(OneTimeToken):
    """A challenge for a passkey to sign, valid once and for minutes. The browser's cookie holds it;
    only its hash is stored."""

    __tablename__ = "passkey_challenges"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column("challenge_hash", String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime] = mapped_column(index=True)


class RecoveryCode(OneTimeToken):
    """A code, usable once, for a person who has lost their other factors; stored as a hash."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("person_id", "code_hash"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column("code_hash", String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]


class FactorGroup(Base):
    """A group whose people must have a second factor."""

    __tablename__ = "factor_groups"

    group_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True
    )
    required_at: Mapped[datetime] = mapped_column(default=now)
    required_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
