"""Actions on accounts: creating, changing, disabling and signing out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import Ended, Forbidden, Invalid, require_allowed
from wiki.outbox.actions import publish
from wiki.people.events import PersonChanged, PersonCreated
from wiki.people.models import ApiToken, Group, PasswordReset, Person, SetupLink
from wiki.people.signin.events import SignedOut
from wiki.people.signin.sign_in import close_sessions
from wiki.rules.access import ANONYMOUS, Actor, may_administer
from wiki.rules.roles import SiteRole

_hasher = PasswordHasher()
# Verified when there is no such account, so that the response time does not reveal its absence.
_NOBODY = _hasher.hash("nobody has this password")
MIN_PASSWORD = 10
MAX_PASSWORD = 1024
HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
# Any fixed number: the key of the advisory lock that is held until commit while a handle is given
# out (on PostgreSQL).
_NAMING = 0x7E113
# Characters that rearrange the text around them. Joiners stay: many scripts need them in names.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def hash_password(password: str, *, field: str = "password") -> str:
    """Return the Argon2id hash of an acceptable password; takes tens of milliseconds on purpose.

    :param field: the form field to name in an error.
    :raises Invalid: if the password is too short or too long.
    """
    if len(password) < MIN_PASSWORD:
        raise Invalid(f"Use at least {MIN_PASSWORD} characters for the password.", field=field)
    if len(password) > MAX_PASSWORD:
        raise Invalid(f"Use at most {MAX_PASSWORD} characters for the password.", field=field)
    return _hasher.hash(_normal(password))


def check_password(person: Person | None, password: str) -> bool:
    """Return whether this is the person's password, in the same time if there is no account."""
    stored = person.password_hash if person and person.password_hash else _NOBODY
    right = is_password(stored, password)
    return right and person is not None and person.password_hash is not None


def is_password(stored: str, password: str) -> bool:
    """Return whether the hash belongs to this password."""
    try:
        return _hasher.verify(stored, _normal(password[:MAX_PASSWORD]))
    except (VerificationError, InvalidHashError):
        return False


def renewed_hash(person: Person, password: str) -> str | None:
    """Return a new hash of the password just checked, or None if the stored one is strong
    enough."""
    stored = person.password_hash
    if stored is None or not _hasher.check_needs_rehash(stored):
        return None
    return _hasher.hash(_normal(password[:MAX_PASSWORD]))


def _normal(password: str) -> str:
    """Return the password in NFKC form, because keyboards compose accents differently."""
    return unicodedata.normalize("NFKC", password)


def normal_login(typed: str) -> str:
    """Return a typed user name or address in the form in which both are stored."""
    kept = "".join(character for character in typed if character.isprintable())
    return unicodedata.normalize("NFC", kept.strip()).lower()[:254]


def find_person(session: Session, login: str) -> Person | None:
    """Return the person who signs in with this handle or address; never a placeholder."""
    login = normal_login(login)
    return session.scalar(
        select(Person).where(
            or_(Person.handle == login, Person.email == login), Person.imported_at.is_(None)
        )
    )


@dataclass(frozen=True)
class Credentials:
    """The address and the password of an account, as far as it has them."""

    email: str | None = None
    password_hash: str | None = None


NO_CREDENTIALS = Credentials()


def create_person(
    session: Session,
    actor: Actor,
    *,
    handle: str,
    name: str,
    credentials: Credentials = NO_CREDENTIALS,
    site_role: SiteRole = SiteRole.MEMBER,
) -> Person:
    """Create an account. Callers check permission: an invitation, the shell or set-up.

    :raises Invalid: if the handle, the name or the address is not acceptable, or is taken.
    """
    handle = handle.strip().lower()
    if not HANDLE.fullmatch(handle):
        raise Invalid(
            "Use letters a to z, digits, dots, dashes and underscores, at most 60 characters.",
            field="handle",
        )
    hold_names(session)
    if is_taken(session, handle):
        raise Invalid(f"The user name “{handle}” is taken.", field="handle")
    person = Person(
        handle=handle,
        name=checked_name(name) or handle,
        email=_free_email(session, credentials.email, None),
        password_hash=credentials.password_hash,
        site_role=site_role.value,
    )
    session.add(person)
    _flush_unique(session)
    publish(session, actor, PersonCreated(person.id))
    return person


