"""Entries of lists of changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from wiki.pages.models import Page, Revision
from wiki.people.models import Person

_SHOWN = 3
"""Number of pages of an entry that are named directly."""


@dataclass(frozen=True)
class Touched:
    """A page that was changed. ``revision`` is the number of its newest revision among the changes,
    ``since`` that of the revision before the oldest one; both are 0 without revisions. ``message``
    is the message of an imported revision, if the entry has several pages."""

    page: Page
    since: int = 0
    revision: int = 0
    message: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """The values that are shown of it."""
        page = self.page
        place = page.id, page.path, page.title, page.deleted_at is None
        return *place, page.space.slug, page.space.title, self.since, self.revision, self.message


@dataclass(frozen=True, eq=False)
class Change:
    """Consecutive changes by one person to one page or to several. Changes are equal if they show
    the same.

    ``deed`` is an action of a revision, or ``delete`` or ``restore``. ``touched`` are the first of
    ``count`` pages, all of which the actor may read; ``revision`` is the newest revision, if any.
    ``run`` identifies the entry for ``recent_changes(run=…)``, which lists its events one by one.
    """

    at: datetime
    deed: str
    who: Person | None
    touched: tuple[Touched, ...]
    count: int = 1
    revision: Revision | None = None
    run: str = ""
    imported: bool = False

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """The values that are shown of it, except for its author and its moment."""
        touched = (one.key for one in self.touched)
        return self.deed, self.count, self.run, self.imported, self.message, *touched

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Change) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def message(self) -> str:
        """The message of the newest revision, if any."""
        return self.revision.message if self.revision else ""

    @property
    def page(self) -> Page:
        """The page that was changed, or the first one."""
        return self.touched[0].page

    @property
    def times(self) -> int:
        """Number of revisions of the first page."""
        return self.touched[0].revision - self.touched[0].since

    @property
    def shown(self) -> tuple[Touched, ...]:
        """Pages named directly; if only one more remains, it is included."""
        return self.touched if self.count <= _SHOWN + 1 else self.touched[:_SHOWN]

    @property
    def folded(self) -> tuple[Touched, ...]:
        """Pages named when the entry is unfolded."""
        return self.touched[len(self.shown) :]
