"""Kinds of pages: what a kind declares, its fields, and the list of registered kinds.

The kind of a page is the entry ``kind`` of its front matter, stored with each revision like its
other fields; ``Page.kind`` repeats it for SQL. The values of a kind's fields are entries of the
same front matter. They are therefore versioned, compared, merged, exported, redacted and purged
like every other entry; a kind adds their types.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass
from datetime import date
from functools import cached_property
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.rules.access import May

if TYPE_CHECKING:
    from sqlalchemy import Table

DEFAULT = "article"
"""The kind of a page whose front matter names no registered kind."""
KEY = "kind"
"""The entry of the front matter that names the kind."""
MAX_LENGTH = 300
"""Maximum number of characters of a text field that states no limit of its own."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,15}", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


def kind_field(
    label: str,
    default: Any = MISSING,
    *,
    hint: str = "",
    max_length: int = MAX_LENGTH,
    pattern: str = "",
) -> Any:
    """Return a field for the dataclass of a kind's fields.

    :param default: the value of a page that states none; without a default the field is required.
    :param hint: a sentence below the label, and the description in the API.
    :param pattern: a regular expression that a text matches as a whole.
    """
    told = {"label": label, "hint": hint, "max_length": max_length, "pattern": pattern}
    return dataclasses.field(default=default, metadata=told)


