"""Texts of revisions: content-addressed, stored once, compressed, verified when read.

A text is compressed against the one it replaced (zstandard, with that as a raw dictionary), so a
small edit takes a few hundred bytes. Along the history of a page texts have positions from 0, which
is stored whole; the base of position p lies as many positions back as the largest power of
:data:`STEP` that divides p. Any text is then read by unpacking at most :data:`DEEPEST` others, as
with the skip-deltas of Subversion (notes/skip-deltas), whose step is 2.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

import zstandard
from sqlalchemy import (
    BindParameter,
    Connection,
    Insert,
    Row,
    Select,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from wiki.db import batches
from wiki.pages.models import Content, Revision

STEP = 8
WHOLE_EVERY = STEP * 8
DEEPEST = (STEP - 1) + (WHOLE_EVERY // STEP - 1)
LEVEL = 9
TOGETHER = 8 << 20
"""Maximum number of bytes of texts that are read at once."""


class DamagedText(Exception):
    """A stored text does not have the hash it is stored under."""


class Packed(NamedTuple):
    """A text as it is stored: ``base`` is the hash of the text it was compressed against."""

    hash: str
    size: int
    position: int
    base: str | None
    data: bytes


def hash_of(text: str) -> str:
    """Return the key that a text is stored under: the SHA-256 of its UTF-8 bytes, in
    hexadecimal."""
    return _hash(text.encode())


def put_text(session: Session, text: str, previous: str | None = None) -> str:
    """Store ``text`` unless it is stored already, and return its hash.

    :param previous: the hash of a stored text that it probably resembles: the one it replaces.
    """
    data = text.encode()
    key = _hash(data)
    connection = session.connection()
    against = None
    if previous:
        keys = {"keys": [key, previous]}
        held = {row.hash: row for row in connection.execute(_held(), keys)}
        if key in held:
            return key
        against = _against(connection, held.get(previous))
    packed = pack(key, data, against)
    if not connection.execute(_store(connection.dialect.name), packed._asdict()).rowcount:
        connection.execute(_held(), {"keys": [key]})  # it is there, and has to stay
    _recent.put(key, data)
    return key


def get_text(session: Session, key: str) -> str:
    """Return the text stored under ``key``.

    :raises DamagedText: when it is missing, or differs from what was stored.
    """
    return _need(session.connection(), key).decode()


def get_texts(session: Session, keys: Collection[str]) -> dict[str, str]:
    """Return the texts stored under ``keys``, with a few hundred in one query. Missing and damaged
    texts are left out; :func:`get_text` raises the error for one."""
    connection = session.connection()
    wanted = list(dict.fromkeys(keys))
    found: dict[str, str] = {}
    for some in batches(wanted):
        texts = _loaded(connection, some)
        found.update((key, data.decode()) for key, data in texts.items())
    return found


def each_text(session: Session, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the texts stored under ``keys``, in that order. At most :data:`TOGETHER` bytes are read
    at once (or one text, if it is larger), so large texts take no more memory than small ones.
    Missing and damaged texts are left out."""
    wanted = list(dict.fromkeys(keys))
    for some in batches(wanted):
        rows = session.execute(select(Content.hash, Content.size).where(Content.hash.in_(some)))
        sizes: dict[str, int] = {row.hash: row.size for row in rows}
        batch: list[str] = []
        for key in some:
            if batch and sum(sizes[one] for one in batch) + sizes.get(key, 0) > TOGETHER:
                yield from get_texts(session, batch).items()
                batch = []
            batch += [key] if key in sizes else []
        yield from get_texts(session, batch).items()


def forget_texts(session: Session, hashes: Collection[str]) -> int:
    """Delete those of the texts that no revision refers to any more.

    Texts that were compressed against one of them are compressed again first.

    :returns: the number of deleted texts.
    """
    wanted = set(hashes)
    connection = session.connection()
    # Waits for transactions that are about to refer to one of them, and only then looks.
    for some in batches(sorted(wanted)):
        locked = select(Content.hash).where(Content.hash.in_(some)).order_by(Content.hash)
        connection.execute(locked.with_for_update())
    for some in batches(sorted(set(wanted))):
        wanted -= set(
            session.scalars(
                select(Revision.content_hash).where(Revision.content_hash.in_(some)).distinct()
            )
        )
    for some in batches(sorted(wanted)):
        against = select(Content.hash).where(Content.base.in_(some))
        for key in set(connection.scalars(against)) - wanted:
            _rebase(connection, key, wanted)
    for some in batches(sorted(wanted)):
        connection.execute(delete(Content).where(Content.hash.in_(some)))
    _recent.forget(wanted)
    return len(wanted)


