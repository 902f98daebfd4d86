"""Problems of the API (RFC 9457): the bodies of error responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from wiki.api.resources import PageLine
from wiki.web.shapes import told


@dataclass(frozen=True)
class Problem:
    """Why something could not be done (RFC 9457)."""

    type: str = told("`about:blank`, or what kind of problem it is.", format="uri-reference")
    title: str = told("In a few words.")
    status: int = told("The status code of the answer.")
    detail: str = told("In a sentence for people.")


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
    what: str = told("What it is, in words.")
    place: str = told("`body`, `title`, `description`, `tags` or `fields`.")
    line: int = told("The line of the body, from 1; 0 elsewhere.")
    column: int = told("Where it begins in that line, from 1; 0 elsewhere.")
    masked: str = told("As much of it as may be shown.")


@dataclass(frozen=True)
class ShownNarrower:
    """Something that a text shows or leads to and that is narrower than its page."""

    line: int = told("The line of the body, from 1; 0 where it is not known.")
    what: str = told("`page`, `picture` or `file`.")
    name: str = told("Name of the file; empty for a page.")
    label: str = told("Its label, as it counts.")
    page: PagePlace = told("The page that is shown, or that the file belongs to.")


@dataclass(frozen=True)
class SecretsProblem(Problem):
    """Refusal of a text that seems to contain secrets. Nothing was saved."""

    type: Literal["urn:trellis:problem:secrets"] = told("What kind of problem it is.")
    field: Literal["allow_secrets"] = told("The field that lets it pass.")
    findings: list[FoundSecret] = told("What looks like a secret, in the order of the text.")


@dataclass(frozen=True)
class NarrowerProblem(Problem):
    """Refusal of a page that would show content with a narrower audience than its own. Nothing was
    saved."""

    type: Literal["urn:trellis:problem:labels"] = told("What kind of problem it is.")
    field: Literal["raise_label", "body"] = told("The field that lets it pass, or has to change.")
    shown: list[ShownNarrower] = told("What is narrower, in the order of the text.")
    label: str = told("The label of the page, as it counts.")
    needed: str = told("The least label that it would have to have.")
    may_raise: bool = told("Whether you could give it that label.")


@dataclass(frozen=True)
class FileInUseProblem(Problem):
    """Pages use a file that is to be removed. Nothing was changed."""

    pages: list[PageLine] = told("The pages, as far as the asker may read them.")


@dataclass(frozen=True)
class Side:
    """A text in a conflict."""

    revision: int | None = told("Its number; null for what was sent.")
    title: str = told("Title.")
    body: str = told("Text in Markdown.")
    tags: list[str] = told("Tags.")
    description: str = told("Description.")
    fields: dict[str, Any] = told("Other keys of its front matter.")


@dataclass(frozen=True)
class ConflictProblem(Problem):
    """Somebody else has saved, and both edits touch the same. Nothing was saved."""

    base: Side = told("What both edits started from.")
    yours: Side = told("What was sent.")
    theirs: Side = told("What is on the page now.")
