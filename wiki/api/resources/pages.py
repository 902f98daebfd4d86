"""A page and its saves: one dataclass for each object that is sent or received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wiki.api.resources.lines import VISIBLE_NAME, LabelWord, Somebody
from wiki.kind import DEFAULT
from wiki.kind_registry import kind_names
from wiki.pages.saving.checks import MAX_DESCRIPTION, MAX_TAG, MAX_TAGS, MAX_TITLE
from wiki.web.shapes import VISIBLE, told


@dataclass(frozen=True)
class Page:
    """A page with its latest revision."""

    id: int = told("Never changes, even when the page moves; `/-/p/<id>` always leads to the page.")
    space: str = told("Slug of its space.")
    path: str = told("Path in the space; empty for the space's home page.")
    url: str = told("Address of the page in the browser.", format="uri-reference")
    parent: str | None = told(
        "Path of its parent, empty at the top level of the space; null for the space's home page."
    )
    position: str | None = told(
        "Sorts it among the pages with its parent; null if nobody has placed it. Pages with a "
        "position come first, the others follow by title."
    )
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
class MoveInput:
    """The new place of a page; what is left out stays as it is."""

    space: str | None = told("Slug of the space to move it to.", None)
    path: str | None = told("Its new path. Instead of `parent`.", None, maxLength=4000)
    parent: str | None = told(
        "Path of its new parent, empty for the top level. It keeps the last part of its path.",
        None,
        maxLength=4000,
    )
    before: str | None = told("Path of the page to place it before.", None, maxLength=4000)
    after: str | None = told("Path of the page to place it after.", None, maxLength=4000)
    title: str | None = told("Its new title.", None)
    message: str = told("A message for the revisions of moved pages.", "")
    subtree: bool = told("Whether the pages below it move too.", True)
    repair: bool = told("Whether links to it are repaired in other pages.", True)


@dataclass(frozen=True)
class SavedPage(Page):
    """A page after a save."""

    changed: bool = told("False if the page already had this text and label.")
    merged: bool = told("Whether someone else had saved and both edits were merged.")
    notices: list[str] = told(
        "Warnings about this save: invisible characters that could "
        "mislead readers, by name and line."
    )


def _allow_secrets() -> Any:
    return told(
        "The reason to save what looks like a secret; leads see it. Without it, such a change "
        "is refused.",
        None,
        maxLength=300,
        pattern=VISIBLE_NAME,
    )


def _raise_label() -> Any:
    return told(
        "The lowest label to give the page, so that it can show content with that label.",
        None,
        enum=["internal", "confidential", "restricted"],
    )


@dataclass(frozen=True)
class UndoInput:
    """The undo of a change."""

    message: str = told("Summary of the change for its readers.", "", maxLength=500)
    allow_secrets: str | None = _allow_secrets()
    raise_label: str | None = _raise_label()


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
    allow_secrets: str | None = _allow_secrets()
    raise_label: str | None = _raise_label()
