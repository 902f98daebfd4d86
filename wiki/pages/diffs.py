"""Diffs of texts: cached, counted against the rate limit by size, and computed in the lane if
large."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy.orm import Session

from wiki.pages.texts.stored import get_text
from wiki.text.compare.diff import Diff, Row, diff
from wiki.text.sandbox.parent import compare_safely
from wiki.web.limits.lane import in_lane
from wiki.web.limits.rate_limit import charge

CONTEXT = 3
"""Unchanged lines shown around a change."""

AT_ONCE = 24 * 1024
"""Maximum number of bytes of both texts that are compared in this process; larger ones use the
lane."""

FREE = 16 * 1024
"""Number of bytes of both texts that are charged as one more comparison."""

Key = tuple[str, str, int | None, int]


class Diffs:
    """A cache of the most recently used parts of comparisons. Texts never change, so comparisons
    need no invalidation. The keys are the hashes of the texts, which are known only after access to
    the revisions was checked."""

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
        """Cache a part, and drop the least recently used ones if the cache is over its limit."""
        size = 1000 + sum(_room_for(row) for row in found.rows)
        with self._lock:
            if key not in self._kept and size <= self._most:
                self._kept[key] = found, size
                self._size += size
                while self._size > self._most:
                    self._size -= self._kept.popitem(last=False)[1][1]

    def forget(self) -> None:
        """Clear the cache."""
        with self._lock:
            self._kept.clear()
            self._size = 0


def _room_for(row: Row) -> int:
    """Return the approximate size of a row in memory, in bytes."""
    lines = [line for line in (row.old, row.new) if line]
    return sum(200 + 2 * len(line.text) + 150 * len(line.spans) for line in lines)


_diffs = Diffs()


def forget_diffs() -> None:
    """Clear the cache of this process, because a text in it is being deleted."""
    _diffs.forget()


@dataclass(frozen=True)
class Beyond:
    """The sizes of two texts, in place of their comparison, which would take too much time or
    memory."""

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
    """Return a part of the comparison of two stored texts. The caller has checked that the actor
    may read them. Without ``old_hash``, compare the new text with an empty one.

    The actor is charged by the size of the texts, unless the part is cached.

    :raises TooMany: when the actor has exceeded the rate limit.
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
    """Do the same for two texts that are passed in; the part is cached only if there is a
    ``key``."""
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
