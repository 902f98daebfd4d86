"""Resources of the API: one dataclass for each object that is sent or received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from wiki.kind import DEFAULT, kind_names
from wiki.pages.checks import MAX_DESCRIPTION, MAX_TAG, MAX_TAGS, MAX_TITLE
from wiki.web.shapes import VISIBLE, told

VISIBLE_NAME = r"[^\s\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]"
"""Pattern of a name that is not empty after control characters are removed."""

LAST_VERSION = 2**31 - 1
"""The largest version number of a file that every database can search for."""

LabelWord = Literal["public", "internal", "confidential", "restricted"]


@dataclass(frozen=True)
class Somebody:
    """A person, as far as everybody may know them."""

    handle: str = told("User name.")
    name: str = told("The name that is shown.")


@dataclass(frozen=True)
class PageLine:
    """A page without its text."""

    id: int = told("Stays the same through every move; `/-/p/<id>` always leads to the page.")
    space: str = told("Slug of its space.")
    path: str = told("Path in the space; empty for the space's home page.")
    title: str = told("Its title.")
    url: str = told("Address of the page in the browser.", format="uri-reference")


@dataclass(frozen=True)
class ListedPage(PageLine):
    """A page in a list."""

    created_at: datetime = told("When the page was made.")
    updated_at: datetime = told("When its newest revision was saved.")
    updated_by: Somebody | None = told("Who saved it; null for an import or the shell.")


@dataclass(frozen=True)
class PageList:
    """Pages, in the order that was asked for."""

    pages: list[ListedPage] = told("This slice of them.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class Tag:
    """A tag of pages that the asker may read."""

    name: str = told("As the page with it that was changed last spells it.")
    pages: int = told("How many pages have it.")
    url: str = told("Address of the list of its pages in the browser.", format="uri-reference")


@dataclass(frozen=True)
class TagList:
    """Tags, in the order that was asked for."""

    tags: list[Tag] = told("This slice of them.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class Page:
    """A page with its newest revision."""

    id: int = told("Stays the same through every move; `/-/p/<id>` always leads to the page.")
    space: str = told("Slug of its space.")
    path: str = told("Path in the space; empty for the space's home page.")
    url: str = told("Address of the page in the browser.", format="uri-reference")
    kind: str = told("What kind of page it is.", enum=kind_names)
    title: str = told("Its title.")
    body: str = told("Its text in Markdown, without front matter.")
    tags: list[str] = told("Its tags.")
    description: str = told("What it is about, in a sentence; may be empty.")
    fields: dict[str, Any] = told("Other keys of its front matter, with those of its kind.")
    label: LabelWord = told(
        "Its own label; `public` when it has none and inherits `effective_label`."
    )
    effective_label: LabelWord = told(
        "The highest of its own label, those of the pages above it, and that of its space."
    )
    folder: bool = told("Whether its relative links start inside its path, not beside it.")
    revision: int = told("Number of this revision: the base of the next edit.")
    message: str = told("What its author said of this revision.")
    author: Somebody | None = told("Who wrote this revision; null for an import or the shell.")
    created_at: datetime = told("When the page was made.")
    updated_at: datetime = told("When this revision was saved.")


@dataclass(frozen=True)
class SavedPage(Page):
    """A page as it is after a save."""

    changed: bool = told("False when everything was as sent already: its text and its label.")
    merged: bool = told("Whether somebody had saved meanwhile, and both edits are in the page now.")
    notices: list[str] = told(
        "What its author should know of this save: characters that nobody sees and that could "
        "deceive, by name and line."
    )


@dataclass(frozen=True)
class PageInput:
    """The content of a page. Fields that are left out stay as they are in the base revision."""

    body: str = told(
        "Text in Markdown. A block of front matter at its start counts as if its values were sent "
        "in the other fields."
    )
    title: str | None = told(
        "Title; made from the path when a new page has none.",
        None,
        maxLength=MAX_TITLE,
        pattern=VISIBLE,
    )
    tags: list[str] | None = told(
        "All of its tags.", None, maxItems=MAX_TAGS, items={"maxLength": MAX_TAG}
    )
    description: str | None = told(
        "What it is about, in a sentence.", None, maxLength=MAX_DESCRIPTION
    )
    fields: dict[str, Any] | None = told(
        "Other keys of its front matter, all of them, with those of its kind.", None
    )
    message: str = told("What was changed and why, for those who follow.", "", maxLength=500)
    kind: str | None = told(
        f"What kind of page a new one is: without it, the one that its front matter names, or "
        f"`{DEFAULT}`. It never changes.",
        None,
        enum=kind_names,
    )
    label: LabelWord | None = told(
        "Its own label; `public` takes it away, so that the page inherits. With nothing else it "
        "makes no revision. Left out, it stays as it is.",
        None,
    )
    base_revision: int | None = told(
        "Number of the revision that the edit started from. Needed to change a page that exists.",
        None,
        minimum=1,
    )
    allow_secrets: str | None = told(
        "Why what looks like a secret in it may be saved; leads see it. Without it, such a change "
        "is refused.",
        None,
        maxLength=300,
        pattern=VISIBLE_NAME,
    )
    raise_label: str | None = told(
        "The least label that the page has of its own from now on, so that it may show more.",
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
    message: str = told("What its author said of it.")
    author: Somebody | None = told("Who wrote it; null for an import or the shell.")
    created_at: datetime = told("When.")
    base: int | None = told("The revision its author started from, or the one that was restored.")
    purged_at: datetime | None = told("When what it said was removed for good; mostly null.")


@dataclass(frozen=True)
class RevisionWithText(Revision):
    """A snapshot of a page."""

    body: str = told("Text in Markdown, without front matter.")
    fields: dict[str, Any] = told("Other keys of its front matter.")


@dataclass(frozen=True)
class RevisionList:
    """Revisions of a page, newest first."""

    revisions: list[Revision] = told("This slice of them.")
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
    left_out: int = told("Characters that the pieces lack; 0 but for lines of over 20,000.")


@dataclass(frozen=True)
class DiffRow:
    """A line of the old text, of the new one, or of both."""

    kind: Literal["same", "changed", "removed", "added"] = told("What happened to it.")
    old: DiffLine | None = told("On the old side; null for an added line.")
    new: DiffLine | None = told("On the new side; null for a removed line.")


@dataclass(frozen=True)
class Hunk:
    """A stretch with changes in it and a few unchanged lines around them."""

    rows: list[DiffRow] = told("Its lines, in order.")


@dataclass(frozen=True)
class Diff:
    """Two revisions compared."""

    old: Revision = told("The one compared with.")
    new: Revision = told("The one compared.")
    added: int = told("Lines added; a changed line counts as one added and one removed.")
    removed: int = told("Lines removed.")
    hunks: list[Hunk] = told("Where the texts differ; empty when they are the same.")
    coarse: bool = told("Whether too many words differ for those of each line to be compared.")
    next: str | None = told("Where the comparison goes on; null where this is the end of it.")


@dataclass(frozen=True)
class BlameRun:
    """Lines in a row that one revision made what they are."""

    revision: int = told("Its number.")
    author: Somebody | None = told("Who wrote it; null for an import or the shell.")
    created_at: datetime = told("When.")
    first: int = told("Number of the first of these lines, from 1.")
    count: int = told("How many lines they are.")


@dataclass(frozen=True)
class Blame:
    """The origin of each line of a revision. A line that was moved has the revision of the move."""

    revision: int = told("The revision whose lines these are; `…/revisions/{number}` has them.")
    runs: list[BlameRun] = told("Its lines, in order.")
    next: str | None = told("Where they go on; null where this is the end of them.")


@dataclass(frozen=True)
class Space:
    """A top-level area with members."""

    slug: str = told("The first part of the addresses of its pages.")
    title: str = told("What it is called.")
    description: str = told("What belongs in it.")
    visibility: Literal["public", "internal", "private"] = told("Who may read it.")
    member_role: str = told("What every member may do in a public or internal space.")
    can_edit: bool = told("Whether the asker may edit its pages.")
    url: str = told("Address of its home page in the browser.", format="uri-reference")
    created_at: datetime = told("When it was made.")


@dataclass(frozen=True)
class SpaceList:
    """All spaces that the asker may read."""

    spaces: list[Space] = told("By title.")


@dataclass(frozen=True)
class SpaceInput:
    """A space to be made; who makes it leads it."""

    slug: str = told("Letters a to z, digits and dashes.", pattern="^[a-z0-9][a-z0-9-]{0,59}$")
    title: str = told("What it is called.", maxLength=200, pattern=VISIBLE)
    description: str = told("What belongs in it.", "", maxLength=2000)
    visibility: Literal["public", "internal", "private"] = told("Who may read it.", "internal")
    member_role: Literal["reader", "commenter", "editor"] = told(
        "What every member may do in a public or internal space.", "editor"
    )


@dataclass(frozen=True)
class GroupLine:
    """A named set of people."""

    handle: str = told("Short name, by which it is mentioned; it stays.")
    name: str = told("What it is called.")
    description: str = told("What it is; may be empty.")
    people: int = told("How many people are in it, by whatever part.")
    url: str = told("Address of its screen in the browser.", format="uri-reference")


@dataclass(frozen=True)
class GroupList:
    """Groups, by name."""

    groups: list[GroupLine] = told("This slice of them.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class Group(GroupLine):
    """A group with those in it and around it."""

    parts: list[GroupLine] = told("The groups that were put into it, by name.")
    inside_of: list[GroupLine] = told("The groups that it was put into, by name.")


@dataclass(frozen=True)
class GroupInput:
    """The name and description of a group."""

    name: str = told("What it is called.", maxLength=200, pattern=VISIBLE_NAME)
    description: str = told("What it is, in a sentence.", "", maxLength=2000)


@dataclass(frozen=True)
class PersonInGroup(Somebody):
    """Somebody in a group."""

    itself: bool = told("Whether they were put into the group itself.")
    through: list[str] = told("Short names of the groups in it that they were put into.")


@dataclass(frozen=True)
class GroupPeople:
    """People of a group, by name."""

    people: list[PersonInGroup] = told("This slice of them.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class Change:
    """Something that happened."""

    id: int = told("Grows with time: ask for changes `after` it.")
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
    actor: Somebody | None = told("Through whom; null for an import or the shell.")
    space: str = told("Slug of the space where it happened.")
    page: PageLine | None = told("The page as it is now; null when it is gone, or there is none.")
    page_id: int | None = told("Id of the page, also when it is gone.")
    revision: int | None = told("Number of the revision that was added, or purged.")
    path: str | None = told("Path of the page at that time, for what moves, goes or comes back.")
    old_path: str | None = told("Path before a move inside the space.")
    file: str | None = told("Name of the file, within its page.")


@dataclass(frozen=True)
class ChangeList:
    """Changes in order."""

    changes: list[Change] = told("This slice.")
    after: int = told("Where to go on: ask for changes `after` this.")
    more: bool = told("Whether there is more already.")


@dataclass(frozen=True)
class File:
    """An attached file."""

    path: str = told("Its place in the space: folders and name.")
    name: str = told("Its name.")
    url: str = told("Address of its bytes in the browser.", format="uri-reference")
    content_type: str = told("Found out from its first bytes.")
    size: int = told("In bytes.")
    sha256: str = told("Hash of its bytes, in hexadecimal.")
    author: Somebody | None = told("Who attached it; null for an import or the shell.")
    created_at: datetime = told("When.")
    id: int = told("Of this version; `/-/f/<id>` always leads to these bytes.")
    version: int = told("Counts what was attached at this place, from 1.")


@dataclass(frozen=True)
class FileVersion(File):
    """A version of a file."""

    current: bool = told("Whether it is the one that is shown now.")
    removed_at: datetime | None = told("When it was replaced or removed.")


@dataclass(frozen=True)
class FileVersionList:
    """All that was ever attached at a place."""

    versions: list[FileVersion] = told("Newest first.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class VersionInput:
    """The version of a file to restore."""

    version: int = told("Its number.", minimum=1, maximum=LAST_VERSION)


@dataclass(frozen=True)
class FileUses:
    """Pages that show a file or link to it, as far as the asker may read them."""

    pages: list[PageLine] = told("By title.")
    more: bool = told("Whether there are more than these.")


@dataclass(frozen=True)
class Upload:
    """A file that arrives in pieces."""

    url: str = told("Where its pieces are sent.", format="uri-reference")
    path: str = told("Its place in the space: folders and name.")
    size: int = told("Bytes it will have.")
    offset: int = told("Bytes that have arrived: where the next piece begins.")
    expires_at: datetime = told("When it is forgotten, unless another piece arrives before.")
    file: File | None = told("The attached file, once all has arrived.")


@dataclass(frozen=True)
class FileList:
    """Files of a space."""

    files: list[File] = told("In the order in which they were attached.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")
