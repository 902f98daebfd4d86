"""The states of pages at past moments, according to their events."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.outbox.models import EventRow
from wiki.pages.models import Action, Revision

REVISED = ("PageSaved", "PageMoved")
OF_PAGES = (*REVISED, "PageDeleted", "PageRestored")
OF_FILES = ("FileAdded", "FileRemoved")


@dataclass(frozen=True)
class State:
    """A page at a past moment: its newest revision then, and whether the page was live."""

    revision: Revision
    live: bool


class PageStates:
    """The states of pages at the event that is being committed.

    A state that is not known is found by replaying the earlier events of its page.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._known: dict[int, State | None] = {}

    def clear(self) -> None:
        """Forget all states."""
        self._known.clear()

    def set(self, page_id: int, revision: Revision, *, live: bool) -> None:
        """Set the state of a page after an event."""
        self._known[page_id] = State(revision, live)

    def before_revision(self, event: EventRow, previous: Revision | None) -> State | None:
        """Return the state of a page before the revision of an event, which ``previous`` precedes
        if it is known."""
        page_id = event.page_id or 0
        if page_id in self._known:
            return self._known[page_id]
        if number_of(event) == 1:
            return None
        return State(previous, True) if previous else self.before(event)

    def before(self, event: EventRow) -> State | None:
        """Return the state of a page before the event, according to its earlier events."""
        page_id = event.page_id or 0
        if page_id not in self._known:
            self._known[page_id] = self._replayed(page_id, event.id)
        return self._known[page_id]

    def _replayed(self, page_id: int, before: int) -> State | None:
        rows = self.session.scalars(
            select(EventRow)
            .where(EventRow.page_id == page_id, EventRow.id < before, EventRow.name.in_(OF_PAGES))
            .order_by(EventRow.id.desc())
            .limit(100)
        )
        later: list[EventRow] = []
        for row in rows:
            if row.name in REVISED:
                state = self._revised(page_id, number_of(row))
                break
            later.append(row)
        else:
            return None
        for row in reversed(later):
            if state is None:
                return None
            if row.name == "PageDeleted":
                state = replace(state, live=False)
            else:
                state = State(self.restored(state.revision, str(row.payload.get("path", ""))), True)
        return state

    def _revised(self, page_id: int, number: int) -> State | None:
        revision = self.session.scalar(
            select(Revision)
            .where(Revision.page_id == page_id, Revision.number <= number)
            .order_by(Revision.number.desc())
            .limit(1)
        )
        return State(revision, True) if revision else None

    def restored(self, revision: Revision, path: str) -> Revision:
        """Return the revision that a page was restored with: a later one if it came back at another
        path."""
        if path == revision.path:
            return revision
        moved = self.session.scalar(
            select(Revision).where(
                Revision.page_id == revision.page_id,
                Revision.number == revision.number + 1,
                Revision.action == Action.MOVE.value,
            )
        )
        return moved or revision

    def files_of(self, event: EventRow) -> list[Attachment]:
        """Return the files that the event's page had at that moment."""
        events = self.session.execute(
            select(EventRow.name, EventRow.payload)
            .where(
                EventRow.page_id == event.page_id,
                EventRow.id < event.id,
                EventRow.name.in_(OF_FILES),
            )
            .order_by(EventRow.id)
        )
        there: dict[str, int] = {}
        for name, payload in events:
            place, file_id = payload.get("name", ""), payload.get("attachment_id", 0)
            if name == "FileAdded":
                there[place] = file_id
            elif there.get(place) == file_id:
                del there[place]
        if not there:
            return []
        rows = self.session.scalars(
            select(Attachment)
            .where(
                Attachment.id.in_(there.values()),
                # A file of another page may have replaced it since; no event of this page records
                # that.
                or_(Attachment.removed_at.is_(None), Attachment.removed_at > event.at),
            )
            .order_by(Attachment.id)
        )
        return list(rows)


def number_of(event: EventRow) -> int:
    """Return the number of the revision that an event refers to, or 0."""
    return int(event.payload.get("revision") or 0)
