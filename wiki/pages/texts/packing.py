"""Compression of texts, each against another one, and verification when they are unpacked.

A text is compressed against the one it replaced (zstandard, with that as a raw dictionary), so a
small edit takes a few hundred bytes. Along the history of a page texts have positions from 0, which
is stored whole; the base of position p lies as many positions back as the largest power of
:data:`STEP` that divides p. Any text is then read by unpacking at most :data:`DEEPEST` others, as
with the skip-deltas of Subversion (notes/skip-deltas), whose step is 2.
"""

from __future__ import annotations

import hashlib
import threading
from typing import Any, NamedTuple

import zstandard
from sqlalchemy import Row

STEP = 8
WHOLE_EVERY = STEP * 8
DEEPEST = (STEP - 1) + (WHOLE_EVERY // STEP - 1)
LEVEL = 9


class DamagedText(Exception):
    """A stored text does not have the hash it is stored under."""


class Packed(NamedTuple):
    """A text as it is stored: ``base`` is the hash of the text it was compressed against."""

    hash: str
    size: int
    position: int
    base: str | None
    data: bytes


def pack(key: str, data: bytes, against: Against | None) -> Packed:
    """Return a text as it is to be stored: compressed against another one if that saves space, else
    whole."""
    if against is not None:
        packed = compressor_with(against.data).compress(data)
        if len(packed) * 8 < len(data):
            return Packed(key, len(data), against.position, against.base, packed)
    whole = whole_compressor().compress(data)
    if against is not None and len(packed) < len(whole):
        return Packed(key, len(data), against.position, against.base, packed)
    return Packed(key, len(data), 0, None, whole)


class Against(NamedTuple):
    """The text, stored under ``base``, that the text at ``position`` is compressed against."""

    position: int
    base: str
    data: bytes


def base_position(position: int) -> int | None:
    """Return the position of the text that the one at ``position`` is compressed against, if
    any."""
    position %= WHOLE_EVERY
    if not position:
        return None
    back = 1
    while position % (back * STEP) == 0:
        back *= STEP
    return position - back


def unpack(row: Packed | Row[Any], base: bytes | None) -> bytes:
    """Return the text within stored bytes, verified against its hash.

    :param base: the text it was compressed against.
    :raises DamagedText: when it cannot be unpacked, or its hash differs.
    """
    try:
        data = _unpacker(base).decompress(row.data, max_output_size=row.size or 1)
    except (zstandard.ZstdError, MemoryError) as error:
        raise DamagedText(f"The text {row.hash} cannot be unpacked.") from error
    if digest(data) != row.hash:
        raise DamagedText(f"The text {row.hash} has changed since it was stored.")
    return data


_of_thread = threading.local()


def digest(data: bytes) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def whole_compressor() -> zstandard.ZstdCompressor:
    """Return the compressor of this thread: creating one costs more than using it, and compressors
    must not be shared between threads."""
    found: zstandard.ZstdCompressor | None = getattr(_of_thread, "compressor", None)
    if found is None:
        found = _of_thread.compressor = zstandard.ZstdCompressor(level=LEVEL)
    return found


def compressor_with(base: bytes) -> zstandard.ZstdCompressor:
    """Return a compressor with another text as its dictionary."""
    return zstandard.ZstdCompressor(level=LEVEL, dict_data=_dictionary(base))


def _unpacker(base: bytes | None) -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor(dict_data=_dictionary(base) if base else None)


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
