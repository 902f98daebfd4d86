"""Names, handles and addresses of accounts, and their checks."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.people.models import Person

HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
# Characters that rearrange the text around them. Joiners stay: many scripts need them in names.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def normal_login(typed: str) -> str:
    """Return a typed user name or address in the form in which both are stored."""
    kept = "".join(character for character in typed if character.isprintable())
    return unicodedata.normalize("NFC", kept.strip()).lower()[:254]


def checked_name(raw: str) -> str:
    """Return a person's name as it is shown: one line, possibly empty.

    :raises Invalid: if it is longer than 200 characters.
    """
    name = shown_name(raw)
    if len(name) > 200:
        raise Invalid(_("Use at most 200 characters for the name."), field="name")
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
        raise Invalid(_("Enter a valid email address."), field=field)
    return email


def free_email(session: Session, raw: str | None, person: Person | None) -> str | None:
    if not raw or not raw.strip():
        return None
    email = checked_email(raw)
    owner = session.scalar(select(Person.id).where(Person.email == email))
    if owner is not None and (person is None or owner != person.id):
        raise Invalid(_("This address belongs to another account."), field="email")
    return email
