"""Columns that can contain words of pages, as rooms declare them.

A redaction replaces a passage in all of them. Bodies of revisions, addresses and files have code of
their own (``wiki/redaction/``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement

from wiki.db import Base


class TextType(Enum):
    """The type of the content of a column."""

    TEXT = "text"
    NAME = "name"
    """A path, or the name of a file."""
    PATH = "path"
    """A path that a page has or had."""
    TAGS = "tags"
    FIELDS = "fields"
    """Parsed values from front matter, possibly nested."""
    BLOCK = "block"
    """The front matter as written, possibly with escapes."""
    SPOKEN = "spoken"
    """JSON of the wiki, some values of which are words of people."""


@dataclass(frozen=True)
class Area:
    """The search area: pages and their spaces; for an admin, also data that belongs to no space."""

    page_ids: tuple[int, ...]
    space_ids: tuple[int, ...]
    everywhere: bool = False
    paths: Mapping[str, str] = field(default_factory=dict)
    """The new paths of pages by former path; other paths get a mark."""


@dataclass(frozen=True)
class TextColumns:
    """Columns of a table that can contain words of pages.

    ``words`` names them in previews and records of redactions. ``rows`` returns the condition on
    the rows that belong to an area.

    ``derived`` holds the columns that are made from these, each with the value that it gets when
    these change, so that it is made again.

    ``title`` marks columns with titles and paths. Columns that are not ``counted`` are left out of
    the preview, because the actor may not know their content.
    """

    words: str
    table: type[Base]
    columns: Mapping[str, TextType]
    rows: Callable[[Area], ColumnElement[bool]]
    title: bool = False
    counted: bool = True
    derived: Mapping[str, Any] = field(default_factory=dict)
