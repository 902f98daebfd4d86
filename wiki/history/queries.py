"""Queries for the history of a page: revisions, deletions, restorations and changes of files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from wiki.attachments.models import Attachment
from wiki.comments.models import SuggestedText, Thread
from wiki.history.entries import MOST_EVENTS, Entry, entry_of, events_of, names_known
from wiki.history.properties import ValueChange, slugs_of, value_changes
from wiki.outbox.models import EventRow
from wiki.pages.events import PageMoved
from wiki.pages.models import Content, Page, Revision
from wiki.people.models import Person
from wiki.people.queries import people_by_id
from wiki.rules.access import Actor
from wiki.web.paging import Slice


def history(
    session: Session, actor: Actor, page: Page, *, before: int | None = None, limit: int = 50
) -> Slice[Entry]:
    """Return the revisions and events of a page, newest first. The caller has checked that the page
    may be read.

    Takes at most nine queries, and unpacks no text.

    :param before: only revisions with a lower number than this, and the events among them.
    :returns: at most ``limit`` revisions; the cursor is the number of the last one.
    """
    suggester = aliased(Person)
    query = (
        select(Revision, Content.size, suggester)
        .join(Content, Content.hash == Revision.content_hash)
        .outerjoin(
            SuggestedText,
            (SuggestedText.page_id == Revision.page_id)
            & (SuggestedText.applied == Revision.number),
        )
        .outerjoin(Thread, Thread.id == SuggestedText.thread_id)
        .outerjoin(suggester, suggester.id == Thread.opened_by_id)
        .where(Revision.page_id == page.id)
        .options(joinedload(Revision.author))
        .order_by(Revision.number.desc())
    )
    if before is not None:
        query = query.where(Revision.number < before)
    read = session.execute(query.limit(limit + 1)).all()
    found = [(one, size) for one, size, _ in read]
    suggesters = {one.number: by for one, _, by in read}
    rows, more = found[:limit], len(found) > limit
    events: Sequence[EventRow] = ()
    if rows:
        oldest = rows[-1][0]
        events = events_of(
            session,
            page,
            oldest.created_at if more else None,
            _until(session, page, before),
        )
        if more:
            below = query.where(Revision.number < oldest.number, Revision.purged_at.is_(None))
            found = rows + [(one, size) for one, size, _ in session.execute(below.limit(1))]
    who = people_by_id(
        session, [row.actor_id for row in events] + [one.purged_by_id for one, _ in rows]
    )
    entries = _revisions(session, actor, found, who)[: len(rows)]
    known = names_known(session, actor, events)
    moves = {row.payload["revision"]: row.id for row in events if row.name == PageMoved.__name__}
    for index, entry in enumerate(entries):
        number = entry.revision.number if entry.revision else 0
        by = suggesters.get(number)
        entries[index] = replace(entry, move=moves.get(number, 0), suggested_by=by)
    entries += [entry_of(row, who, known) for row in events if row.name != PageMoved.__name__]
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
