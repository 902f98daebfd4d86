"""Two revisions of a page compared: its text line by line, its properties as what they are."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy.orm import Session

from wiki.pages.history import Author, authors_between, files_between
from wiki.pages.models import Page, Revision
from wiki.pages.properties import ValueChange, slugs_of, value_changes
from wiki.pages.queries import get_revision
from wiki.pages.texts import get_text
from wiki.rules.access import Actor
from wiki.text.diff import Diff, Section, diff

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

    def forget(self) -> None:
        """Keep none of them any longer."""
        with self._lock:
            self._kept.clear()
            self._size = 0


_diffs = Diffs()


def forget_diffs() -> None:
    """Keep no comparison in the memory of this process: a text of theirs is to be gone."""
    _diffs.forget()


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
    values: list[ValueChange] = []
    if first:
        values = value_changes(first, second, slugs_of(session, actor, (first, second)))
    if old != new:
        values += files_between(session, page, first.created_at if first else None, second)
    return Comparison(
        first,
        second,
        tuple(values),
        _diffs.between(
            session, first.content_hash if first else None, second.content_hash, context
        ),
        tuple(authors_between(session, page, old, new)),
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
