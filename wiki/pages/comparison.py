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
from wiki.text.diff import Diff, Row, diff
from wiki.text.sandbox import compare_safely
from wiki.web.lane import in_lane
from wiki.web.pace import charge

CONTEXT = 3
"""Unchanged lines shown around a change."""

AT_ONCE = 24 * 1024
"""Bytes of both texts up to which they are compared in this process; larger ones use the lane."""

FREE = 16 * 1024
"""Bytes of both texts that are charged as one more comparison."""

Key = tuple[str, str, int | None, int]


class Diffs:
    """Cache of the latest parts of comparisons. Texts never change, so neither do comparisons. The
    keys are the hashes of the texts, which are known only after access to the revisions was
    granted."""

    def __init__(self, most: int = 16_000_000) -> None:
        self._most = most
        self._size = 0
        self._kept: OrderedDict[Key, tuple[Diff, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Diff | None:
        """Return the part of a comparison if it is cached."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        return None

    def put(self, key: Key, found: Diff) -> None:
        """Cache a part, and drop the oldest ones over the limit."""
        size = 1000 + sum(_room_for(row) for row in found.rows)
        with self._lock:
            if key not in self._kept and size <= self._most:
                self._kept[key] = found, size
                self._size += size
                while self._size > self._most:
                    self._size -= self._kept.popitem(last=False)[1][1]

    def forget(self) -> None:
        """Keep none of them any longer."""
        with self._lock:
            self._kept.clear()
            self._size = 0


def _room_for(row: Row) -> int:
    """Approximate size of a row in memory, in bytes."""
    lines = [line for line in (row.old, row.new) if line]
    return sum(200 + 2 * len(line.text) + 150 * len(line.spans) for line in lines)


_diffs = Diffs()


def forget_diffs() -> None:
    """Keep no comparison in the memory of this process: a text of theirs is to be gone."""
    _diffs.forget()


@dataclass(frozen=True)
class Beyond:
    """Stands in for a comparison of two texts that would take too much time or memory."""

    old_lines: int
    old_bytes: int
    new_lines: int
    new_bytes: int


def between(
    session: Session,
    old_hash: str | None,
    new_hash: str,
    context: int | None = CONTEXT,
    part: int = 1,
) -> Diff | Beyond:
    """Return a part of the comparison of two stored texts that the asker may read. Without
    ``old_hash``, compare the new text with an empty one.

    The asker is charged by the size of the texts, unless the part is cached.

    :raises TooMany: when they have asked for too much.
    :raises Busy: when the texts are large and the lane for them is full.
    """
    key = (old_hash or "", new_hash, context, part)
    if (kept := _diffs.get(key)) is not None:
        return kept
    old = get_text(session, old_hash) if old_hash else ""
    return of_texts(old, get_text(session, new_hash), context, part, key)


def of_texts(
    old: str, new: str, context: int | None, part: int = 1, key: Key | None = None
) -> Diff | Beyond:
    """Do the same for two texts that the asker sent; cached only if there is a ``key``."""
    sizes = len(old.encode()), len(new.encode())
    extra = sum(sizes) // FREE
    if sum(sizes) <= AT_ONCE:
        if extra:
            charge("comparisons", extra)
        found: Diff | None = diff(old, new, context, part)
    else:
        with in_lane():  # nothing is charged if it is full
            found = _diffs.get(key) if key else None
            if found is None:
                charge("comparisons", extra)
                found = compare_safely(old, new, context, part)
    if found is None:
        return Beyond(_lines(old), sizes[0], _lines(new), sizes[1])
    if key:
        _diffs.put(key, found)
    return found


def _lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n") and text != "")


@dataclass(frozen=True)
class Comparison:
    """What ``new`` has made of ``old`` (None: of nothing), and who had a hand in it."""

    old: Revision | None
    new: Revision
    values: tuple[ValueChange, ...]
    text: Diff | Beyond
    authors: tuple[Author, ...]

    @property
    def beyond(self) -> Beyond | None:
        """The reason why the texts are not compared; None where they are."""
        return self.text if isinstance(self.text, Beyond) else None

    @property
    def alike(self) -> bool:
        """Whether a reader would see no difference."""
        return not self.values and isinstance(self.text, Diff) and not self.text.places


@dataclass(frozen=True)
class Shown:
    """The requested view of a comparison: the number of unchanged lines around each change (None:
    all), and the number of the part."""

    context: int | None = CONTEXT
    part: int = 1


def compare(
    session: Session,
    actor: Actor,
    page: Page,
    old: int,
    new: int,
    shown: Shown = Shown(),
) -> Comparison:
    """Compare revisions ``old`` and ``new`` of a page that the actor may already read.

    :param old: 0 stands for the time before the page.
    :raises NotFound: when the page has no such revision.
    :raises TooMany: :raises Busy: as :func:`between` does.
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
        between(
            session,
            first.content_hash if first else None,
            second.content_hash,
            shown.context,
            shown.part,
        ),
        tuple(authors_between(session, page, old, new)),
    )
