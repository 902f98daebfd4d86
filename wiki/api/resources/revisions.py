"""Revisions of a page, comparisons, blame."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from wiki.api.resources.lines import Somebody
from wiki.web.shapes import told


@dataclass(frozen=True)
class Revision:
    """A snapshot of a page, without its text."""

    number: int = told("Counted from 1.")
    action: str = told(
        "`create`, `edit`, `merge`, `revert`, `undo`, `move`, `repair`, `import` or `tag`."
    )
    path: str = told("Path of the page at that time.")
    title: str = told("Title at that time.")
    tags: list[str] = told("Tags at that time.")
    description: str = told("Description at that time.")
    message: str = told("The author’s message.")
    author: Somebody | None = told("Author; null for an import or the shell.")
    created_at: datetime = told("When.")
    base: int | None = told("The revision that the edit is based on, or the one that was restored.")
    purged_at: datetime | None = told("When its content was permanently removed; usually null.")


@dataclass(frozen=True)
class RevisionWithText(Revision):
    """A snapshot of a page."""

    body: str = told("Text in Markdown, without front matter.")
    fields: dict[str, Any] = told("Other keys of its front matter.")


@dataclass(frozen=True)
class RevisionList:
    """Revisions of a page, newest first."""

    revisions: list[Revision] = told("The entries of this slice.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class Piece:
    """A piece of a line."""

    text: str = told("Its text.")
    changed: bool = told("Whether it is only on this side.")


@dataclass(frozen=True)
class DiffLine:
    """A line of one side."""

    number: int = told("Counted from 1.")
    pieces: list[Piece] = told("Its text in pieces, the changed words marked.")
    left_out: int = told(
        "Number of characters left out of the pieces; 0 except in lines of more than 20,000."
    )


@dataclass(frozen=True)
class DiffRow:
    """A line of the old text, of the new one, or of both."""

    kind: Literal["same", "changed", "removed", "added"] = told("The kind of change.")
    old: DiffLine | None = told("On the old side; null for an added line.")
    new: DiffLine | None = told("On the new side; null for a removed line.")


@dataclass(frozen=True)
class Hunk:
    """A section with changes and a few unchanged lines around them."""

    rows: list[DiffRow] = told("Its lines, in order.")


@dataclass(frozen=True)
class Diff:
    """A comparison of two revisions."""

    old: Revision = told("The revision compared with.")
    new: Revision = told("The compared revision.")
    added: int = told("Lines added; a changed line counts as one added and one removed.")
    removed: int = told("Lines removed.")
    hunks: list[Hunk] = told("The places where the texts differ; empty if they are the same.")
    coarse: bool = told("Whether too many words differ to compare each line word by word.")
    next: str | None = told("Address of the next part; null at the end.")


@dataclass(frozen=True)
class BlameRun:
    """Consecutive lines that were last changed by one revision."""

    revision: int = told("Its number.")
    author: Somebody | None = told("Author; null for an import or the shell.")
    created_at: datetime = told("When.")
    first: int = told("Number of the first of these lines, from 1.")
    count: int = told("Number of lines.")


@dataclass(frozen=True)
class Blame:
    """The origin of each line of a revision. A line that was moved has the revision of the move."""

    revision: int = told(
        "The revision that these lines belong to; `…/revisions/{number}` returns it."
    )
    runs: list[BlameRun] = told("Its lines, in order.")
    next: str | None = told("Address of the next part; null at the end.")
