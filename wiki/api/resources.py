"""Resources of the API: one dataclass for each object that is sent or received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from wiki.kind import DEFAULT, kind_names
from wiki.pages.saving.checks import MAX_DESCRIPTION, MAX_TAG, MAX_TAGS, MAX_TITLE
from wiki.web.shapes import VISIBLE, told

VISIBLE_NAME = r"[^\s\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]"
"""Pattern of a name that is not empty after control characters are removed."""

LabelWord = Literal["public", "internal", "confidential", "restricted"]


@dataclass(frozen=True)
class Somebody:
    """A person's public details."""

    handle: str = told("User name.")
    name: str = told("Display name.")


@dataclass(frozen=True)
class PageLine:
    """A page without its text."""

    id: int = told("Never changes, even when the page moves; `/-/p/<id>` always leads to the page.")
    space: str = told("Slug of its space.")
    path: str = told("Path in the space; empty for the space's home page.")
    title: str = told("Its title.")
    url: str = told("Address of the page in the browser.", format="uri-reference")


@dataclass(frozen=True)
class ListedPage(PageLine):
    """A page in a list."""

    created_at: datetime = told("When the page was created.")
    updated_at: datetime = told("When its latest revision was saved.")
    updated_by: Somebody | None = told("Who saved it; null for an import or the shell.")


