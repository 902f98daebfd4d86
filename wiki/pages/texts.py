"""Texts of revisions: content-addressed, stored once, compressed, verified when read."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import cache
from itertools import islice

import zstandard
from sqlalchemy import Select, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from wiki.pages.models import Content, Revision

SLICE = 500
"""Texts that are asked for at once."""


class DamagedText(Exception):
    """A stored text does not have the hash it is stored under."""


def hash_of(text: str) -> str:
    """The name a text is stored under: the SHA-256 of its UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def put_text(session: Session, text: str) -> str:
    """Store ``text`` unless it is there already; returns its hash."""
    data = text.encode()
    key = hashlib.sha256(data).hexdigest()
    if session.scalar(_stored(), {"key": key}) is None:
        packed = zstandard.ZstdCompressor(level=9).compress(data)
        session.execute(_STORE, {"hash": key, "size": len(data), "data": packed})
    return key


_STORE = insert(Content)


@cache
def _stored() -> Select[str]:
    return select(Content.hash).where(Content.hash == bindparam("key"))


@cache
def _packed() -> Select[bytes]:
    return select(Content.data).where(Content.hash == bindparam("key"))


def get_text(session: Session, key: str) -> str:
    """The text stored under ``key``.

    :raises DamagedText: when the bytes are not those that were stored.
    """
    packed = session.scalar(_packed(), {"key": key})
    if packed is None:
        raise DamagedText(f"The text {key} is missing.")
    return unpack(key, packed)


def get_texts(session: Session, keys: Sequence[str]) -> dict[str, str]:
    """The texts stored under ``keys``, in a query for each few hundred of them.

    :raises DamagedText: when one is missing, or its bytes are not those that were stored.
    """
    found: dict[str, str] = {}
    left = iter(dict.fromkeys(keys))
    while some := list(islice(left, SLICE)):
        rows = session.execute(select(Content.hash, Content.data).where(Content.hash.in_(some)))
        packed = {row[0]: row[1] for row in rows}
        for key in some:
            if key not in packed:
                raise DamagedText(f"The text {key} is missing.")
            found[key] = unpack(key, packed[key])
    return found


def forget_texts(session: Session, hashes: Collection[str]) -> int:
    """Remove those of these texts that no revision refers to any more; returns how many."""
    forgotten = 0
    left = iter(hashes)
    while some := list(islice(left, SLICE)):
        used = select(Revision.id).where(Revision.content_hash == Content.hash).exists()
        gone = session.connection().execute(delete(Content).where(Content.hash.in_(some), ~used))
        forgotten += gone.rowcount
    return forgotten


def unpack(key: str, packed: bytes) -> str:
    """The text within stored bytes, checked against its hash.

    :raises DamagedText: when they do not agree.
    """
    try:
        data = zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as error:
        raise DamagedText(f"The text {key} cannot be unpacked.") from error
    if hashlib.sha256(data).hexdigest() != key:
        raise DamagedText(f"The text {key} has changed since it was stored.")
    return data.decode()
