"""Batches of texts, for histories that are imported."""

from __future__ import annotations

from contextlib import suppress
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from wiki.db import insert_into
from wiki.pages.models import Content
from wiki.pages.texts.packing import Against, DamagedText, Packed, base_position, digest, pack
from wiki.pages.texts.stored import Recent, require_text


class Shelf:
    """A batch of texts, kept in memory until :meth:`flush` stores them together.

    The texts that it has stored are cached, so a long history is written without queries for them.
    """

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, str | None]] = {}
        self._texts = Recent(48 << 20)
        self._waiting: dict[str, tuple[Packed, bytes]] = {}

    def put(self, session: Session, text: str, previous: str | None) -> str:
        """Add a text to the batch. Otherwise the same as :func:`put_text`."""
        data = text.encode()
        key = digest(data)
        if key not in self._places:
            packed = pack(key, data, self._against(session, previous) if previous else None)
            self._waiting[key] = packed, data
            self._places[key] = packed.position, packed.base
            self._texts.put(key, data)
        return key

    def flush(self, session: Session) -> None:
        """Store the batch. A text that another transaction stored meanwhile is left as it is."""
        if self._waiting:
            rows = [packed._asdict() for packed, _ in self._waiting.values()]
            insert = insert_into(session, Content).on_conflict_do_nothing()
            session.connection().execute(insert, rows)
            self._waiting.clear()

    def text(self, session: Session, key: str) -> str:
        """Return a text that is stored or in the batch. Otherwise the same as :func:`get_text`."""
        return self._data(session, key).decode()

    def _data(self, session: Session, key: str) -> bytes:
        if key in self._waiting:
            return self._waiting[key][1]
        data = self._texts.get(key)
        if data is None:
            data = require_text(session.connection(), key)
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


@cache
def _place() -> Select[int, str | None]:
    return select(Content.position, Content.base).where(Content.hash == bindparam("key"))
