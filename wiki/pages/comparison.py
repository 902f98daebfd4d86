"""Two revisions of a page compared: its text line by line, its properties as what they are."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from wiki.pages.history import Author, authors_between
from wiki.pages.models import Page, Revision
from wiki.pages.queries import get_revision
from wiki.pages.texts import get_text
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.spaces.queries import readable_by
from wiki.text.diff import Diff, Section, diff
from wiki.text.words import Span, mark

CONTEXT = 3
"""Unchanged lines shown around a change."""

ROWS = 4_000
"""Lines of a comparison that are put on one screen."""


class Diffs:
    """Comparisons of texts, the latest kept: a revision never changes, so neither does its diff."""

    def __init__(self, characters: int = 8_000_000) -> None:
        self._most = characters
        self._size = 0
        self._kept: OrderedDict[tuple[str, str, int | None], tuple[Diff, int]] = OrderedDict()
        self._lock = threading.Lock()

    def between(
        self, session: Session, old_hash: str | None, new_hash: str, context: int | None
    ) -> Diff:
        """The comparison of two stored texts; without ``old_hash`` that of nothing with a text."""
        key = (old_hash or "", new_hash, context)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        old = get_text(session, old_hash) if old_hash else ""
        new = get_text(session, new_hash)
        found, size = diff(old, new, context), len(old) + len(new)
        with self._lock:
            if key not in self._kept and size <= self._most:
                self._kept[key] = found, size
                self._size += size
                while self._size > self._most:
                    self._size -= self._kept.popitem(last=False)[1][1]
        return found


_diffs = Diffs()
_ABSENT = object()
_FOLDER, _PAGE = "a folder's page", "a page"


@dataclass(frozen=True)
class ValueChange:
    """A property of the page that differs. ``old`` and ``new`` are None where there is none.

    ``words``: prose, with spans; ``set``: what was added and taken away; ``data``: anything else.
    """

    name: str
    kind: Literal["words", "set", "data"]
    old: tuple[Span, ...] | None = None
    new: tuple[Span, ...] | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What ``new`` has made of ``old`` (None: of nothing), and who had a hand in it."""

    old: Revision | None
    new: Revision
    values: tuple[ValueChange, ...]
    text: Diff
    authors: tuple[Author, ...]

    @property
    def alike(self) -> bool:
        """Whether a reader would see no difference."""
        return not self.values and not self.text.changes


def compare(
    session: Session,
    actor: Actor,
    page: Page,
    old: int,
    new: int,
    context: int | None = CONTEXT,
) -> Comparison:
    """Compare revisions ``old`` and ``new`` of a page that the actor may already read.

    :param old: 0 stands for the time before the page.
    :raises NotFound: when the page has no such revision.
    """
    first = get_revision(session, page, old) if old else None
    second = get_revision(session, page, new)
    return Comparison(
        first,
        second,
        tuple(_values(first, second, _places(session, actor, first, second))) if first else (),
        _diffs.between(
            session, first.content_hash if first else None, second.content_hash, context
        ),
        tuple(authors_between(session, page, old, new)),
    )


def _places(session: Session, actor: Actor, *revisions: Revision | None) -> dict[int, str]:
    """Slugs of the revisions' spaces, as far as the actor may know of them."""
    ids = {revision.space_id for revision in revisions if revision}
    rows = session.execute(
        select(Space.id, Space.slug).where(and_(Space.id.in_(ids), readable_by(actor)))
    )
    return {row[0]: row[1] for row in rows}


def _values(old: Revision, new: Revision, slugs: dict[int, str]) -> list[ValueChange]:
    def place(revision: Revision) -> str:
        if old.space_id == new.space_id:
            return revision.path or "/"
        slug = slugs.get(revision.space_id)
        return f"{slug}/{revision.path}" if slug else "a space that you may not read"

    changes = [
        _words("title", old.title, new.title),
        _words("path", place(old), place(new)),
        _words("description", old.description, new.description),
    ]
    gone, come = set(old.tags) - set(new.tags), set(new.tags) - set(old.tags)
    if gone or come:
        changes.append(
            ValueChange("tags", "set", added=tuple(sorted(come)), removed=tuple(sorted(gone)))
        )
    for key in sorted({**old.fields, **new.fields}):
        if old.fields.get(key) != new.fields.get(key) or (key in old.fields) != (key in new.fields):
            before, after = (_plain(one.fields.get(key, _ABSENT)) for one in (old, new))
            changes.append(ValueChange(key, "data", before, after))
    if old.folder != new.folder:
        before, after = (_plain(_FOLDER if one.folder else _PAGE) for one in (old, new))
        changes.append(ValueChange("kind", "data", before, after))
    return [change for change in changes if change]


def _words(name: str, old: str, new: str) -> ValueChange | None:
    if old == new:
        return None
    before, after = mark(old, new)
    return ValueChange(name, "words", before if old else None, after if new else None)


def _plain(value: Any) -> tuple[Span, ...] | None:
    if value is _ABSENT:
        return None
    return (
        Span(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), False),
    )


@dataclass(frozen=True)
class Part:
    """As much of a long comparison as fits a screen."""

    sections: tuple[Section, ...]
    number: int
    count: int


def part_of(text: Diff, number: int) -> Part:
    """The ``number``-th part, from 1 (the nearest one that there is) of a comparison."""
    parts: list[list[Section]] = [[]]
    room = ROWS
    for section in text.sections:
        rows = section.rows[:1] if section.kind == "fold" else section.rows
        for start in range(0, len(rows), ROWS):
            piece = section
            if len(rows) > ROWS:
                piece = Section(section.kind, rows[start : start + ROWS], section.number)
            size = min(len(rows) - start, ROWS)
            if size > room:
                parts.append([])
                room = ROWS
            parts[-1].append(piece)
            room -= size
    chosen = min(max(number, 1), len(parts))
    return Part(tuple(parts[chosen - 1]), chosen, len(parts))