@dataclass(frozen=True)
class PageList:
    """Pages, in the requested order."""

    pages: list[ListedPage] = told("The entries of this slice.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class Tag:
    """A tag of pages that the user can read."""

    name: str = told("Spelled as on the most recently changed page with it.")
    pages: int = told("How many pages have it.")
    url: str = told("Address of the list of its pages in the browser.", format="uri-reference")


@dataclass(frozen=True)
class TagList:
    """Tags, in the requested order."""

    tags: list[Tag] = told("The entries of this slice.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class Page:
    """A page with its latest revision."""

    id: int = told("Never changes, even when the page moves; `/-/p/<id>` always leads to the page.")
    space: str = told("Slug of its space.")
    path: str = told("Path in the space; empty for the space's home page.")
    url: str = told("Address of the page in the browser.", format="uri-reference")
    kind: str = told("The kind of page.", enum=kind_names)
    title: str = told("Its title.")
    body: str = told("Its text in Markdown, without front matter.")
    tags: list[str] = told("Its tags.")
    description: str = told("A one-sentence description; may be empty.")
    fields: dict[str, Any] = told("Other keys of its front matter, including those of its kind.")
    label: LabelWord = told(
        "Its own label; `public` when it has none and inherits `effective_label`."
    )
    effective_label: LabelWord = told(
        "The highest of its own label, those of the pages above it, and that of its space."
    )
    folder: bool = told("Whether its relative links start inside its path, not beside it.")
    revision: int = told("Number of this revision; use it as the base of the next edit.")
    message: str = told("The author’s message for this revision.")
    author: Somebody | None = told("Author of this revision; null for an import or the shell.")
    created_at: datetime = told("When the page was created.")
    updated_at: datetime = told("When this revision was saved.")


@dataclass(frozen=True)
class SavedPage(Page):
    """A page after a save."""

    changed: bool = told("False if the page already had this text and label.")
    merged: bool = told("Whether someone else had saved and both edits were merged.")
    notices: list[str] = told(
        "Warnings about this save: invisible characters that could "
        "mislead readers, by name and line."
    )


@dataclass(frozen=True)
class UndoInput:
    """The undo of a change."""

    message: str = told("Summary of the change for its readers.", "", maxLength=500)
    allow_secrets: str | None = told(
        "The reason to save what looks like a secret; leads see it. Without it, such a change "
        "is refused.",
        None,
        maxLength=300,
        pattern=VISIBLE_NAME,
    )
    raise_label: str | None = told(
        "The lowest label to give the page, so that it can show content with that label.",
        None,
        enum=["internal", "confidential", "restricted"],
    )


@dataclass(frozen=True)
class PageInput:
    """The content of a page. Omitted fields stay as they are in the base revision."""

    body: str = told(
        "Text in Markdown. Front matter at its start is treated as if its values were sent "
        "in the other fields."
    )
    title: str | None = told(
        "Title; by default, derived from the path of a new page.",
        None,
        maxLength=MAX_TITLE,
        pattern=VISIBLE,
    )
    tags: list[str] | None = told(
        "All of its tags.", None, maxItems=MAX_TAGS, items={"maxLength": MAX_TAG}
    )
    description: str | None = told("A one-sentence description.", None, maxLength=MAX_DESCRIPTION)
    fields: dict[str, Any] | None = told(
        "All other keys of its front matter, including those of its kind.", None
    )
    message: str = told("What was changed and why.", "", maxLength=500)
    kind: str | None = told(
        f"The kind of a new page; `{DEFAULT}` by default. It never changes.", None, enum=kind_names
    )
    label: LabelWord | None = told(
        "Its own label; `public` removes it, so that the page inherits. A change of the label "
        "alone adds no revision. If omitted, the label is unchanged.",
        None,
    )
    base_revision: int | None = told(
        "Number of the revision that the edit is based on. Required to change an existing page.",
        None,
        minimum=1,
    )
    allow_secrets: str | None = told(
        "The reason to save what looks like a secret; leads see it. Without it, such a change "
        "is refused.",
        None,
        maxLength=300,
        pattern=VISIBLE_NAME,
    )
    raise_label: str | None = told(
        "The lowest label to give the page, so that it can show content with that label.",
        None,
        enum=["internal", "confidential", "restricted"],
    )


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


@dataclass(frozen=True)
class Space:
    """A top-level area with members."""

    slug: str = told("The first part of the addresses of its pages.")
    title: str = told("Its name.")
    description: str = told("What it is for.")
    visibility: Literal["public", "internal", "private"] = told("Who can read it.")
    member_role: str = told("What every member can do in a public or internal space.")
    can_edit: bool = told("Whether you can edit its pages.")
    url: str = told("Address of its home page in the browser.", format="uri-reference")
    created_at: datetime = told("When it was created.")


@dataclass(frozen=True)
class SpaceList:
    """All spaces that the user can read."""

    spaces: list[Space] = told("By title.")


@dataclass(frozen=True)
class SpaceInput:
    """A space to create; its creator becomes its lead."""

    slug: str = told("Letters a to z, digits and dashes.", pattern="^[a-z0-9][a-z0-9-]{0,59}$")
    title: str = told("Its name.", maxLength=200, pattern=VISIBLE)
    description: str = told("What it is for.", "", maxLength=2000)
    visibility: Literal["public", "internal", "private"] = told("Who can read it.", "internal")
    member_role: Literal["reader", "commenter", "editor"] = told(
        "What every member can do in a public or internal space.", "editor"
    )


@dataclass(frozen=True)
class GroupLine:
    """A named set of people."""

    handle: str = told("Short name, used to mention it; never changes.")
    name: str = told("Its name.")
    description: str = told("Description; may be empty.")
    people: int = told("Number of members, direct or through nested groups.")
    url: str = told("Address of the group in the browser.", format="uri-reference")


@dataclass(frozen=True)
class GroupList:
    """Groups, by name."""

    groups: list[GroupLine] = told("The entries of this slice.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class Group(GroupLine):
    """A group with its nested groups and the groups that contain it."""

    parts: list[GroupLine] = told("The groups added to it, by name.")
    inside_of: list[GroupLine] = told("The groups it was added to, by name.")


@dataclass(frozen=True)
class GroupInput:
    """The name and description of a group."""

    name: str = told("Its name.", maxLength=200, pattern=VISIBLE_NAME)
    description: str = told("A one-sentence description.", "", maxLength=2000)


@dataclass(frozen=True)
class PersonInGroup(Somebody):
    """A member of a group."""

    itself: bool = told("Whether they are a direct member of the group.")
    through: list[str] = told("Short names of the nested groups that they are a member of.")


@dataclass(frozen=True)
class GroupPeople:
    """Members of a group, by name."""

    people: list[PersonInGroup] = told("The entries of this slice.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class Change:
    """A change."""

    id: int = told("Increases over time: use it as `after` to get later changes.")
    type: Literal[
        "page_saved",
        "page_moved",
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
