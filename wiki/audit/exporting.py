"""Export of the log of events as a file for spreadsheets and other programs, in batches."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from enum import StrEnum

from wiki.audit.queries import Entry, Found, list_audit
from wiki.audit.sentences import plain
from wiki.db import Database
from wiki.rules.access import Actor
from wiki.web.screens.filters import iso

AT_ONCE = 500
COLUMNS = (
    "id",
    "at",
    "who",
    "user",
    "what",
    "category",
    "event",
    "space",
    "page",
    "page_id",
    "address",
    "link",
    "could_read",
    "did_read",
)
# Spreadsheets treat a cell that begins with one of these as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Format(StrEnum):
    """The format of the file."""

    CSV = "csv"
    JSONL = "jsonl"

    @property
    def content_type(self) -> str:
        """The media type of the file."""
        return "text/csv" if self is Format.CSV else "application/jsonl"


def write_audit(
    database: Database, actor: Actor, found: Found, format: Format, *, before: int
) -> Iterator[str]:
    """Yield the events before the id ``before``, newest first, as lines of a file."""
    line = _csv_line if format is Format.CSV else _json_line
    if format is Format.CSV:
        yield _csv(COLUMNS)
    cursor: int | None = before
    while cursor is not None:
        with database.read() as session:
            some = list_audit(session, actor, found, before=cursor, limit=AT_ONCE)
        if some.rows:
            yield "".join(map(line, some.rows))
        cursor = int(some.after) if some.after else None


def _values(entry: Entry) -> tuple[str | int | None, ...]:
    return (
        entry.id,
        iso(entry.at),
        entry.who.text,
        entry.person.handle if entry.person else "",
        plain(entry.sentence),
        entry.category.value,
        entry.name,
        entry.space,
        f"/{entry.page.space.slug}/{entry.page.path}" if entry.page else "",
        entry.page_id,
        entry.address,
        entry.link,
        entry.could_read,
        entry.did_read,
    )


def _csv_line(entry: Entry) -> str:
    return _csv([_guarded(one) for one in _values(entry)])


def _json_line(entry: Entry) -> str:
    return json.dumps(dict(zip(COLUMNS, _values(entry), strict=True)), ensure_ascii=False) + "\n"


def _guarded(value: str | int | None) -> str | int | None:
    """Return the value, escaped so that no spreadsheet treats it as a formula."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value


def _csv(values: object) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)  # type: ignore[arg-type]
    return line.getvalue()
