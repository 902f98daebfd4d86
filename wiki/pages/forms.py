"""What the forms about pages send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wiki.pages.merging import Text


@dataclass
class PageForm:
    """The fields of the editor, as they were sent."""

    title: str = ""
    body: str = ""
    tags: str = ""
    description: str = ""
    message: str = ""
    path: str = ""
    base: int = 0
    folder: bool = False
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def fields_json(self) -> str:
        """The other fields of the page's front matter, for a hidden input."""
        return json.dumps(self.fields)


def page_form(sent: Mapping[str, str]) -> PageForm:
    """Read the editor's fields, whatever was sent."""
    try:
        fields = json.loads(sent.get("fields") or "{}")
    except (ValueError, RecursionError):
        fields = {}
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
        fields=fields if isinstance(fields, dict) else {},
    )


def form_of(text: Text, base: int, message: str = "") -> PageForm:
    """The editor filled with a text that is based on a revision."""
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
    """What the author wrote."""
    return Text(
        title=form.title,
        body=form.body,
        tags=tuple(form.tags.split(",")),
        description=form.description,
        fields=form.fields,
    )
