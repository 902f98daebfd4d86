"""The places other than bodies of revisions that can contain a text of a page, in one table.

A package that stores words of pages in a new table adds an entry to :data:`PLACES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

from sqlalchemy import ColumnElement, String, Table, and_, false, select, update
from sqlalchemy.orm import Session

from wiki.attachments.models import Upload
from wiki.db import Base
from wiki.outbox.models import Delivery, EventRow
from wiki.pages.models import AllowedSecret, Page, RedactedPage, Redaction, Revision
from wiki.people.models import Mail
from wiki.reviews.models import Approval
from wiki.sharing.models import ShareLink
from wiki.text.front_matter import block as frontmatter
from wiki.text.rewrite.redaction import Span
from wiki.text.tags import tag_key
from wiki.transfer.models import Import, ImportedFile, Mirror


class Sort(Enum):
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
class Where:
    """The search area: pages and their spaces; for an admin, also data that belongs to no space."""

    page_ids: tuple[int, ...]
    space_ids: tuple[int, ...]
    everywhere: bool = False
    paths: Mapping[str, str] = field(default_factory=dict)
    """The new paths of pages by former path; other paths get a mark."""


@dataclass(frozen=True)
class Place:
    """Columns of a table that can contain words of pages.

    ``title`` marks columns with titles and paths. Columns that are not ``counted`` are left out of
    the preview, because the actor may not know their content.
    """

    words: str
    table: type[Base]
    columns: Mapping[str, Sort]
    of: Callable[[Where], ColumnElement[bool]]
    title: bool = False
    counted: bool = True


def _of_events(where: Where) -> ColumnElement[bool]:
    return Delivery.event_id.in_(select(EventRow.id).where(EventRow.page_id.in_(where.page_ids)))


PLACES: tuple[Place, ...] = (
    Place(
        "titles",
        Revision,
        {"title": Sort.TEXT},
        lambda where: Revision.page_id.in_(where.page_ids),
        title=True,
    ),
    Place(
        "addresses",
        Revision,
        {"path": Sort.PATH},
        lambda where: Revision.page_id.in_(where.page_ids),
        title=True,
    ),
    Place(
        "tags and properties",
        Revision,
        {"description": Sort.TEXT, "tags": Sort.TAGS, "fields": Sort.FIELDS},
        lambda where: Revision.page_id.in_(where.page_ids),
    ),
    Place(
        "front matter",
        Revision,
        {"front_matter": Sort.BLOCK},
        lambda where: Revision.page_id.in_(where.page_ids),
        title=True,
    ),
    Place(
        "addresses",
        Page,
        {"routes": Sort.FIELDS},
        lambda where: Page.id.in_(where.page_ids),
        title=True,
    ),
    Place(
        "messages",
        Revision,
        {"message": Sort.TEXT},
        lambda where: Revision.page_id.in_(where.page_ids),
        title=True,
    ),
    Place(
        "reasons",
        AllowedSecret,
        {"reason": Sort.TEXT, "masked": Sort.TEXT},
        lambda where: AllowedSecret.page_id.in_(where.page_ids),
    ),
    Place(
        "reasons",
        Redaction,
        {"reason": Sort.TEXT},
        lambda where: Redaction.id.in_(
            select(RedactedPage.redaction_id).where(RedactedPage.page_id.in_(where.page_ids))
        ),
        title=True,
    ),
    Place(
        "share links",
        ShareLink,
        {"recipient": Sort.TEXT},
        lambda where: ShareLink.page_id.in_(where.page_ids),
    ),
    Place(
        "uploads",
        Upload,
        {"name": Sort.NAME},
        lambda where: Upload.page_id.in_(where.page_ids),
        title=True,
    ),
    Place(
        "imports",
        ImportedFile,
        {"file": Sort.NAME},
        lambda where: ImportedFile.page_id.in_(where.page_ids),
        title=True,
    ),
    Place(
        "imports",
        Import,
        {"name": Sort.NAME, "report": Sort.SPOKEN, "failure": Sort.TEXT},
        lambda where: and_(Import.space_id.in_(where.space_ids), Import.finished_at.is_not(None)),
        title=True,
    ),
    Place(
        "mirrors",
        Mirror,
        {"failure": Sort.TEXT},
        lambda where: Mirror.space_id.in_(where.space_ids),
        title=True,
    ),
    Place(
        "approvals",
        Approval,
        {"payload": Sort.SPOKEN, "words": Sort.TEXT, "reason": Sort.TEXT},
        lambda where: Approval.payload["page_id"].as_integer().in_(where.page_ids),
        title=True,
    ),
    Place("jobs", Delivery, {"error": Sort.TEXT}, _of_events, title=True),
    # A mail belongs to no page, and its content is private to its reader.
    Place(
        "mails",
        Mail,
        {"subject": Sort.TEXT, "body": Sort.TEXT},
        lambda where: Mail.id > 0 if where.everywhere else false(),
        title=True,
        counted=False,
    ),
)


@dataclass(frozen=True)
class Found:
    """A row that contains a span: its primary key, the new values by column, and the number of
    words removed."""

    key: tuple[Any, ...]
    values: Mapping[str, Any]
    words: int


def find(session: Session, place: Place, where: Where, span: Span) -> Iterator[Found]:
    """Yield the rows of a place that contain a span."""
    table = cast(Table, place.table.__table__)
    keys = list(table.primary_key.columns)
    columns = [table.c[name] for name in place.columns]
    rows = session.connection().execute(select(*keys, *columns).where(place.of(where))).all()
    for row in rows:
        values, words = {}, 0
        for column, value in zip(columns, row[len(keys) :], strict=True):
            new, count = _without(place.columns[column.name], value, span, where.paths)
            words += count
            if new != value:
                values[column.name] = _fitting(column.type, new)
        if words or values:
            yield Found(tuple(row[: len(keys)]), values, words)


def hide(session: Session, place: Place, where: Where, span: Span) -> int:
    """Replace a span with marks in a place; return the number of words removed."""
    table = cast(Table, place.table.__table__)
    keys = list(table.primary_key.columns)
    words = 0
    for found in list(find(session, place, where, span)):
        words += found.words
        these = and_(*(key == value for key, value in zip(keys, found.key, strict=True)))
        if found.values:
            session.connection().execute(update(table).where(these).values(found.values))
    return words


def spoken(value: Any, span: Span, paths: Mapping[str, str] | None = None) -> Any:
    """Return JSON of the wiki with marks in the values that are words of people."""
    return _spoken("", value, span, paths or {})[0]


def _without(sort: Sort, value: Any, span: Span, paths: Mapping[str, str]) -> tuple[Any, int]:
    """Return a value without a span, and the number of words removed."""
    if value is None:
        return None, 0
    if sort is Sort.TEXT:
        return span.hide(value), span.words(value)
    if sort is Sort.NAME:
        return span.hide_name(value), span.words(value)
    if sort is Sort.PATH:
        if value in paths:
            new = paths[value]
            return new, span.words(value) if new != value else 0
        return span.hide_name(value), span.words(value)
    if sort is Sort.TAGS:
        words = sum(map(span.words, value))
        return list({tag_key(tag): tag for tag in map(span.hide_name, value)}.values()), words
    if sort is Sort.FIELDS:
        return _field(value, span)
    if sort is Sort.BLOCK:
        return _block(value, span)
    return _spoken("", value, span, paths)


def _block(block: str, span: Span) -> tuple[str, int]:
    """Return a block of front matter without a span. If escapes conceal it, only the parsed values
    reveal it."""
    made, words = span.hide(block), span.words(block)
    entries, more = _field(frontmatter.read(made).entries(), span)
    if more:
        made = frontmatter.rewrite(made, frontmatter.FrontMatter(rest=entries))
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
        return _without(Sort.PATH if name in _PATHS else Sort.TEXT, value, span, paths)
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
