"""Tables of spaces: the space itself, its members, invitations into it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.people.models import Person
from wiki.rules.access import SpaceFacts
from wiki.rules.roles import Role, Visibility


class Space(Base):
    """A top-level area with members."""

    __tablename__ = "spaces"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    visibility: Mapped[str] = mapped_column(String(20), default=Visibility.INTERNAL.value)
    member_role: Mapped[int] = mapped_column(default=int(Role.EDITOR))
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    def facts(self, granted: Role) -> SpaceFacts:
        """What the gate must know, for somebody whose own membership is ``granted``."""
        return SpaceFacts(self.title, Visibility(self.visibility), Role(self.member_role), granted)


class Membership(Base):
    """A role that a person was given in a space."""

    __tablename__ = "memberships"

    space_id: Mapped[int] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[int]
    granted_at: Mapped[datetime] = mapped_column(default=now)
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class Invitation(Base):
    """A link by which somebody makes an account, and joins a space when it names one."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str | None] = mapped_column(String(254))
    site_role: Mapped[str] = mapped_column(String(20), default="member")
    space_id: Mapped[int | None] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    revoked_at: Mapped[datetime | None]

    space: Mapped[Space | None] = relationship()
    created_by: Mapped[Person | None] = relationship(foreign_keys=[created_by_id])