@dataclass(frozen=True)
class KindField:
    """A field of a kind, derived from the dataclass: ``type`` is ``str``, ``int``, ``bool`` or
    ``date``; a text with ``choices`` has one of them."""

    name: str
    label: str
    type: type
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()
    hint: str = ""
    max_length: int = MAX_LENGTH
    pattern: str = ""

    @property
    def key(self) -> str:
        """The name of the field in forms, conflicts and errors."""
        return f"fields.{self.name}"

    @property
    def input_type(self) -> str:
        """The type of the HTML input."""
        return {date: "date", int: "number"}.get(self.type, "text")

    @property
    def options(self) -> list[tuple[str, str]]:
        """The values of a select and their words; empty for a field with another input."""
        if self.choices:
            found = [(one, one.capitalize()) for one in self.choices]
        elif self.type is bool:
            found = [("true", _("Yes")), ("false", _("No"))]
        else:
            return []
        return found if self.required else [("", _("Not set")), *found]

    def written(self, value: Any) -> str:
        """Return a value, stored or not yet valid, as an input shows it."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return value.isoformat() if isinstance(value, date) else str(value)

    def words(self, value: Any) -> str:
        """Return a stored value as readers see it."""
        written = self.written(value)
        return dict(self.options).get(written, written)

    def typed(self, raw: str) -> Any:
        """Return what a form sent as a value of the field's type, or unchanged if it is none."""
        raw = raw.strip()
        if self.type is bool:
            return _BOOLEANS.get(raw, raw)
        if self.type is int and _INTEGER.fullmatch(raw):
            return int(raw)
        return raw

    def checked(self, value: Any) -> Any:
        """Return a value in the form in which revisions store it.

        :raises Invalid: when it is not of the field's type or beyond its limits.
        """
        if self.choices:
            if value not in self.choices:
                words = ", ".join(f"“{one}”" for one in self.choices)
                raise self._refused(f"must be one of {words}")
            return value
        if self.type is bool:
            if not isinstance(value, bool):
                raise self._refused("must be true or false")
            return value
        if self.type is int:
            if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**53:
                raise self._refused("must be a whole number")
            return value
        if not isinstance(value, str):
            raise self._refused("must be text")
        if self.type is date:
            return self._checked_date(value)
        value = " ".join(value.split())
        if len(value) > self.max_length:
            raise self._refused(f"can have up to {self.max_length} characters")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise self._refused(f"doesn’t have the expected form. {self.hint}".strip())
        return value

    def _checked_date(self, value: str) -> str:
        try:
            if not _DATE.fullmatch(value):
                raise ValueError
            return date.fromisoformat(value).isoformat()
        except ValueError:
            raise self._refused("must be a date like 2026-03-31") from None

    def _refused(self, how: str) -> Invalid:
        return Invalid(f"“{self.label}” {how}{'' if how.endswith('.') else '.'}", field=self.key)

    def read(self, stored: Any) -> Any:
        """Return a stored value as the dataclass of the fields declares it."""
        return date.fromisoformat(stored) if self.type is date else stored

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the field."""
        described: dict[str, Any] = {"description": self.hint or f"{self.label}."}
        if self.choices:
            return described | {"enum": list(self.choices)}
        if self.type is bool:
            return described | {"type": "boolean"}
        if self.type is int:
            return described | {"type": "integer"}
        if self.type is date:
            return described | {"type": "string", "format": "date"}
        described |= {"type": "string", "maxLength": self.max_length}
        return described | ({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {})


@dataclass(frozen=True)
class Projection:
    """A table with a row for each page of a kind, made from the fields of its head so that SQL can
    filter and sort by them. Its primary key is ``page_id``, a foreign key to ``pages.id`` that
    cascades.

    :param row: returns the other columns, given the fields of the head.
    """

    table: Table
    row: Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class NoFields:
    """The fields of a kind that has none of its own."""


@dataclass(frozen=True)
class Kind:
    """A kind of page.

    ``fields`` is a frozen dataclass whose fields are made by :func:`kind_field` and typed as
    ``str``, ``int``, ``bool``, ``date`` or a ``Literal`` of texts, each perhaps ``| None``. From it
    come the form's inputs, the checks, the names in comparisons and the schema of the API.

    ``view`` is the template of the block above a page's text, ``edit`` that of the inputs in the
    editor; a kind without fields has neither. ``create`` is the permission in the space that
    creating a page of the kind needs. Pages of a kind that is not ``in_tree`` are left out of the
    tree beside the pages.
    """

    name: str
    title: str
    icon: str
    fields: type[Any] = NoFields
    view: str = "kinds/view.html"
    edit: str = "kinds/edit.html"
    create: May = May.EDIT
    in_tree: bool = True
    projection: Projection | None = None

    @cached_property
    def inputs(self) -> tuple[KindField, ...]:
        """The fields of the kind, in the order of their declaration."""
        return tuple(_inputs(self.fields))

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the fields by name."""
        return {one.name: one.label for one in self.inputs}

    @property
    def fixed(self) -> dict[str, str]:
        """The entries of the front matter of every page of the kind."""
        return {} if self.name == DEFAULT else {KEY: self.name}

    def checked(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a page with those of the kind in their stored form. An empty value
        is left out.

        :raises Invalid: for the first value that is missing or invalid.
        """
        found = dict(fields)
        for one in self.inputs:
            if found.get(one.name) not in (None, ""):
                found[one.name] = one.checked(found[one.name])
                continue
            found.pop(one.name, None)
            if one.required:
                raise Invalid(_("“%(label)s” is missing.", label=one.label), field=one.key)
        return found

    def read(self, fields: Mapping[str, Any]) -> Any:
        """Return the stored fields of a page as an object of the dataclass; None if a value is
        missing or invalid, as in a revision from before the kind was changed."""
        try:
            valid = self.checked(fields)
        except Invalid:
            return None
        stated = {one.name: one.read(valid[one.name]) for one in self.inputs if one.name in valid}
        return self.fields(**stated)

    def shown(self, fields: Mapping[str, Any]) -> list[tuple[KindField, Any]]:
        """Return the fields of the kind that a page states, with their values as stored."""
        return [(one, fields[one.name]) for one in self.inputs if one.name in fields]

    def sent(self, fields: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
        """Return the fields of a page with the values of the kind's inputs in a form."""
        found = dict(fields)
        for one in self.inputs:
            if one.key in form:
                found[one.name] = one.typed(form[one.key])
        return found

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the ``fields`` of a page of this kind."""
        return {
            "type": "object",
            "description": " ".join((self.fields.__doc__ or "").split()),
            "properties": {
                **{key: {"const": value} for key, value in self.fixed.items()},
                **{one.name: one.schema() for one in self.inputs},
            },
            "required": [one.name for one in self.inputs if one.required],
        }


def _inputs(fields: type[Any]) -> Iterator[KindField]:
    types = get_type_hints(fields)
    for one in dataclasses.fields(fields):
        declared = types[one.name]
        if NoneType in get_args(declared):
            (declared,) = (part for part in get_args(declared) if part is not NoneType)
        choices = get_args(declared) if get_origin(declared) is Literal else ()
        required = one.default is MISSING
        yield KindField(
            name=one.name,
            type=str if choices else declared,
            required=required,
            default=None if required else one.default,
            choices=choices,
            **one.metadata,
        )
