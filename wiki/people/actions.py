"""What happens to accounts."""

from __future__ import annotations

import re
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from wiki.errors import Invalid
from wiki.outbox.actions import announce
from wiki.outbox.events import PersonCreated
from wiki.people.models import Person
from wiki.rules.access import Actor
from wiki.rules.roles import SiteRole

_hasher = PasswordHasher()
# Verified when there is no such account, so that its absence cannot be told by the time it takes.
_NOBODY = _hasher.hash("nobody has this password")
MIN_PASSWORD = 10
MAX_PASSWORD = 1024
HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


def hash_password(password: str) -> str:
    """Argon2id of an acceptable password; takes tens of milliseconds on purpose.

    :raises Invalid: when it is too short or too long.
    """
    if len(password) < MIN_PASSWORD:
        raise Invalid(f"A password has at least {MIN_PASSWORD} characters.", field="password")
    if len(password) > MAX_PASSWORD:
        raise Invalid(f"A password has at most {MAX_PASSWORD} characters.", field="password")
    return _hasher.hash(password)


def check_password(person: Person | None, password: str) -> bool:
    """Whether this is the person's password; takes as long for nobody as for somebody."""
    stored = person.password_hash if person and person.password_hash else _NOBODY
    try:
        right = _hasher.verify(stored, password[:MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return right and person is not None and person.password_hash is not None


def find_person(session: Session, login: str) -> Person | None:
    """The person who signs in with this handle or address."""
    login = login.strip().lower()
    return session.scalar(select(Person).where(or_(Person.handle == login, Person.email == login)))


def create_person(
    session: Session,
    actor: Actor,
    *,
    handle: str,
    name: str,
    email: str | None = None,
    password_hash: str | None = None,
    site_role: SiteRole = SiteRole.MEMBER,
) -> Person:
    """Make an account. Who may is decided by what leads here: an invitation, the shell, set-up.

    :raises Invalid: when the handle, the name or the address cannot be used, or is taken.
    """
    handle = handle.strip().lower()
    name = " ".join(unicodedata.normalize("NFC", name).split()) or handle
    email = checked_email(email) if email else None
    if not HANDLE.fullmatch(handle):
        raise Invalid(
            "A user name has letters a to z, digits, dots, dashes and underscores, at most 60.",
            field="handle",
        )
    if len(name) > 200:
        raise Invalid("A name has at most 200 characters.", field="name")
    if session.scalar(select(Person.id).where(Person.handle == handle)) is not None:
        raise Invalid(f"The user name “{handle}” is taken.", field="handle")
    if email and session.scalar(select(Person.id).where(Person.email == email)) is not None:
        raise Invalid("This address belongs to another account.", field="email")
    person = Person(
        handle=handle,
        name=name,
        email=email,
        password_hash=password_hash,
        site_role=site_role.value,
    )
    session.add(person)
    session.flush()
    announce(session, actor, PersonCreated(person.id))
    return person


def checked_email(raw: str) -> str:
    """An address in the form it is stored in: trimmed, lower case.

    :raises Invalid: when it cannot be one.
    """
    email = unicodedata.normalize("NFC", raw.strip()).lower()
    if len(email) > 254 or not re.fullmatch(r"[^@\s<>\"',;:]+@[^@\s<>\"',;:]+", email):
        raise Invalid("That is not an e-mail address.", field="email")
    return email
