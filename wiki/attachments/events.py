"""Events of files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, Part, Wording


def _file(verb: str, preposition: str) -> Wording:
    def words(row: EventRow, names: Names) -> Iterable[Part]:
        yield Part(f"{verb} ")
        yield (
            Part(str(row.payload.get("name")), name=True) if names.may_read(row) else Part("a file")
        )
        yield Part(f" {preposition} ")
        yield from names.place(row)

    return words


@dataclass(frozen=True)
class FileAdded(Event):
    """A file attached to a page (``page_id`` None: to the space).

    ``version`` counts the files at its place. Above 1 it is a new version, or the file was attached
    again after its removal. ``restored`` is the number of the earlier version that was restored, if
    any.
    """

    policy = Policy(Category.CONTENT, expires=False, audited=False, feed="file_added")
    sentence = _file("attached", "to")

    space_id: int
    page_id: int | None
    attachment_id: int
    name: str
    version: int = 1
    restored: int | None = None


@dataclass(frozen=True)
class FileRemoved(Event):
    """The removal of a file from its page; its content is kept."""

    policy = Policy(Category.CONTENT, expires=False, feed="file_removed")
    sentence = _file("removed", "from")

    space_id: int
    page_id: int | None
    attachment_id: int
    name: str
