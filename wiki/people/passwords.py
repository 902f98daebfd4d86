"""Hashes of passwords, and the rules for passwords."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.people.models import Person

_hasher = PasswordHasher()
# Verified when there is no such account, so that the response time does not reveal its absence.
_NOBODY = _hasher.hash("nobody has this password")
MIN_PASSWORD = 10
MAX_PASSWORD = 1024


def hash_password(password: str, *, field: str = "password") -> str:
    """Return the Argon2id hash of an acceptable password; takes tens of milliseconds on purpose.

    :param field: the form field to name in an error.
    :raises Invalid: if the password is too short or too long.
    """
    if len(password) < MIN_PASSWORD:
        raise Invalid(
            _(
                "Use at least %(limit)s characters for the password.",
                limit=MIN_PASSWORD,
            ),
            field=field,
        )
    if len(password) > MAX_PASSWORD:
        raise Invalid(
            _(
                "Use at most %(limit)s characters for the password.",
                limit=MAX_PASSWORD,
            ),
            field=field,
        )
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
