"""People and pages as other resources contain them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wiki.web.shapes import told

VISIBLE_NAME = r"[^\s\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]"
"""Pattern of a name that is not empty after control characters are removed."""

LabelWord = Literal["public", "internal", "confidential", "restricted"]


@dataclass(frozen=True)
class Somebody:
    """A person's public details."""

    handle: str = told("User name.")
    name: str = told("Display name.")
    photo: str | None = told(
        "Address of their photo, for this token; null if there is none.", format="uri-reference"
    )


@dataclass(frozen=True)
class PageLine:
    """A page without its text."""

    id: int = told("Never changes, even when the page moves; `/-/p/<id>` always leads to the page.")
    space: str = told("Slug of its space.")
    path: str = told("Path in the space; empty for the space's home page.")
    title: str = told("Its title.")
    url: str = told("Address of the page in the browser.", format="uri-reference")
