"""Events of permanent removals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wiki.i18n import lazy_gettext, ngettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, Part, filled


def _purged(row: EventRow, names: Names) -> Iterable[Part]:
    revisions = row.payload.get("revisions") or 0
    if names.may_read_space(row.space_id) and row.payload.get("path"):
        path = Part(names.path(row.space_id, row.payload["path"]), name=True)
        return filled(
            ngettext(
                "purged a page with %(num)s revision at {path}",
                "purged a page with %(num)s revisions at {path}",
                revisions,
            ),
            {"path": [path]},
        )
    return filled(
        ngettext(
            "purged a page with %(num)s revision in {space}",
            "purged a page with %(num)s revisions in {space}",
            revisions,
        ),
        {"space": [names.space(row.space_id)]},
    )


@dataclass(frozen=True)
class PagePurged(Event):
    """The permanent removal of a page; only this event is left of it.

    ``files`` are the contents that only this page had; it is emptied when their bytes are deleted.
    """

    policy = Policy(Category.CONTENT, expires=False, feed="page_purged", tasks=frozenset({"files"}))
    title = lazy_gettext("Page purged")
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
    title = lazy_gettext("Revision purged")
    sentence = lazy_gettext("purged revision {revision} of {page}")

    space_id: int
    page_id: int
    revision: int
    path: str
