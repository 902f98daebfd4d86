"""Tables of people: accounts, groups, placeholders, sign-ins, second factors, links, tokens,
identities, attempts, mails, and what admins set for the site."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wiki.db import Base, BigId, Json, now
from wiki.rules.access import Actor
from wiki.rules.roles import SiteRole


class Person(Base):
    """Somebody with an account; or, with ``imported_at``, a placeholder: somebody whose work came
    with a Git history and who has no account.

    ``email_proven_at`` says that a link mailed to the address came back from its owner.
    ``service_at`` says since when this is a service account: one of programs, which come in with
    tokens that admins make, and which nobody signs in to.
    """

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    handle: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    email_proven_at: Mapped[datetime | None]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    site_role: Mapped[str] = mapped_column(String(20), default=SiteRole.MEMBER.value)
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]
    imported_at: Mapped[datetime | None] = mapped_column(index=True)
    service_at: Mapped[datetime | None]

    def actor(self, within: frozenset[int] | None = None) -> Actor:
        """The person as the gate knows them; with a token, ``within`` the spaces that it is for."""
        return Actor(self.id, self.handle, self.name, SiteRole(self.site_role), within)


class Group(Base):
    """A named set of people: a team, a function. Groups can be parts of others."""

    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    handle: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class GroupMember(Base):
    """Somebody who was put into a group."""

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
    """A group that was put into another: whoever is in the part is in the whole."""

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
    """Derived: who is in a group, as a member of it or of one of its parts, at any depth."""

    __tablename__ = "group_people"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    group_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class PersonAddress(Base):
    """An address that stood in a Git history, and whose work it signs: a placeholder's or, once
    ``proven_at``, an account's."""

    __tablename__ = "person_addresses"

    key: Mapped[str] = mapped_column(String(254), primary_key=True)
    address: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    proven_at: Mapped[datetime | None]


class Merged(Base):
    """A placeholder whose work became somebody else's. Its row stays, so that its id and its
    handle never come to mean another person, and its profile leads on."""

    __tablename__ = "merged_people"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    into_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    merged_at: Mapped[datetime] = mapped_column(default=now)
    merged_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class AddressClaim(Base):
    """Somebody's word that an address is theirs, and the link, usable once, that proves it.

    As with a password link, the worker finds out whether there is anything under the address.
    """

    __tablename__ = "address_claims"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class LoginSession(Base):
    """One sign-in on one device; the cookie holds a token of which only the hash is kept.

    ``confirmed_at`` is when its owner last gave their password or a factor in it.
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


class PendingSignIn(Base):
    """A sign-in whose password was right and whose second factor is awaited; it grants nothing."""

    __tablename__ = "pending_sign_ins"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class KnownBrowser(Base):
    """A browser in which somebody signed in before; its cookie holds a token."""

    __tablename__ = "known_browsers"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(default=now)


class Authenticator(Base):
    """An app that makes codes from a shared secret and the time (TOTP).

    It counts once it is ``proven_at``. ``step`` is the newest step of time whose code was used: no
    code is good twice. The secret is sealed with the wiki's key.
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

    ``user_handle`` is what it knows its owner by; ``verifies`` says that it asked for a finger, a
    face or a PIN when it was added, so that it may sign in without a password.
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


class PasskeyChallenge(Base):
    """What a passkey is asked to sign, once and soon; the browser's cookie has it, we a hash."""

    __tablename__ = "passkey_challenges"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    challenge_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime] = mapped_column(index=True)


class RecoveryCode(Base):
    """A code, usable once, for somebody who has lost their other factors; kept as a hash."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("person_id", "code_hash"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(64))
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


class SiteSetting(Base):
    """What admins have set for the whole site in the browser. No secrets: changes are events."""

    __tablename__ = "site_settings"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class PasswordReset(Base):
    """Somebody's wish for a new password, and the link, usable once, by which it is granted.

    What was typed is written down as it is; the worker finds out whether it names an account and
    makes the link. So the one who asks cannot tell, not even by the time it takes.
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
    """A bearer token for the API; shown once, kept as a hash.

    A ``narrow`` one is for the spaces of its :class:`TokenSpace` rows only: for none, once those
    are gone.
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
    """One of the only spaces that a narrow token is for."""

    __tablename__ = "api_token_spaces"

    token_id: Mapped[int] = mapped_column(
        ForeignKey("api_tokens.id", ondelete="CASCADE"), primary_key=True
    )
    space_id: Mapped[int] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Identity(Base):
    """Whom a person is at an OpenID provider: who proves to be that signs in as the person."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    linked_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]


class ProviderVisit(Base):
    """Somebody who was sent to the OpenID provider and is waited for: once, for some minutes, in
    the browser that has the other half of the key.

    ``session_id`` is the sign-in that wants to be linked with who comes back. Once the provider
    has said who they are and more has to be asked, a second visit has that in ``subject``.
    """

    __tablename__ = "provider_visits"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
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
    """Attempts under one key (a typed name, an address) within one window of time."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    window_ends_at: Mapped[datetime]


class Mail(Base):
    """A mail to be sent by the worker, deleted once it is gone."""

    __tablename__ = "mails"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)


class SetupLink(Base):
    """The one-time link by which the first admin is made."""

    __tablename__ = "setup_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
