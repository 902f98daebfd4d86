"""Challenges for passkeys, and the names of this site that passkeys are bound to."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.people.factors.models import PasskeyChallenge

LASTS = timedelta(minutes=5)


class Purpose(StrEnum):
    """The purpose of a challenge, which is valid for no other."""

    ADD = "add"
    SIGN_IN = "sign-in"
    SECOND = "second"
    CONFIRM = "confirm"


@dataclass(frozen=True)
class Party:
    """The relying party of WebAuthn: this site."""

    id: str
    origin: str


def party(settings: Settings) -> Party | None:
    """Return the site as its settings name it, or None if browsers allow no passkeys for it: they
    require HTTPS (or localhost) and a host name instead of an IP address."""
    base = urlsplit(settings.base_url)
    try:
        host = (base.hostname or "").encode("idna").decode()
        port = base.port
    except ValueError:
        return None
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return None
    if not host or (base.scheme != "https" and host != "localhost"):
        return None
    usual = {"https": 443, "http": 80}[base.scheme]
    at = "" if port in (None, usual) else f":{port}"
    return Party(host, f"{base.scheme}://{host}{at}")


def new_challenge(session: Session, purpose: Purpose, person_id: int | None) -> str:
    """Create a challenge for this purpose and person. It is good once, within five minutes."""
    PasskeyChallenge.forget_expired(session)
    row = PasskeyChallenge(purpose=purpose.value, person_id=person_id, expires_at=now() + LASTS)
    challenge = row.give_token()
    session.add(row)
    session.flush()
    return challenge


def take_challenge(
    session: Session, challenge: str, purpose: Purpose, person_id: int | None
) -> None:
    """Use up a challenge, whatever the result.

    Commit this before the action that depends on it, so that a refusal does not restore the
    challenge.

    :raises Invalid: if it was used, has expired or has another purpose or person.
    """
    PasskeyChallenge.forget_expired(session)
    used = PasskeyChallenge.use(session, challenge)
    if used is None or (used.purpose, used.person_id) != (purpose.value, person_id):
        raise Invalid(_("That took too long or was done in another tab. Try again."))


@dataclass(frozen=True)
class SignedChallenge:
    """A challenge and the browser's answer to it, in JSON."""

    challenge: str
    answer: str


def party_of(settings: Settings) -> Party:
    found = party(settings)
    if found is None:
        raise Invalid(
            _(
                "Passkeys need an address with HTTPS and a domain name, such as "
                "https://wiki.example.org. This wiki’s address doesn’t have that."
            )
        )
    return found