def is_taken(session: Session, handle: str) -> bool:
    """Return whether an account or a group has this handle. They share one namespace, because both
    can be mentioned."""
    return any(
        session.scalar(select(named.id).where(named.handle == handle)) is not None
        for named in (Person, Group)
    )


def hold_names(session: Session) -> None:
    """Make other transactions that give out a handle wait until this one ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _NAMING})


def change_profile(
    session: Session, actor: Actor, person: Person, *, name: str, email: str | None
) -> list[str]:
    """Change the actor's own name and address; return the names of the changed fields.

    :raises Invalid: if a value is not acceptable.
    :raises Forbidden: for another person's account.
    """
    if actor.person_id != person.id:
        raise Forbidden("Only the owner of the account can change this.")
    name = checked_name(name)
    if not name:
        raise Invalid("Enter a name with at least one letter.", field="name")
    wanted = {"name": name, "email": _free_email(session, email, person)}
    if wanted["email"] != person.email:
        # Links mailed to the old address end; wait for one that is being used right now.
        end_password_links(session, person)
        session.refresh(person, with_for_update=True)
        person.email_proven_at = None
    changed = [key for key, value in wanted.items() if getattr(person, key) != value]
    for key in changed:
        setattr(person, key, wanted[key])
    if changed:
        _flush_unique(session)
        publish(session, actor, PersonChanged(person.id, dict.fromkeys(changed, True)))
    return changed


def set_password(
    session: Session,
    actor: Actor,
    person: Person,
    password_hash: str,
    *,
    keep_session: int | None = None,
) -> None:
    """Set a person's password and end their sign-ins except ``keep_session``.

    Callers check permission: the old password, a mailed link or the shell.

    :raises Invalid: for a service account, which has no password.
    """
    if person.service_at is not None:
        raise Invalid(
            f"{person.name} is a service account, which uses tokens instead of a password."
        )
    person.password_hash = password_hash
    session.flush()
    close_sessions(session, person.id, keep=keep_session)
    publish(session, actor, PersonChanged(person.id, {"password": True}))


def end_password_links(session: Session, person: Person) -> None:
    """Invalidate all password links that were mailed to a person."""
    session.execute(
        update(PasswordReset)
        .where(PasswordReset.person_id == person.id, PasswordReset.used_at.is_(None))
        .values(used_at=now())
    )


def set_site_role(session: Session, actor: Actor, person: Person, role: SiteRole) -> None:
    """Make a person a guest, a member or an admin.

    :raises Forbidden: unless the actor is an admin.
    :raises Invalid: for the last admin.
    """
    require_allowed(may_administer(actor))
    _require_account(person)
    if role is SiteRole.ANONYMOUS:
        raise Invalid("Choose one of the roles.", field="role")
    if role is SiteRole.ADMIN and person.service_at is not None:
        raise Invalid("A service account can only be a guest or a member.", field="role")
    if person.site_role == role.value:
        return
    _keep_an_admin(session, person)
    person.site_role = role.value
    session.flush()
    publish(session, actor, PersonChanged(person.id, {"site_role": role.value}))


def disable(session: Session, actor: Actor, person: Person) -> None:
    """Disable an account and end its sign-ins and API tokens. Its work stays.

    :raises Forbidden: unless the actor is an admin.
    :raises Invalid: for the last admin.
    """
    require_allowed(may_administer(actor))
    _require_account(person)
    if person.disabled_at is not None:
        return
    _keep_an_admin(session, person)
    person.disabled_at = now()
    session.flush()
    close_sessions(session, person.id)
    session.execute(
        update(ApiToken)
        .where(ApiToken.person_id == person.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    publish(session, actor, PersonChanged(person.id, {"disabled": True}))


def enable(session: Session, actor: Actor, person: Person) -> None:
    """Enable a disabled account again. The person has to sign in anew and make new tokens.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    if person.disabled_at is None:
        return
    person.disabled_at = None
    session.flush()
    publish(session, actor, PersonChanged(person.id, {"disabled": False}))


