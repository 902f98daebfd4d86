"""Search and replacement of a passage in the columns that can contain words of pages.

The rooms declare these columns (``wiki/text_columns.py``). Bodies of revisions have their own code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import String, Table, and_, select, update
from sqlalchemy.orm import Session

from wiki.text.front_matter import block as frontmatter
from wiki.text.front_matter import changes
from wiki.text.rewrite.redaction import Span
from wiki.text.tags import tag_key
from wiki.text_columns import Area, TextColumns, TextType

SPOKEN = frozenset(
    (
        "path",
        "old_path",
        "new_path",
        "name",
        "where",
        "message",
        "title",
        "description",
        "reason",
        "sentence",
    )
)
"""The keys whose values in JSON of the wiki are words of people."""
_PATHS = frozenset({"path", "old_path", "new_path", "name", "where"})


@dataclass(frozen=True)
class Found:
    """A row that contains a span: its primary key, the new values by column, and the number of
    words removed."""

    key: tuple[Any, ...]
    values: Mapping[str, Any]
    words: int


def find(session: Session, text_columns: TextColumns, area: Area, span: Span) -> Iterator[Found]:
    """Yield the rows with a span in these columns."""
    table = cast(Table, text_columns.table.__table__)
    keys = list(table.primary_key.columns)
    columns = [table.c[name] for name in text_columns.columns]
    rows = (
        session.connection().execute(select(*keys, *columns).where(text_columns.rows(area))).all()
    )
    for row in rows:
        values, words = {}, 0
        for column, value in zip(columns, row[len(keys) :], strict=True):
            new, count = _without(text_columns.columns[column.name], value, span, area.paths)
            words += count
            if new != value:
                values[column.name] = _fitting(column.type, new)
        if words or values:
            yield Found(tuple(row[: len(keys)]), values, words)


def hide(session: Session, text_columns: TextColumns, area: Area, span: Span) -> int:
    """Replace a span with marks in these columns; return the number of words removed."""
    table = cast(Table, text_columns.table.__table__)
    keys = list(table.primary_key.columns)
    words = 0
    for found in list(find(session, text_columns, area, span)):
        words += found.words
        these = and_(*(key == value for key, value in zip(keys, found.key, strict=True)))
        if found.values:
            values = {**found.values, **text_columns.derived}
            session.connection().execute(update(table).where(these).values(values))
    return words


def spoken(value: Any, span: Span, paths: Mapping[str, str] | None = None) -> Any:
    """Return JSON of the wiki with marks in the values that are words of people."""
    return _spoken("", value, span, paths or {})[0]


def _without(
    text_type: TextType, value: Any, span: Span, paths: Mapping[str, str]
) -> tuple[Any, int]:
    """Return a value without a span, and the number of words removed."""
    if value is None:
        return None, 0
    if text_type is TextType.TEXT:
        return span.hide(value), span.words(value)
    if text_type is TextType.NAME:
        return span.hide_name(value), span.words(value)
    if text_type is TextType.PATH:
        if value in paths:
            new = paths[value]
            return new, span.words(value) if new != value else 0
        return span.hide_name(value), span.words(value)
    if text_type is TextType.TAGS:
        words = sum(map(span.words, value))
        return list({tag_key(tag): tag for tag in map(span.hide_name, value)}.values()), words
    if text_type is TextType.FIELDS:
        return _field(value, span)
    if text_type is TextType.BLOCK:
        return _block(value, span)
    return _spoken("", value, span, paths)


def _block(block: str, span: Span) -> tuple[str, int]:
    """Return a block of front matter without a span. If escapes conceal it, only the parsed values
    reveal it."""
    made, words = span.hide(block), span.words(block)
    entries, more = _field(frontmatter.read(made).entries(), span)
    if more:
        made = changes.rewrite(made, frontmatter.FrontMatter(rest=entries))
    return made, words + more


def _field(value: Any, span: Span) -> tuple[Any, int]:
    if isinstance(value, str):
        return span.hide(value), span.words(value)
    if isinstance(value, Mapping):
        made: dict[str, Any] = {}
        words = 0
        for name, one in value.items():
            key, new = span.hide_name(name), _field(one, span)
            while key in made:
                key += "-"
            made[key] = new[0]
            words += span.words(name) + new[1]
        return made, words
    if isinstance(value, list):
        parts = [_field(one, span) for one in value]
        return [new for new, _ in parts], sum(words for _, words in parts)
    if value is not None and span.pattern.search(str(value)):  # a number that matches as a whole
        return span.hide(str(value)), span.words(str(value))
    return value, 0


def _spoken(name: str, value: Any, span: Span, paths: Mapping[str, str]) -> tuple[Any, int]:
    if isinstance(value, str) and name in SPOKEN:
        return _without(TextType.PATH if name in _PATHS else TextType.TEXT, value, span, paths)
    if isinstance(value, Mapping):
        parts = {key: _spoken(key, one, span, paths) for key, one in value.items()}
        return {key: new for key, (new, _) in parts.items()}, sum(n for _, n in parts.values())
    if isinstance(value, list):
        listed = [_spoken(name, one, span, paths) for one in value]
        return [new for new, _ in listed], sum(n for _, n in listed)
    return value, 0


def _fitting(kind: Any, value: Any) -> Any:
    """Truncate a value to the length of its column: a mark may be longer than the text it
    replaces."""
    if isinstance(kind, String) and kind.length and isinstance(value, str):
        return value[: kind.length]
    return value
