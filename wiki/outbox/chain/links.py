"""The hash chains of events: each event is bound to the one before it, and the newest is signed.

A link is the SHA-256 of the previous link and of the event. There are two chains, because some
events may expire and others never do. Expiry removes the beginning of a chain and keeps its last
link as the anchor. Anchor and end are signed with the wiki's key, so that write access to the
database is not enough to forge a chain or to cut it off.

The payload and the address of an event enter its link as hashes with salts of their own. They can
be removed together with the salt; the remaining hash reveals nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from wiki.outbox.event import policy_of
from wiki.web.origin import shorten

LASTING, PASSING = "lasting", "passing"
START = bytes(32)
"""The link before the first event."""
SALT_BYTES = 16


@dataclass(frozen=True)
class End:
    """The anchor and the end of a chain, with the columns of ``models.ChainEnd``."""

    name: str
    anchor_id: int = 0
    anchor_count: int = 0
    anchor: bytes = START
    last_id: int = 0
    count: int = 0
    last: bytes = START
    shortened_id: int = 0
    signature: bytes = b""


def name_of(passing: bool) -> str:
    """Return the name of the chain of expirable events, or of the one of permanent events."""
    return PASSING if passing else LASTING


def said_hash(salt: bytes, name: str, payload: dict[str, Any]) -> bytes:
    """Return the hash of an event's payload, without its tasks."""
    tasks = policy_of(name).tasks
    said = {key: payload[key] for key in payload if key not in tasks} if tasks else payload
    return hashlib.sha256(salt + canonical(said)).digest()


def address_hash(salt: bytes, address: str) -> bytes:
    """Return the hash of the address that an event came from."""
    return hashlib.sha256(salt + address.encode()).digest()


class Facts(NamedTuple):
    """The columns of an event that enter its link as they are."""

    id: int
    name: str
    at: datetime
    actor_id: int | None
    space_id: int | None
    page_id: int | None
    audited: bool
    passing: bool


def facts_of(row: Any) -> Facts:
    """Return the columns of a row of events that enter its link."""
    return Facts(*(getattr(row, name) for name in Facts._fields))


def link(
    before: bytes, facts: Facts, said: bytes, address: str | None, address_seal: bytes | None
) -> bytes:
    """Return the link of an event that follows the link ``before``.

    :param said: the hash of its payload.
    """
    where = "-" if address is None else _quoted(shorten(address))
    seal = address_seal.hex() if address_seal else "-"
    row = (
        f"{facts.id} {facts.at.astimezone(UTC).isoformat()} {facts.actor_id} {facts.space_id} "
        f"{facts.page_id} {facts.audited:d}{facts.passing:d} {said.hex()} {seal} "
        f"{_quoted(facts.name)} {where}"
    )
    return hashlib.sha256(before + row.encode()).digest()


class Proof:
    """A hash of the present payloads of scrubbed events."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, id: int, payload: dict[str, Any]) -> None:
        """Add an event; they must be added in the order of their ids."""
        self._hash.update(b"%d %s\n" % (id, canonical(payload)))

    def words(self) -> str:
        """Return the hash of the events added so far."""
        return self._hash.hexdigest()


def canonical(value: dict[str, Any]) -> bytes:
    """Return JSON with one spelling for each value, independent of the database that stored it."""
    if not all(type(one) in _PLAIN for one in value.values()):
        value = json.loads(json.dumps(value), parse_float=_number)
    return _encode(value).encode()


_PLAIN = frozenset({int, str, bool, type(None)})
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring_ascii


def _number(written: str) -> float | int:
    number = float(written)
    return int(number) if number.is_integer() else number


class Seal:
    """A signer of the ends of the chains.

    :param key: returns the wiki's secret key; if None, nothing is signed.
    """

    def __init__(self, key: Callable[[], str] | None) -> None:
        self._key = b""
        if key is not None:
            self._key = hashlib.sha256(b"chain of events\0" + key().encode()).digest()

    def sign(self, end: End) -> bytes:
        """Return the signature of a chain's anchor and end; empty without a key."""
        if not self._key:
            return b""
        facts = [
            end.name,
            end.anchor_id,
            end.anchor_count,
            end.anchor.hex(),
            end.last_id,
            end.count,
            end.last.hex(),
            end.shortened_id,
        ]
        return hmac.digest(self._key, json.dumps(facts).encode(), "sha256")

    def fits(self, end: End) -> bool:
        """Return whether this wiki signed exactly this end."""
        return bool(end.signature) and hmac.compare_digest(end.signature, self.sign(end))
