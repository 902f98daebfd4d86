"""Events of files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, Part, Wording, filled


def _file(named: str, unnamed: str) -> Wording:
    def words(row: EventRow, names: Names) -> Iterable[Part]:
        name = Part(str(row.payload.get("name")), name=True)
        sentence = named if names.may_read(row) else unnamed
        return filled(sentence, {"name": [name], "place": names.place(row)})

    return words


@dataclass(frozen=True)
class FileAdded(Event):
    """A file attached to a page (``page_id`` None: to the space).

    ``version`` counts the files at its place. Above 1 it is a new version, or the file was attached
    again after its removal. ``restored`` is the number of the earlier version that was restored, if
    any.
    """

    policy = Policy(Category.CONTENT, expires=False, audited=False, feed="file_added")
    sentence = _file(
        lazy_gettext("attached {name} to {place}"), lazy_gettext("attached a file to {place}")
    )

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
    title = lazy_gettext("File removed")
    sentence = _file(
        lazy_gettext("removed {name} from {place}"), lazy_gettext("removed a file from {place}")
    )

    space_id: int
    page_id: int | None
    attachment_id: int
    name: str
