"""Queries for the history of a page: revisions, deletions, restorations and changes of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from wiki.attachments.events import FileAdded, FileRemoved
from wiki.attachments.models import Attachment
from wiki.history.properties import ValueChange, slugs_of, value_changes
from wiki.outbox.models import EventRow
from wiki.pages.events import PageDeleted, PageLabelled, PageRestored, PageRestricted
from wiki.pages.models import Content, Page, Revision
from wiki.people.models import Group, Person
from wiki.people.queries import people_by_id
from wiki.redaction.events import Redacted
from wiki.rules.access import Actor
from wiki.rules.labels import Label
from wiki.web.paging import Slice

Deed: TypeAlias = Literal[
    "deleted",
    "restored",
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
    name of the person; ``redaction`` is the number of a redaction.
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

    def and_before(self, older: Entry) -> Entry | None:
        """Return this entry merged with the next older one, if both are the same event of files by
        one person on the same day, else None."""
        same = (self.event, self.who, self.at.date()) == (older.event, older.who, older.at.date())
        if not (same and self.files and older.files):
            return None
        return replace(self, files=(*self.files, *older.files))


def history(
    session: Session, actor: Actor, page: Page, *, before: int | None = None, limit: int = 50
) -> Slice[Entry]:
    """Return the revisions and events of a page, newest first. The caller has checked that the page
    may be read.

    Takes at most eight queries, and unpacks no text.

    :param before: only revisions with a lower number than this, and the events among them.
    :returns: at most ``limit`` revisions; the cursor is the number of the last one.
    """
    query = (
        select(Revision, Content.size)
        .join(Content, Content.hash == Revision.content_hash)
        .where(Revision.page_id == page.id)
        .options(joinedload(Revision.author))
        .order_by(Revision.number.desc())
    )
    if before is not None:
        query = query.where(Revision.number < before)
    found = [(one, size) for one, size in session.execute(query.limit(limit + 1))]
    rows, more = found[:limit], len(found) > limit
    events: Sequence[EventRow] = ()
    if rows:
        oldest = rows[-1][0]
        events = _events(
            session,
            page,
            (*_PAGE_EVENTS, *_FILE_EVENTS, *_BOUNDS, _REDACTED),
            oldest.created_at if more else None,
            _until(session, page, before),
        )
        if more:
            below = query.where(Revision.number < oldest.number, Revision.purged_at.is_(None))
            found = rows + [(one, size) for one, size in session.execute(below.limit(1))]
    who = people_by_id(
        session, [row.actor_id for row in events] + [one.purged_by_id for one, _ in rows]
    )
    entries = _revisions(session, actor, found, who)[: len(rows)]
    listed = _listed(session, actor, events)
    entries += [_happened(row, who, listed) for row in events]
    # An event with the same time as a revision happened after it.
    entries.sort(key=lambda entry: (entry.at, entry.revision is None), reverse=True)
    return Slice(_gathered(entries), str(rows[-1][0].number) if more else None)


def _revisions(
    session: Session,
    actor: Actor,
    found: Sequence[tuple[Revision, int]],
    who: dict[int | None, Person],
) -> list[Entry]:
    """Return an entry for each revision, compared with the nearest older one that was not
    purged."""
    slugs = slugs_of(session, actor, [one for one, _ in found])
    entries: list[Entry] = []
    below: tuple[Revision, int] | None = None
    for one, size in reversed(found):
        entry = Entry(one.created_at, one.author, revision=one)
        if one.purged_at is not None:
            entry = replace(entry, purged_by=who.get(one.purged_by_id))
        else:
            if below is not None:
                old, old_size = below
                same = old.content_hash == one.content_hash
                entry = replace(
                    entry,
                    since=old.number,
                    values=tuple(value_changes(old, one, slugs)),
                    grew=None if same else size - old_size,
                )
            below = one, size
        entries.append(entry)
    return entries[::-1]


def _until(session: Session, page: Page, before: int | None) -> datetime | None:
    """Return the time of the revision ``before``; later events are listed on the previous
    screen."""
    if before is None:
        return None
    return session.scalar(
        select(Revision.created_at).where(Revision.page_id == page.id, Revision.number == before)
    )


def _events(
    session: Session,
    page: Page,
    names: Iterable[str],
    since: datetime | None,
    until: datetime | None,
) -> Sequence[EventRow]:
    query = select(EventRow).where(EventRow.page_id == page.id, EventRow.name.in_(names))
    if since is not None:
        query = query.where(EventRow.at >= since)
    if until is not None:
        query = query.where(EventRow.at < until)
    return session.scalars(query.order_by(EventRow.id.desc()).limit(MOST_EVENTS)).all()


def _listed(session: Session, actor: Actor, events: Sequence[EventRow]) -> dict[str, str]:
    """Return the names of the people and groups in events about restrictions. They are shown to
    members only."""
    rows = [row.payload for row in events if row.name == PageRestricted.__name__]
    people_ids = {id for one in rows for id in one["people"]}
    group_ids = {id for one in rows for id in one["groups"]}
    named: dict[str, str] = {}
    if actor.is_member and people_ids:
        known = select(Person.id, Person.name).where(Person.id.in_(people_ids))
        named |= {f"person-{id}": name for id, name in session.execute(known)}
    if actor.is_member and group_ids:
        groups = select(Group.id, Group.name).where(Group.id.in_(group_ids))
        named |= {f"group-{id}": f"group {name}" for id, name in session.execute(groups)}
    return named


def _happened(row: EventRow, who: dict[int | None, Person], listed: dict[str, str]) -> Entry:
    actor = who.get(row.actor_id)
    deed = _PAGE_EVENTS.get(row.name)
    if deed is not None:
        return Entry(row.at, actor, event=deed, words=f"{deed} the page")
    if row.name == PageLabelled.__name__:
        return Entry(row.at, actor, event="labelled", words=_label_words(row))
    if row.name == _REDACTED:
        number = row.payload.get("redaction_id") or 0
        return Entry(row.at, actor, event="redacted", words=_what_went(row), redaction=number)
    if row.name == PageRestricted.__name__:
        return _restricted(row, actor, listed)
    return Entry(row.at, actor, event=_file_deed(row), files=(str(row.payload.get("name", "")),))


def _label_words(row: EventRow) -> str:
    label, was = row.payload["label"], row.payload["was"]
    lowest = Label.PUBLIC.word
    if label == lowest:
        return f"removed the page’s own label, {was}"
    if was == lowest:
        return f"labelled the page {label}"
    return f"changed the page’s own label from {was} to {label}"


def _what_went(row: EventRow) -> str:
    """Return a description of a redaction: its extent and reason."""
    count = row.payload.get("words") or 0
    words = "one word" if count == 1 else f"{count} words"
    kind = row.payload.get("kind")
    what = {"revision": "a revision", "file": "a file", "title": "a title"}.get(str(kind), words)
    reason = row.payload.get("reason")
    return f"redacted {what}: {reason}" if reason else f"redacted {what}"


def _restricted(row: EventRow, who: Person | None, listed: dict[str, str]) -> Entry:
    doing = "editing" if row.payload["may"] == "edit" else "reading"
    if row.payload["lifted"]:
        return Entry(row.at, who, event="opened", words=f"removed a restriction on {doing}")
    ids = [f"group-{id}" for id in row.payload["groups"]]
    ids += [f"person-{id}" for id in row.payload["people"]]
    names = [listed.get(id, "") for id in ids]
    shown = [name for name in names if name][:5]
    if len(names) > len(shown):
        shown.append(f"{len(names) - len(shown)} more" if shown else "some people")
    on = " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)
    on = on or "leads of the space"
    return Entry(row.at, who, event="restricted", words=f"restricted {doing} to {on}")


def _file_deed(row: EventRow) -> Deed:
    if row.name == FileRemoved.__name__:
        return "removed"
    if row.payload.get("restored") is not None:
        return "brought back"
    return "replaced" if row.payload.get("version", 1) > 1 else "attached"


def _gathered(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries with consecutive equal events of several files merged into one."""
    told: list[Entry] = []
    for entry in entries:
        both = told[-1].and_before(entry) if told else None
        if both is not None:
            told[-1] = both
        else:
            told.append(entry)
    return told


