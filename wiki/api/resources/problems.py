"""Problems of the API (RFC 9457): the bodies of error responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from wiki.api.resources.lines import PageLine
from wiki.web.shapes import told


@dataclass(frozen=True)
class Problem:
    """An error (RFC 9457)."""

    type: str = told(
        "`about:blank`, or a URN that identifies the kind of problem.", format="uri-reference"
    )
    title: str = told("A short summary.")
    status: int = told("The HTTP status code.")
    detail: str = told("A sentence for people that explains the problem.")


@dataclass(frozen=True)
class PagePlace:
    """The place of a page."""

    space: str = told("Slug of its space.")
    path: str = told("Path in the space; empty for the space's home page.")
    title: str = told("Its title.")


@dataclass(frozen=True)
class FoundSecret:
    """A likely secret, and its place in the request."""

    kind: str = told("`token`, `private-key`, `password`, `card`, `iban`, or `id-` and a country.")
    what: str = told("A description of what was found.")
    place: str = told("`body`, `title`, `description`, `tags` or `fields`.")
    line: int = told("The line of the body, from 1; 0 elsewhere.")
    column: int = told("The column where it starts, from 1; 0 elsewhere.")
    masked: str = told("The secret, masked.")


@dataclass(frozen=True)
class ShownRestricted:
    """Content that a text shows or links to and that has a higher label than its page."""

    line: int = told("The line of the body, from 1; 0 if unknown.")
    what: str = told("`page`, `picture` or `file`.")
    name: str = told("Name of the file; empty for a page.")
    label: str = told("Its effective label.")
    page: PagePlace = told("The page that is shown, or that the file belongs to.")


@dataclass(frozen=True)
class SecretsProblem(Problem):
    """Refusal of a text that seems to contain secrets. Nothing was saved."""

    type: Literal["urn:trellis:problem:secrets"] = told("The kind of problem.")
    field: Literal["allow_secrets"] = told("The field that allows it.")
    findings: list[FoundSecret] = told("The suspected secrets, in the order of the text.")


@dataclass(frozen=True)
class NarrowerProblem(Problem):
    """Refusal of a page that would show content with a narrower audience than its own. Nothing was
    saved."""

    type: Literal["urn:trellis:problem:labels"] = told("The kind of problem.")
    field: Literal["raise_label", "body"] = told("The field that allows it, or that has to change.")
    shown: list[ShownRestricted] = told(
        "The content with a higher label, in the order of the text."
    )
    label: str = told("The effective label of the page.")
    needed: str = told("The lowest label that the page would need.")
    may_raise: bool = told("Whether you can give it that label.")


@dataclass(frozen=True)
class FileInUseProblem(Problem):
    """Pages use the file to be removed. Nothing was changed."""

    pages: list[PageLine] = told("The pages that you can read.")


@dataclass(frozen=True)
class Side:
    """A text in a conflict."""

    revision: int | None = told("Its number; null for the text you sent.")
    title: str = told("Title.")
    body: str = told("Text in Markdown.")
    tags: list[str] = told("Tags.")
    description: str = told("Description.")
    fields: dict[str, Any] = told("Other keys of its front matter.")


@dataclass(frozen=True)
class ConflictProblem(Problem):
    """Someone else has saved, and both edits overlap. Nothing was saved."""

    base: Side = told("The revision that both edits are based on.")
    yours: Side = told("The text you sent.")
    theirs: Side = told("The current text of the page.")