def end_sessions(session: Session, actor: Actor, person_id: int, *, keep: int | None = None) -> int:
    """End a person's sign-ins everywhere, except the one to ``keep``; return how many ended.

    :raises Forbidden: unless they are the actor's own or the actor is an admin.
    """
    if actor.person_id != person_id:
        require_allowed(may_administer(actor))
    ended = close_sessions(session, person_id, keep=keep)
    if ended:
        publish(session, actor, SignedOut(person_id))
    return ended


def setup_token(session: Session) -> str | None:
    """Create a token for ``/-/setup?token=…``, which makes the first admin; return None if there is
    an admin already. Earlier set-up links stop working."""
    if has_admin(session):
        return None
    session.execute(delete(SetupLink))
    link = SetupLink()
    token = link.give_token()
    session.add(link)
    session.flush()
    return token


def has_admin(session: Session) -> bool:
    """Return whether there is an enabled admin."""
    return (
        session.scalar(
            select(Person.id)
            .where(Person.site_role == SiteRole.ADMIN.value, Person.disabled_at.is_(None))
            .limit(1)
        )
        is not None
    )


def check_setup(session: Session, token: str) -> None:
    """Check that the token may make the first admin.

    :raises Ended: if the link was used or replaced, or there is an admin already.
    """
    found = session.scalar(select(SetupLink.id).where(SetupLink.is_live(token)))
    if found is None or has_admin(session):
        raise Ended(
            "This link to create the first admin was already used or replaced by a newer one. "
            "As long as there is no admin, restarting the wiki shows a new link."
        )


def create_first_admin(
    session: Session, token: str, *, handle: str, name: str, email: str | None, password_hash: str
) -> Person:
    """Create the first admin with a set-up link, which is used up.

    :raises Ended: if the link was used.
    :raises Invalid: as :func:`create_person`.
    """
    check_setup(session, token)
    if SetupLink.use(session, token) is None:
        check_setup(session, "")  # another request was faster: this raises
    return create_person(
        session,
        ANONYMOUS,
        handle=handle,
        name=name,
        credentials=Credentials(email, password_hash),
        site_role=SiteRole.ADMIN,
    )


def checked_name(raw: str) -> str:
    """Return a person's name as it is shown: one line, possibly empty.

    :raises Invalid: if it is longer than 200 characters.
    """
    name = shown_name(raw)
    if len(name) > 200:
        raise Invalid("Use at most 200 characters for the name.", field="name")
    return name


def shown_name(raw: str) -> str:
    """Return a name of any length as one line without control characters."""
    return " ".join(_CONTROL.sub(" ", unicodedata.normalize("NFC", raw)).split())


def checked_email(raw: str, *, field: str = "email") -> str:
    """Return an e-mail address in the form in which it is stored: trimmed and lower case.

    :param field: the form field to name in an error.
    :raises Invalid: if it cannot be an address.
    """
    email = unicodedata.normalize("NFC", raw.strip()).lower()
    if (
        len(email) > 254
        or not email.isprintable()
        or not re.fullmatch(r"[^@\s<>\"',;:]+@[^@\s<>\"',;:]+", email)
    ):
        raise Invalid("Enter a valid email address.", field=field)
    return email


def _free_email(session: Session, raw: str | None, person: Person | None) -> str | None:
    if not raw or not raw.strip():
        return None
    email = checked_email(raw)
    owner = session.scalar(select(Person.id).where(Person.email == email))
    if owner is not None and (person is None or owner != person.id):
        raise Invalid("This address belongs to another account.", field="email")
    return email


def _flush_unique(session: Session) -> None:
    """Flush; raise Invalid if another transaction took the name meanwhile (on PostgreSQL)."""
    try:
        session.flush()
    except IntegrityError:
        raise Invalid("That user name or address has just been taken.", field="handle") from None


def _require_account(person: Person) -> None:
    if person.imported_at is not None:
        raise Invalid(f"{person.name} has no account, only imported work.", field="role")


def _keep_an_admin(session: Session, person: Person) -> None:
    """Raise Invalid if the person is the last admin. The rows of all admins are locked, so that two
    admins who demote each other at the same time take turns."""
    admins = session.scalars(
        select(Person.id)
        .where(Person.site_role == SiteRole.ADMIN.value, Person.disabled_at.is_(None))
        .order_by(Person.id)
        .with_for_update()
    ).all()
    if list(admins) == [person.id]:
        raise Invalid(
            "The wiki needs at least one admin. Make someone else an admin first.", field="role"
        )
