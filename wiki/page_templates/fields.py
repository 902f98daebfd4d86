"""Fields in a template: ``{{ Name }}``, with the kind of its value behind a bar, such as
``{{ Due | date }}``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wiki.errors import Invalid
from wiki.i18n import gettext as _

MOST_FIELDS = 30
"""Maximum number of fields that are asked for; further ones stay in the text."""
LONGEST_VALUE = 5000

_FIELD = re.compile(
    r"\{\{[ \t]*([^\W\d_][^{}|\n]{0,59}?)[ \t]*(?:\|[ \t]*([^{}|\n]{1,200}?)[ \t]*)?\}\}"
)


@dataclass(frozen=True)
class Field:
    """A field that a template asks for. ``kind`` is ``line``, ``text`` (several lines), ``date`` or
    ``choice``; ``choices`` are the values of the last one."""

    name: str
    kind: str = "line"
    choices: tuple[str, ...] = ()


def fields_in(texts: Iterable[str]) -> list[Field]:
    """Return the fields in these texts, each once, in their order. The kind of a field is the one
    given first: ``date``, ``text``, or choices separated by commas; others are single lines."""
    found: dict[str, Field] = {}
    for text in texts:
        for match in _FIELD.finditer(text):
            name, kind = match[1], match[2]
            if name not in found and len(found) == MOST_FIELDS:
                continue
            if name not in found or (kind and found[name].kind == "line"):
                found[name] = _field(name, kind or "")
    return list(found.values())


def fill(text: str, fields: Iterable[Field], values: Mapping[str, str]) -> str:
    """Return a text with the values in place of its fields. A field without a value disappears;
    what looks like a field in a value stays as it is."""
    known = {field.name for field in fields}

    def value_of(match: re.Match[str]) -> str:
        return values.get(match[1], "") if match[1] in known else match[0]

    return _FIELD.sub(value_of, text)


def checked(fields: Iterable[Field], sent: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a form by the names of its fields, whose inputs are ``field-1`` and so
    on. Line breaks stay only in fields of several lines.

    :raises Invalid: if a value is too long.
    """
    values = {}
    for number, field in enumerate(fields, 1):
        value = sent.get(f"field-{number}", "").replace("\r\n", "\n").strip()
        if len(value) > LONGEST_VALUE:
            raise Invalid(
                _(
                    "“%(name)s” can have up to %(number)s characters.",
                    name=field.name,
                    number=LONGEST_VALUE,
                ),
                field=f"field-{number}",
            )
        values[field.name] = value if field.kind == "text" else " ".join(value.split())
    return values


def _field(name: str, kind: str) -> Field:
    if kind in ("date", "text"):
        return Field(name, kind)
    choices = tuple(one.strip() for one in kind.split(",") if one.strip())
    return Field(name, "choice", choices) if len(choices) > 1 else Field(name)
