"""Storage of texts: each stored once, under its hash."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from threading import Lock
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, delete, select, update
from sqlalchemy.orm import Session

from wiki.db import batches, insert_into
from wiki.pages.models import Content, Revision
from wiki.pages.texts.packing import (
    Against,
    DamagedText,
    Packed,
    base_position,
    compressor_with,
    digest,
    pack,
    unpack,
    whole_compressor,
)

TOGETHER = 8 << 20
"""Maximum number of bytes of texts that are read at once."""


def hash_of(text: str) -> str:
    """Return the key that a text is stored under: the SHA-256 of its UTF-8 bytes, in
    hexadecimal."""
    return digest(text.encode())


def put_text(session: Session, text: str, previous: str | None = None) -> str:
    """Store ``text`` unless it is stored already, and return its hash.

    :param previous: the hash of a stored text that it probably resembles: the one it replaces.
    """
    data = text.encode()
    key = digest(data)
    connection = session.connection()
    against = None
    if previous:
        keys = {"keys": [key, previous]}
        held = {row.hash: row for row in connection.execute(_held(), keys)}
        if key in held:
            return key
        against = _against(connection, held.get(previous))
    packed = pack(key, data, against)
    insert = insert_into(session, Content).on_conflict_do_nothing()
    if not connection.execute(insert, packed._asdict()).rowcount:
        connection.execute(_held(), {"keys": [key]})  # it is there, and has to stay
    _recent.put(key, data)
    return key


def get_text(session: Session, key: str) -> str:
    """Return the text stored under ``key``.

    :raises DamagedText: when it is missing, or differs from what was stored.
    """
    return require_text(session.connection(), key).decode()


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


class Recent:
    """A cache of the most recently used texts, as bytes by hash. A text with a hash never
    changes."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

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


_recent = Recent(8 << 20)


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


def require_text(connection: Connection, key: str) -> bytes:
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
    data = require_text(connection, key)
    packed = Packed(key, len(data), 0, None, whole_compressor().compress(data))
    if stay:
        base = max(stay, key=lambda row: row.position).hash
        delta = compressor_with(require_text(connection, base)).compress(data)
        packed = Packed(key, len(data), own.position, base, delta)
    connection.execute(update(Content).where(Content.hash == key).values(packed._asdict()))


@cache
def _held() -> Select[Any]:
    """Select texts, and lock their rows, so that the texts are kept until the transaction ends."""
    keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
    held: Select[Any] = select(Content.hash, Content.position)  # type: ignore[assignment]
    held = held.where(Content.hash.in_(keys)).order_by(Content.hash)
    return held.with_for_update(read=True, key_share=True)


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
