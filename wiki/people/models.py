"""Tables of people: accounts, groups, placeholders, sign-ins, second factors, links, tokens,
identities, attempts, mails, and the settings of the site."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wiki.db import Base, BigId, Json, now
from wiki.people.one_time import OneTimeToken
from wiki.rules.access import Actor
from wiki.rules.roles import SiteRole


class Person(Base):
    """A person with an account; or, if ``imported_at`` is set, a placeholder: an author known from
    a Git history who has no account.

    ``email_proven_at`` is when a link mailed to the address was opened. ``service_at`` is the
    time since which this is a service account: one for programs, which authenticate with tokens
    that admins make. Nobody can sign in to it.

    ``seen_at`` is when they were last seen in a browser, to within a quarter of an hour, and
    ``left_at`` when they were last seen in the visit before the present one.

    ``language``, ``time_zone`` and ``theme`` are what they chose for their screens; None leaves it
    to their browser. ``photo`` is the SHA-256 of the photo that is shown of them
    (:class:`wiki.photos.models.Photo`): none while the account is disabled.

    ``bounced`` is the address to which mail failed for good. As long as it is also ``email``,
    nothing is mailed to them.
    """

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    handle: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    email_proven_at: Mapped[datetime | None]
    bounced: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    site_role: Mapped[str] = mapped_column(String(20), default=SiteRole.MEMBER.value)
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]
    imported_at: Mapped[datetime | None] = mapped_column(index=True)
    service_at: Mapped[datetime | None]
    # Written every quarter of an hour, so statements that do not need them must not name them.
    seen_at: Mapped[datetime | None] = mapped_column(deferred=True)
    left_at: Mapped[datetime | None] = mapped_column(deferred=True)
    language: Mapped[str | None] = mapped_column(String(20))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    theme: Mapped[str | None] = mapped_column(String(10))
    photo: Mapped[str | None] = mapped_column(String(64))

    @property
    def is_reachable(self) -> bool:
        """True if they have an address to which mail has not failed."""
        return self.email is not None and self.email != self.bounced

    def actor(self, within: frozenset[int] | None = None) -> Actor:
        """Return the person as an actor for access checks; for a token, ``within`` holds the ids of
        the spaces that it is limited to."""
        return Actor(self.id, self.handle, self.name, SiteRole(self.site_role), within)


class Group(Base):
    """A named set of people: a team, a function. Groups can contain other groups."""

    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    handle: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class GroupMember(Base):
    """A direct member of a group."""

    __tablename__ = "group_members"

    group_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    added_at: Mapped[datetime] = mapped_column(default=now)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class GroupPart(Base):
    """A group inside another group: all people of the part belong to the whole."""

    __tablename__ = "group_parts"

    group_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True
    )
    part_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    added_at: Mapped[datetime] = mapped_column(default=now)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class GroupPerson(Base):
    """Derived: a person in a group, as a direct member or through groups inside it, at any
    depth."""

    __tablename__ = "group_people"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    group_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class LoginSession(Base):
    """A sign-in on one device. The cookie holds a token of which only the hash is stored.

    ``confirmed_at`` is when the user last gave their password or a factor in it.
    """

    __tablename__ = "login_sessions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64), default="")
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    confirmed_at: Mapped[datetime | None]


class PendingSignIn(OneTimeToken):
    """A sign-in after the right password that waits for the second factor; it grants nothing."""

    __tablename__ = "pending_sign_ins"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class KnownBrowser(Base):
    """A browser in which a person signed in before; its cookie holds a token."""

    __tablename__ = "known_browsers"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(default=now)


class SiteSetting(Base):
    """A setting of the site that an admin changed in the browser. No secrets: changes are
    events."""

    __tablename__ = "site_settings"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class PasswordReset(OneTimeToken):
    """A request for a new password, and the link, usable once, that grants it.

    The typed login is stored as it is. The worker looks up the account and creates the link, so
    that the response does not reveal whether an account exists, not even by the time it takes.
    """

    __tablename__ = "password_resets"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    login: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiToken(Base):
    """A bearer token for the API; shown once, stored as a hash.

    A ``narrow`` token is limited to the spaces of its :class:`TokenSpace` rows, and works for none
    once those are gone.
    """

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    writes: Mapped[bool] = mapped_column(default=True)
    narrow: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class TokenSpace(Base):
    """A space that a narrow token is limited to."""

    __tablename__ = "api_token_spaces"

    token_id: Mapped[int] = mapped_column(
        ForeignKey("api_tokens.id", ondelete="CASCADE"), primary_key=True
    )
    space_id: Mapped[int] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Identity(Base):
    """A person's identity at an OpenID provider. A user who proves to be that identity signs in as
    the person."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    linked_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]


class ProviderVisit(OneTimeToken):
    """A visit to the OpenID provider that has not returned yet: valid once, for some minutes, in
    the browser that holds the other half of the key.

    ``session_id`` is the sign-in to link with the returning identity. If the provider has named the
    user and more has to be asked, a second row stores that identity in ``subject``.
    """

    __tablename__ = "provider_visits"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column("key_hash", String(64), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    session_id: Mapped[int | None] = mapped_column(
        ForeignKey("login_sessions.id", ondelete="CASCADE"), index=True
    )
    next_url: Mapped[str] = mapped_column(Text)
    nonce: Mapped[str] = mapped_column(String(64), default="")
    verifier: Mapped[str] = mapped_column(String(128), default="")
    subject: Mapped[str | None] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200), default="")
    handle: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Attempt(Base):
    """The number of attempts under one key (a typed name, an address) within one time window."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    window_ends_at: Mapped[datetime]


class SetupLink(OneTimeToken):
    """The one-time link that makes the first admin."""

    __tablename__ = "setup_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
