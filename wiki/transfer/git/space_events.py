"""The events of a space that make commits in its repository."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from wiki.outbox.models import EventRow
from wiki.pages.events import PageMoved, PageReordered
from wiki.purging.events import PagePurged
from wiki.redaction.events import Redacted
from wiki.spaces.events import SpaceChanged
from wiki.spaces.models import Space
from wiki.transfer.git.page_states import OF_FILES, OF_PAGES

# When a page is purged, its earlier events keep only ids.
PURGED = PagePurged.__name__
# A redaction removes text from a page; commits made before it still contain that text.
REDACTED = Redacted.__name__
# The order of the pages and the look of the space are committed once, as they are after a run.
AT_THE_END = (PageReordered.__name__, SpaceChanged.__name__)
FOLLOWED = (*OF_PAGES, *OF_FILES, PURGED, REDACTED, *AT_THE_END)
"""The names of events that make commits."""


class SpaceEvents:
    """The events of a space between two event ids, and the moves of its pages to other spaces."""

    def __init__(self, session: Session, space: Space) -> None:
        self.session = session
        self.space = space

    def newest(self) -> int:
        """Return the id of the newest event of the whole wiki; 0 before the first."""
        return self.session.scalar(select(func.max(EventRow.id))) or 0

    def count(self, after: int, until: int) -> int:
        """Return the number of events to process."""
        query = select(func.count()).select_from(self._own(after, until).subquery())
        return (self.session.scalar(query) or 0) + len(self.moved_out(after, until))

    def some(self, after: int, until: int, limit: int) -> Sequence[EventRow]:
        """Return the first events of the space after one event id and until another."""
        query = self._own(after, until).order_by(EventRow.id).limit(limit)
        return self.session.scalars(query).all()

    def last(self, until: int) -> EventRow | None:
        """Return the last event up to this one that makes a commit."""
        query = self._own(0, until).order_by(EventRow.id.desc()).limit(1)
        own = self.session.scalar(query)
        moved = self.moved_out(own.id if own else 0, until)
        return moved[-1] if moved else own

    def moved_out(self, after: int, until: int) -> list[EventRow]:
        """Return moves of pages into other spaces; these events belong to the other space."""
        moves = self.session.scalars(
            select(EventRow)
            .where(
                EventRow.id > after,
                EventRow.id <= until,
                EventRow.name == PageMoved.__name__,
                EventRow.space_id != self.space.id,
            )
            .order_by(EventRow.id)
        )
        return [row for row in moves if row.payload.get("old_space_id") == self.space.id]

    def _own(self, after: int, until: int) -> Select[EventRow]:
        return select(EventRow).where(
            EventRow.space_id == self.space.id,
            EventRow.id > after,
            EventRow.id <= until,
            EventRow.name.in_(FOLLOWED),
        )
