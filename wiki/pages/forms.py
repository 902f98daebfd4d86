"""Forms for pages: their fields, and the values parsed from them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wiki.kind import Kind
from wiki.kind_registry import kind_of
from wiki.pages.access.label_policy import ShowsRestricted
from wiki.pages.access.label_sources import Narrower
from wiki.pages.merging import Text
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.secrets import BODY, REASONS, Override, Secret, checked_override
from wiki.rules.labels import Label
from wiki.text.compare.lines import normalise_line_ends


@dataclass
class PageForm:
    """The fields of the editor, as they were sent.

    In the form of one section of a page, ``section`` is the id of its heading, and ``body`` its
    source."""

    title: str = ""
    body: str = ""
    tags: str = ""
    description: str = ""
    message: str = ""
    path: str = ""
    base: int = 0
    folder: bool = False
    fields: dict[str, Any] = field(default_factory=dict)
    section: str = ""
    section_title: str = ""

    @property
    def kind(self) -> Kind:
        """The kind of the page, which its fields name."""
        return kind_of(self.fields)

    @property
    def fields_json(self) -> str:
        """The other fields of the page's front matter, as JSON for a hidden input."""
        return json.dumps(self.fields)


def page_form(sent: Mapping[str, str], kind: Kind | None = None) -> PageForm:
    """Read the editor's fields; a missing or malformed value becomes its default.

    :param kind: the kind of the page.
    """
    try:
        fields = json.loads(sent.get("fields") or "{}")
    except (ValueError, RecursionError):
        fields = {}
    fields = fields if isinstance(fields, dict) else {}
    if kind is not None:
        fields = kind.fixed | fields
    base = sent.get("base", "")
    return PageForm(
        title=sent.get("title", ""),
        body=sent.get("body", ""),
        tags=sent.get("tags", ""),
        description=sent.get("description", ""),
        message=sent.get("message", ""),
        path=sent.get("path", ""),
        base=int(base) if base.isascii() and base.isdigit() and len(base) < 10 else 0,
        folder=sent.get("folder") == "1",
        fields=kind_of(fields).sent(fields, sent),
    )


def form_of(text: Text, base: int, message: str = "") -> PageForm:
    """Return the editor's fields for a text that is based on a revision."""
    return PageForm(
        title=text.title,
        body=text.body,
        tags=", ".join(text.tags),
        description=text.description,
        message=message,
        base=base,
        fields=text.fields,
    )


def text_from(form: PageForm) -> Text:
    """Return the text in a form."""
    return Text(
        title=form.title,
        body=form.body,
        tags=tuple(form.tags.split(",")),
        description=form.description,
        fields=form.fields,
    )


def edit_from(form: PageForm, target: int | NewPage, max_bytes: int) -> Edit:
    """Return the edit in a form, of a page (by id) or for the place of a new one."""
    base = 0 if isinstance(target, NewPage) else form.base
    text, message = text_from(form), form.message
    return Edit(target, text, base=base, message=message, max_bytes=max_bytes)


def override_from(sent: Mapping[str, str]) -> Override | None:
    """Return the override for the likely secrets that the author was shown, if the form gives a
    reason."""
    if sent.get("allow") not in REASONS:
        return None
    return checked_override(sent["allow"], frozenset(sent.get("seen", "").split(",")))


def label_from(sent: Mapping[str, str]) -> Label | None:
    """Return the label that the author chose for the page in this save, if any, so that the page
    may show narrower content."""
    try:
        return Label.named(sent.get("raise", ""))
    except KeyError:
        return None


def lines_above(typed: str, body: str) -> int:
    """Return the number of lines of front matter above the body in a text as it was typed."""
    typed = normalise_line_ends(typed)
    return typed[: -len(body)].count("\n") if body and typed.endswith(body) else 0


def shown_in(refused: ShowsRestricted, body: str) -> list[Narrower]:
    """Return the findings of a refusal, with their line numbers in the body as it was typed,
    including its front matter."""
    above = lines_above(body, refused.body)
    return [replace(one, line=one.line + above if one.line else 0) for one in refused.found]


@dataclass(frozen=True)
class Suspect:
    """A likely secret as the author's form shows it: its position in the text (line 0 if it is not
    in the body), and its masked value."""

    place: str
    line: int
    column: int
    words: str
    masked: str


def suspects(secrets: Collection[Secret], body: str) -> list[Suspect]:
    """Return likely secrets with their positions in the body as it was typed, including its front
    matter."""
    typed = normalise_line_ends(body)
    found, after = [], 0
    for one in secrets:
        at = typed.find(one.value, after if one.place == BODY else 0)
        if at < 0 and one.place == BODY:  # before the last one, or from a merged edit
            at = typed.find(one.value)
        if at >= 0 and one.place == BODY:
            after = at + len(one.value)
        line = typed.count("\n", 0, at) + 1 if at >= 0 else 0
        column = at - typed.rfind("\n", 0, at) if at >= 0 else 0
        finding = one.finding
        if one.place == BODY and at < 0:
            line, column = finding.line, finding.column
        place = BODY if line else one.place
        found.append(Suspect(place, line, column, str(finding.words), finding.masked))
    return found
