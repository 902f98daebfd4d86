"""Addresses to which one person can reply in one discussion, for some time.

The part after the plus sign has the person, the discussion, the last day and a signature. It is in
lower case, because mail servers may change the case of an address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import date, timedelta
from email.utils import parseaddr

from wiki.config import Settings
from wiki.db import now

LASTS = timedelta(days=30)
SIGNED = 20
"""Number of characters of a signature, of five bits each."""
LONGEST_LOCAL = 64
"""Maximum length of the part of an address before the at sign (RFC 5321)."""
_ID = "([0-9a-f]{1,15})"
_TOKEN = re.compile(rf"\+r-{_ID}-{_ID}-([0-9a-f]{{6}})-([a-z2-7]{{{SIGNED}}})@")


@dataclass(frozen=True)
class ReplyTo:
    """The person and the discussion of an address."""

    person_id: int
    thread_id: int


def reply_address(settings: Settings, person_id: int, thread_id: int) -> str:
    """Return the address at which a person can reply in a discussion; empty if there is no mailbox
    for replies."""
    local, _, domain = parseaddr(settings.mail_from)[1].rpartition("@")
    if not settings.imap_url or not local:
        return ""
    last = (now() + LASTS).date().toordinal()
    what = f"{person_id:x}-{thread_id:x}-{last:06x}"
    whole = f"{local}+r-{what}-{_signature(settings, what)}"
    return f"{whole}@{domain}" if len(whole) <= LONGEST_LOCAL else ""


def read_address(settings: Settings, address: str) -> ReplyTo | None:
    """Return what an address is for; None if it is not one of ours, or too old."""
    found = _TOKEN.search(address.lower())
    if found is None:
        return None
    person, thread, last, signature = found.groups()
    if not hmac.compare_digest(signature, _signature(settings, f"{person}-{thread}-{last}")):
        return None
    if date.fromordinal(int(last, 16)) < now().date():
        return None
    return ReplyTo(int(person, 16), int(thread, 16))


def _signature(settings: Settings, what: str) -> str:
    key = hashlib.sha256(b"reply by mail\0" + settings.key().encode()).digest()
    made = hmac.new(key, what.encode(), hashlib.sha256).digest()
    return base64.b32encode(made).decode().lower()[:SIGNED]
