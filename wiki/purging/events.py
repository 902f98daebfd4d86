"""Events of permanent removals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, Part


def _purged(row: EventRow, names: Names) -> Iterable[Part]:
    revisions = row.payload.get("revisions") or 0
    yield Part(f"purged a page with {revisions} revision{'s' if revisions != 1 else ''} ")
    if names.may_read_space(row.space_id) and row.payload.get("path"):
        yield Part("at ")
        yield Part(names.path(row.space_id, row.payload["path"]), name=True)
    else:
        yield Part("in ")
        yield names.space(row.space_id)


@dataclass(frozen=True)
class PagePurged(Event):
    """The permanent removal of a page; only this event is left of it.

    ``files`` are the contents that only this page had; it is emptied when their bytes are deleted.
    """

    policy = Policy(Category.CONTENT, expires=False, feed="page_purged", tasks=frozenset({"files"}))
    sentence = _purged

    space_id: int
    page_id: int
    path: str
    revisions: int
    files: list[str]


@dataclass(frozen=True)
class RevisionPurged(Event):
    """The permanent removal of a revision's content; the page remains."""

    policy = Policy(Category.CONTENT, expires=False, feed="revision_purged")
    sentence = "purged revision {revision} of {page}"

    space_id: int
    page_id: int
    revision: int
    path: str
