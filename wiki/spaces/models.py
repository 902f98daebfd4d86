"""Tables of spaces, their members, labels and restrictions in them, and invitations into them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wiki.db import Base, BigId, now
from wiki.people.models import Group, Person
from wiki.people.one_time import OneTimeToken
from wiki.rules.access import SpaceFacts
from wiki.rules.labels import Label
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
    label: Mapped[int] = mapped_column(default=int(Label.PUBLIC))
    # The highest labels that these roles may read.
    reader_clearance: Mapped[int] = mapped_column(default=int(Label.INTERNAL))
    commenter_clearance: Mapped[int] = mapped_column(default=int(Label.INTERNAL))
    editor_clearance: Mapped[int] = mapped_column(default=int(Label.CONFIDENTIAL))
    # Chosen by its leads; derived from the slug while empty.
    icon: Mapped[str] = mapped_column(String(40), default="", server_default="")
    colour: Mapped[str] = mapped_column(String(20), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    def facts(self, granted: Role, within: frozenset[int] | None = None) -> SpaceFacts:
        """Return the facts for access checks of a person with the role ``granted``, whose token is
        limited to the spaces ``within``."""
        return SpaceFacts(
            self.title,
            Visibility(self.visibility),
            Role(self.member_role),
            granted,
            Label(self.label),
            (
                Label(self.reader_clearance),
                Label(self.commenter_clearance),
                Label(self.editor_clearance),
            ),
            within is not None and self.id not in within,
        )


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


class GroupRole(Base):
    """A role that all people of a group were given in a space."""

    __tablename__ = "group_roles"

    space_id: Mapped[int] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True
    )
    group_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[int]
    granted_at: Mapped[datetime] = mapped_column(default=now)
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    group: Mapped[Group] = relationship()


class RestrictionRow(Base):
    """A list of the only people and groups who may read (or edit) a page and all pages below it.
    Leads of the space are exempt. If several restrictions apply to a page, a user must be on all
    lists."""

    __tablename__ = "restrictions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"), index=True)
    may: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class RestrictedPerson(Base):
    """A person on the list of a restriction."""

    __tablename__ = "restricted_people"

    restriction_id: Mapped[int] = mapped_column(
        ForeignKey("restrictions.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class RestrictedGroup(Base):
    """A group on the list of a restriction."""

    __tablename__ = "restricted_groups"

    restriction_id: Mapped[int] = mapped_column(
        ForeignKey("restrictions.id", ondelete="CASCADE"), primary_key=True
    )
    group_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Scope(Base):
    """Derived: the pages of a space to which the same label and restrictions apply, their own and
    inherited ones. Pages without any have no scope.

    ``label`` is the highest of the labels; ``key`` identifies label and restrictions.
    """

    __tablename__ = "scopes"
    __table_args__ = (UniqueConstraint("space_id", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    space_id: Mapped[int] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"))
    label: Mapped[int]
    key: Mapped[str] = mapped_column(Text)


class ScopeRestriction(Base):
    """Derived: a restriction that applies to a scope."""

    __tablename__ = "scope_restrictions"

    scope_id: Mapped[int] = mapped_column(
        ForeignKey("scopes.id", ondelete="CASCADE"), primary_key=True
    )
    restriction_id: Mapped[int] = mapped_column(
        ForeignKey("restrictions.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    may: Mapped[str] = mapped_column(String(8))


class Invitation(OneTimeToken):
    """A link that lets a person create an account, and join a space if it names one."""

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