def pack(key: str, data: bytes, against: Against | None) -> Packed:
    """Return a text as it is to be stored: compressed against another one if that saves space, else
    whole."""
    if against is not None:
        packed = _with_base(against.data).compress(data)
        if len(packed) * 8 < len(data):
            return Packed(key, len(data), against.position, against.base, packed)
    whole = _whole().compress(data)
    if against is not None and len(packed) < len(whole):
        return Packed(key, len(data), against.position, against.base, packed)
    return Packed(key, len(data), 0, None, whole)


class Shelf:
    """A batch of texts, kept in memory until :meth:`flush` stores them together.

    The texts that it has stored are cached, so a long history is written without queries for them.
    """

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, str | None]] = {}
        self._texts = _Recent(48 << 20)
        self._waiting: dict[str, tuple[Packed, bytes]] = {}

    def put(self, session: Session, text: str, previous: str | None) -> str:
        """Add a text to the batch. Otherwise the same as :func:`put_text`."""
        data = text.encode()
        key = _hash(data)
        if key not in self._places:
            packed = pack(key, data, self._against(session, previous) if previous else None)
            self._waiting[key] = packed, data
            self._places[key] = packed.position, packed.base
            self._texts.put(key, data)
        return key

    def flush(self, session: Session) -> None:
        """Store the batch. A text that another transaction stored meanwhile is left as it is."""
        connection = session.connection()
        if self._waiting:
            rows = [packed._asdict() for packed, _ in self._waiting.values()]
            connection.execute(_store(connection.dialect.name), rows)
            self._waiting.clear()

    def text(self, session: Session, key: str) -> str:
        """Return a text that is stored or in the batch. Otherwise the same as :func:`get_text`."""
        return self._data(session, key).decode()

    def _data(self, session: Session, key: str) -> bytes:
        if key in self._waiting:
            return self._waiting[key][1]
        data = self._texts.get(key)
        if data is None:
            data = _need(session.connection(), key)
            self._texts.put(key, data)
        return data

    def _against(self, session: Session, previous: str) -> Against | None:
        place = self._place(session, previous)
        if place is None:
            return None
        position = place[0] + 1
        wanted = base_position(position)
        key: str | None = previous
        while wanted is not None and key is not None and place is not None:
            if place[0] <= wanted:
                with suppress(DamagedText):  # then the text is stored whole
                    return Against(position, key, self._data(session, key))
                return None
            key = place[1]
            place = self._place(session, key) if key else None
        return None

    def _place(self, session: Session, key: str) -> tuple[int, str | None] | None:
        if key not in self._places:
            row = session.connection().execute(_place(), {"key": key}).one_or_none()
            if row is None:
                return None
            self._places[key] = row.position, row.base
        return self._places[key]


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
    if _hash(data) != row.hash:
        raise DamagedText(f"The text {row.hash} has changed since it was stored.")
    return data


