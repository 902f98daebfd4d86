"""The feed of changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from wiki.api.resources.lines import PageLine, Somebody
from wiki.web.shapes import told


@dataclass(frozen=True)
class Change:
    """A change."""

    id: int = told("Increases over time: use it as `after` to get later changes.")
    type: Literal[
        "page_saved",
        "page_moved",
        "page_reordered",
        "page_deleted",
        "page_restored",
        "page_purged",
        "revision_purged",
        "redacted",
        "file_added",
        "file_removed",
        "space_created",
        "space_changed",
    ] = told("What happened.")
    at: datetime = told("When.")
    actor: Somebody | None = told("Who did it; null for an import or the shell.")
    space: str = told("Slug of the space where it happened.")
    page: PageLine | None = told("The current page; null if it is deleted or there is none.")
    page_id: int | None = told("Id of the page, even if it is deleted.")
    revision: int | None = told("Number of the revision that was added, or purged.")
    path: str | None = told("Path of the page at that time, if it was moved, deleted or restored.")
    old_path: str | None = told("Path before a move inside the space.")
    file: str | None = told("Name of the file, within its page.")


@dataclass(frozen=True)
class ChangeList:
    """Changes in order."""

    changes: list[Change] = told("This slice.")
    after: int = told("Where to continue: send it as `after`.")
    more: bool = told("Whether there are more changes already.")
