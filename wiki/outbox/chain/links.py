"""The chain of events: each is bound to the one before it, and the newest is signed.

A link is the SHA-256 of the link before it and of the event. There are two chains, because events
of the one may expire and those of the other never do: so what expires is the beginning of a chain,
whose last link is kept as its anchor. Anchor and end are signed with the wiki's key, so that
whoever can write to the database can neither forge a chain nor cut it off.

What an event says and from where it was done go into its link as hashes with a salt of their own.
They can be taken out, salt and all: the hash stays, and tells nobody anything.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wiki.web.origin import shorten

LASTING, PASSING = "lasting", "passing"
START = bytes(32)
"""The link before the first."""
SALT_BYTES = 16

# What such an event says beside what happened: what is still to do.
_TO_DO = {"PagePurged": frozenset({"files"})}


@dataclass(frozen=True)
class End:
    """Where a chain begins and ends, as ``models.ChainEnd`` has it."""

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
    """The chain of events that may expire, or of those that do not."""
    return PASSING if passing else LASTING


def said_hash(salt: bytes, name: str, payload: dict[str, Any]) -> bytes:
    """The hash of what an event says."""
    to_do = _TO_DO.get(name)
    said = {key: payload[key] for key in payload if key not in to_do} if to_do else payload
    return hashlib.sha256(salt + canonical(said)).digest()


def address_hash(salt: bytes, address: str) -> bytes:
    """The hash of from where something was done."""
    return hashlib.sha256(salt + address.encode()).digest()


def link(
    before: bytes,
    *,
    id: int,
    name: str,
    at: datetime,
    actor_id: int | None,
    space_id: int | None,
    page_id: int | None,
    audited: bool,
    passing: bool,
    said: bytes,
    address: str | None,
    address_seal: bytes | None,
) -> bytes:
    """The link of an event that follows the link ``before``."""
    where = "-" if address is None else _quoted(shorten(address))
    seal = address_seal.hex() if address_seal else "-"
    row = (
        f"{id} {at.astimezone(UTC).isoformat()} {actor_id} {space_id} {page_id} "
        f"{audited:d}{passing:d} {said.hex()} {seal} {_quoted(name)} {where}"
    )
    return hashlib.sha256(before + row.encode()).digest()


class Proof:
    """What scrubbed events say now, in one hash."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, id: int, payload: dict[str, Any]) -> None:
        """Add an event; they come in the order of their ids."""
        self._hash.update(b"%d %s\n" % (id, canonical(payload)))

    def words(self) -> str:
        """The hash of those added so far."""
        return self._hash.hexdigest()


def canonical(value: dict[str, Any]) -> bytes:
    """JSON with one spelling for each value, whichever database it was stored in meanwhile."""
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
    """Signs the ends of the chains.

    :param key: gives the wiki's secret key; without it nothing is ever signed.
    """

    def __init__(self, key: Callable[[], str] | None) -> None:
        self._key = b""
        if key is not None:
            self._key = hashlib.sha256(b"chain of events\0" + key().encode()).digest()

    def sign(self, end: End) -> bytes:
        """The signature of a chain's anchor and end; empty without a key."""
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
        """Whether this wiki signed just that."""
        return bool(end.signature) and hmac.compare_digest(end.signature, self.sign(end))