class _Recent:
    """A cache of the most recently used texts, as bytes by hash. A text with a hash never
    changes."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: str, data: bytes) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = data
                self._size += len(data)
            while self._size > self._most:
                self._size -= len(self._kept.popitem(last=False)[1])

    def forget(self, keys: Iterable[str]) -> None:
        with self._lock:
            for key in keys:
                self._size -= len(self._kept.pop(key, b""))


_recent = _Recent(8 << 20)
_of_thread = threading.local()


def _loaded(connection: Connection, keys: Sequence[str]) -> dict[str, bytes]:
    """Return the texts with these hashes, which fit one statement, without missing and damaged
    ones."""
    found = {key: data for key in keys if (data := _recent.get(key)) is not None}
    missing = [key for key in keys if key not in found]
    if missing:
        rows: dict[str, Any] = {
            row.hash: row for row in connection.execute(_chains(), {"keys": missing})
        }
        for key in missing:
            with suppress(DamagedText):
                _unpack_chain(key, rows, found)
    return {key: found[key] for key in keys if key in found}


def _need(connection: Connection, key: str) -> bytes:
    found = _loaded(connection, [key])
    if key not in found:
        raise DamagedText(f"The text {key} is missing, or not what was stored.")
    return found[key]


def _unpack_chain(key: str, rows: Mapping[str, Any], found: dict[str, bytes]) -> None:
    """Unpack a text, and first the texts that it was compressed against."""
    way: list[Row[Any]] = []
    at: str | None = key
    while at is not None and at not in found:
        row = rows.get(at)
        if row is None or len(way) > len(rows):
            raise DamagedText(f"The text {at} is missing.")
        way.append(row)
        at = row.base
    data = found[at] if at else None
    for row in reversed(way):
        data = found[row.hash] = unpack(row, data)
        _recent.put(row.hash, data)


def _against(connection: Connection, previous: Row[Any] | None) -> Against | None:
    """Return the text to compress the successor of a text against.

    :param previous: hash and position of that text, whose row is locked.
    """
    if previous is None:
        return None
    position = previous.position + 1
    wanted = base_position(position)
    if wanted is None:
        return None
    key = previous.hash
    if wanted != previous.position:
        above = connection.execute(_way(), {"keys": [key]}).all()
        key = max((one for one in above if one.position <= wanted), key=lambda o: o.position).hash
        if connection.execute(_held(), {"keys": [key]}).one_or_none() is None:
            return None
    data = _loaded(connection, [key]).get(key)
    return Against(position, key, data) if data is not None else None  # damaged: store it whole


def _rebase(connection: Connection, key: str, going: Collection[str]) -> None:
    """Compress a text against the nearest of its bases that is kept, or store it whole."""
    above = connection.execute(_way(), {"keys": [key]}).all()
    own = next(row for row in above if row.hash == key)
    stay = [row for row in above if row.hash not in going and row.hash != key]
    data = _need(connection, key)
    packed = Packed(key, len(data), 0, None, _whole().compress(data))
    if stay:
        base = max(stay, key=lambda row: row.position).hash
        delta = _with_base(_need(connection, base)).compress(data)
        packed = Packed(key, len(data), own.position, base, delta)
    connection.execute(update(Content).where(Content.hash == key).values(packed._asdict()))


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _whole() -> zstandard.ZstdCompressor:
    """Return the compressor of this thread: creating one costs more than using it, and compressors
    must not be shared between threads."""
    found: zstandard.ZstdCompressor | None = getattr(_of_thread, "compressor", None)
    if found is None:
        found = _of_thread.compressor = zstandard.ZstdCompressor(level=LEVEL)
    return found


def _with_base(base: bytes) -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(level=LEVEL, dict_data=_dictionary(base))


def _unpacker(base: bytes | None) -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor(dict_data=_dictionary(base) if base else None)


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


@cache
def _store(dialect: str) -> Insert:
    """Insert a text, unless a concurrent transaction has stored it."""
    if dialect == "postgresql":
        return postgresql.insert(Content).on_conflict_do_nothing()
    return sqlite.insert(Content).on_conflict_do_nothing()


@cache
def _held() -> Select[Any]:
    """Select texts, and lock their rows, so that the texts are kept until the transaction ends."""
    keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
    held: Select[Any] = select(Content.hash, Content.position)  # type: ignore[assignment]
    held = held.where(Content.hash.in_(keys)).order_by(Content.hash)
    return held.with_for_update(read=True, key_share=True)


@cache
def _place() -> Select[int, str | None]:
    return select(Content.position, Content.base).where(Content.hash == bindparam("key"))


@cache
def _way() -> Select[str, int]:
    """Select hashes and positions of texts and of all texts that they are compressed against."""
    keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
    way = select(Content.hash, Content.base, Content.position).where(Content.hash.in_(keys))
    found = way.cte("way", recursive=True)
    found = found.union(
        select(Content.hash, Content.base, Content.position).join(
            found, found.c.base == Content.hash
        )
    )
    return select(found.c.hash, found.c.position)


@cache
def _chains() -> Select[str, int, int, str | None, bytes]:
    """Select texts as they are stored, and all texts that they are compressed against."""
    keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
    way = select(Content.hash, Content.base).where(Content.hash.in_(keys))
    found = way.cte("way", recursive=True)
    found = found.union(
        select(Content.hash, Content.base).join(found, found.c.base == Content.hash)
    )
    return select(Content.hash, Content.size, Content.position, Content.base, Content.data).join(
        found, found.c.hash == Content.hash
    )