def files_between(
    session: Session, page: Page, since: datetime | None, until: Revision
) -> list[ValueChange]:
    """Return the net changes of the page's files from a moment to the time of a revision. As in
    :func:`history`, what happened in the same moment as a revision happened after it."""
    query = select(Attachment).where(
        Attachment.page_id == page.id, Attachment.created_at < until.created_at
    )
    if since is not None:
        query = query.where(
            or_(Attachment.removed_at.is_(None), Attachment.removed_at >= since),
            or_(Attachment.created_at >= since, Attachment.removed_at < until.created_at),
        )
    rows = session.scalars(query.order_by(Attachment.id.desc()).limit(MOST_EVENTS)).all()
    before = {one.name_key: one for one in rows if since is not None and one.created_at < since}
    after = {
        one.name_key: one
        for one in rows
        if one.removed_at is None or one.removed_at >= until.created_at
    }
    added = [one.name for key, one in after.items() if key not in before]
    removed = [one.name for key, one in before.items() if key not in after]
    other = [
        one.name for key, one in after.items() if key in before and before[key].sha256 != one.sha256
    ]
    if not (added or removed or other):
        return []
    return [
        ValueChange(
            "files",
            "files",
            added=tuple(sorted(added)),
            removed=tuple(sorted(removed)),
            replaced=tuple(sorted(other)),
        )
    ]
