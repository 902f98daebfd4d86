"""Entries of a history: revisions, and what else happened to a page, from its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.attachments.events import FileAdded, FileRemoved
from wiki.db import batches
from wiki.history.properties import ValueChange
from wiki.i18n import gettext as _
from wiki.i18n import listed, ngettext
from wiki.outbox.models import EventRow
from wiki.pages.events import (
    PageDeleted,
    PageLabelled,
    PageMoved,
    PageReordered,
    PageRestored,
    PageRestricted,
)
from wiki.pages.models import Page, Revision
from wiki.pages.queries import live_for
from wiki.people.models import Group, Person
from wiki.redaction.events import Redacted
from wiki.rules.access import Actor
from wiki.rules.labels import Label

Deed: TypeAlias = Literal[
    "deleted",
    "restored",
    "reordered",
    "labelled",
    "restricted",
    "opened",
    "redacted",
    "attached",
    "replaced",
    "brought back",
    "removed",
]

_PAGE_EVENTS: dict[str, Deed] = {
    PageDeleted.__name__: "deleted",
    PageRestored.__name__: "restored",
}
_BOUNDS = (PageLabelled.__name__, PageRestricted.__name__)
_REDACTED = Redacted.__name__
_ORDER = (PageReordered.__name__, PageMoved.__name__)
_FILE_EVENTS = (FileAdded.__name__, FileRemoved.__name__)
MOST_EVENTS = 1_000
"""Maximum number of events, besides revisions, that one screen shows."""


@dataclass(frozen=True)
class Entry:
    """A line of a page's history: a revision, or an event of the page or its files.

    For a revision, ``since`` is the number of the previous revision that was not purged (0: none),
    ``values`` are the properties that differ from it, and ``grew`` is the change in bytes of the
    text (None if the text is the same). ``files`` are the names of the files of an event.
    ``purged_by`` is the person who purged the revision. ``words`` describe the event and follow the
    name of the person; ``redaction`` is the number of a redaction. ``move`` is the id of the event
    of a move, by which it can be undone. ``suggested_by`` is the person whose suggestion the author
    of the revision accepted.
    """

    at: datetime
    who: Person | None
    revision: Revision | None = None
    event: Deed | None = None
    since: int = 0
    values: tuple[ValueChange, ...] = ()
    grew: int | None = None
    files: tuple[str, ...] = ()
    purged_by: Person | None = None
    words: str = ""
    redaction: int = 0
    move: int = 0
    suggested_by: Person | None = None

    def and_before(self, older: Entry) -> Entry | None:
        """Return this entry merged with the next older one, if both are the same event of files by
        one person on the same day, else None."""
        same = (self.event, self.who, self.at.date()) == (older.event, older.who, older.at.date())
        if not (same and self.files and older.files):
            return None
        return replace(self, files=(*self.files, *older.files))


def events_of(
    session: Session, page: Page, since: datetime | None, until: datetime | None
) -> Sequence[EventRow]:
    """Return the events of a page between two moments that its history shows, newest first."""
    names = (*_PAGE_EVENTS, *_FILE_EVENTS, *_BOUNDS, *_ORDER, _REDACTED)
    query = select(EventRow).where(EventRow.page_id == page.id, EventRow.name.in_(names))
    if since is not None:
        query = query.where(EventRow.at >= since)
    if until is not None:
        query = query.where(EventRow.at < until)
    return session.scalars(query.order_by(EventRow.id.desc()).limit(MOST_EVENTS)).all()


def names_known(session: Session, actor: Actor, events: Sequence[EventRow]) -> dict[str, str]:
    """Return the names of the people and groups in events about restrictions, which are shown to
    members only, and the titles of readable pages in events about the order of pages."""
    named = _neighbours(session, actor, events)
    rows = [row.payload for row in events if row.name == PageRestricted.__name__]
    people_ids = {id for one in rows for id in one["people"]}
    group_ids = {id for one in rows for id in one["groups"]}
    if actor.is_member and people_ids:
        known = select(Person.id, Person.name).where(Person.id.in_(people_ids))
        named |= {f"person-{id}": name for id, name in session.execute(known)}
    if actor.is_member and group_ids:
        groups = select(Group.id, Group.name).where(Group.id.in_(group_ids))
        named |= {f"group-{id}": f"group {name}" for id, name in session.execute(groups)}
    return named


def _neighbours(session: Session, actor: Actor, events: Sequence[EventRow]) -> dict[str, str]:
    rows = [row.payload for row in events if row.name == PageReordered.__name__]
    ids = {one[name] for one in rows for name in ("was_after", "was_before", "after", "before")}
    found: dict[str, str] = {}
    for some in batches(ids - {None}):
        pages = select(Page.id, Page.title).where(Page.id.in_(some), live_for(actor))
        found |= {f"page-{id}": f"“{title}”" for id, title in session.execute(pages)}
    return found


def _reordered(row: EventRow, known: dict[str, str]) -> str:
    """Return from where to where a page was moved among its siblings, as far as the reader may know
    these."""

    def beside(after: str, before: str) -> str:
        if title := known.get(f"page-{row.payload[before]}"):
            return _("before %(title)s", title=title)
        if title := known.get(f"page-{row.payload[after]}"):
            return _("after %(title)s", title=title)
        return ""

    old, new = beside("was_after", "was_before"), beside("after", "before")
    if not new:
        return _("changed the position of the page")
    if not old:
        return _("moved the page %(new)s", new=new)
    return _("moved the page from %(old)s to %(new)s", old=old, new=new)


def entry_of(row: EventRow, who: dict[int | None, Person], known: dict[str, str]) -> Entry:
    actor = who.get(row.actor_id)
    deed = _PAGE_EVENTS.get(row.name)
    if deed is not None:
        return Entry(
            row.at,
            actor,
            event=deed,
            words=_("restored the page") if deed == "restored" else _("deleted the page"),
        )
    if row.name == PageLabelled.__name__:
        return Entry(row.at, actor, event="labelled", words=_label_words(row))
    if row.name == PageReordered.__name__:
        return Entry(row.at, actor, event="reordered", words=_reordered(row, known), move=row.id)
    if row.name == _REDACTED:
        number = row.payload.get("redaction_id") or 0
        return Entry(row.at, actor, event="redacted", words=_what_went(row), redaction=number)
    if row.name == PageRestricted.__name__:
        return _restricted(row, actor, known)
    return Entry(row.at, actor, event=_file_deed(row), files=(str(row.payload.get("name", "")),))


def _label_words(row: EventRow) -> str:
    label, was = row.payload["label"], row.payload["was"]
    lowest = Label.PUBLIC.word
    if label == lowest:
        return _("removed the page’s own label, %(was)s", was=was)
    if was == lowest:
        return _("labelled the page %(label)s", label=label)
    return _("changed the page’s own label from %(was)s to %(label)s", was=was, label=label)


def _what_went(row: EventRow) -> str:
    """Return a description of a redaction: its extent and reason."""
    count = row.payload.get("words") or 0
    kind = row.payload.get("kind")
    if kind == "revision":
        what = _("redacted a revision")
    elif kind == "file":
        what = _("redacted a file")
    elif kind == "title":
        what = _("redacted a title")
    else:
        what = ngettext("redacted one word", "redacted %(num)s words", count)
    reason = row.payload.get("reason")
    return f"{what}: {reason}" if reason else what


def _restricted(row: EventRow, who: Person | None, known: dict[str, str]) -> Entry:
    edits = row.payload["may"] == "edit"
    if row.payload["lifted"]:
        if edits:
            words = _("removed a restriction on editing")
        else:
            words = _("removed a restriction on reading")
        return Entry(row.at, who, event="opened", words=words)
    ids = [f"group-{id}" for id in row.payload["groups"]]
    ids += [f"person-{id}" for id in row.payload["people"]]
    names = [known.get(id, "") for id in ids]
    shown = [name for name in names if name][:5]
    if len(names) > len(shown):
        more = ngettext("%(num)s more", "%(num)s more", len(names) - len(shown))
        shown.append(more if shown else _("some people"))
    on = listed(shown) or _("leads of the space")
    if edits:
        words = _("restricted editing to %(names)s", names=on)
    else:
        words = _("restricted reading to %(names)s", names=on)
    return Entry(row.at, who, event="restricted", words=words)


def _file_deed(row: EventRow) -> Deed:
    if row.name == FileRemoved.__name__:
        return "removed"
    if row.payload.get("restored") is not None:
        return "brought back"
    return "replaced" if row.payload.get("version", 1) > 1 else "attached"
