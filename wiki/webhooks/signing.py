"""Signatures of calls (Standard Webhooks): HMAC-SHA256 of the id, the time and the body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from wiki.config import Settings
from wiki.people.factors.encryption import Unreadable, seal, unseal

_PREFIX = "whsec_"
_PLACE = "webhook"
_BYTES = 32


def new_secret() -> str:
    """Return a random secret as it is shown to a lead."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def sealed(settings: Settings, secret: str) -> bytes:
    """Return the stored form of a secret."""
    return seal(settings.key(), secret.encode(), _PLACE)


def unsealed(settings: Settings, stored: bytes) -> str | None:
    """Return a stored secret; None if the wiki's key has changed since."""
    try:
        return unseal(settings.key(), stored, _PLACE).decode()
    except Unreadable:
        return None


def headers_for(key: str, moment: datetime, body: bytes, using: Sequence[str]) -> dict[str, str]:
    """Return the headers that identify and sign a call, with a signature by each secret."""
    at = str(int(moment.timestamp()))
    signed = b".".join((key.encode(), at.encode(), body))
    signatures = []
    for secret in using:
        raw = base64.b64decode(secret.removeprefix(_PREFIX))
        digest = hmac.new(raw, signed, hashlib.sha256).digest()
        signatures.append(f"v1,{base64.b64encode(digest).decode()}")
    return {
        "webhook-id": key,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(signatures),
    }
