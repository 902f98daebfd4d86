"""Redacted spans, and checks that an old copy, a merge or an import does not bring them back.

The text itself is deleted. It is recognised by a keyed hash until a lead allows it to be written
again: on the pages that it was removed from, on new pages at their paths, and in everything that is
imported into their space. Other pages are not checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from os import urandom
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext, ngettext
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.redaction.models import RedactedPage, Redaction
from wiki.text.rewrite.redaction import SALT_BYTES, Sealed, Span, hide_sealed, occurrences, seal

MOST_LINES = 3
"""Maximum number of lines that an error names."""


class Redacted(Invalid):
    """A text contains a redacted span. Nothing was saved and nothing is lost."""

    title = lazy_gettext("This text was redacted")

    def __init__(self, lines: Sequence[int]) -> None:
        named = ", ".join(map(str, lines[:MOST_LINES])) + (", …" if lines[MOST_LINES:] else "")
        what = _("Nothing was saved: the text contains something that was redacted here.")
        if lines:
            what = ngettext(
                "Nothing was saved: the text contains something that was redacted here "
                "(line %(named)s).",
                "Nothing was saved: the text contains something that was redacted here "
                "(lines %(named)s).",
                len(lines),
                named=named,
            )
        advice = _("Remove it and save again, or ask a lead of the space to allow it again.")
        super().__init__(f"{what} {advice}", field="body")


def remember(session: Session, span: Span) -> dict[str, Any]:
    """Return the columns by which a redaction recognises its span without storing it."""
    key, salt = _key(session), urandom(SALT_BYTES)
    if key is None:
        return {}
    sealed = seal(span, key, salt)
    return {
        "length": sealed.length,
        "salt": sealed.salt,
        "filter": sealed.filter,
        "digest": sealed.digest,
        "whole": sealed.whole,
    }


def require_unredacted(
    session: Session,
    text: Text,
    message: str,
    *,
    page_id: int | None = None,
    space_id: int | None = None,
    at: str | None = None,
) -> None:
    """Check that a save does not bring back a redacted span.

    :param page_id: the page that the text is for; for a new page, pass ``space_id`` instead.
    :param at: the path key of the new page; only spans that were redacted there are checked.
        Without it, all spans that were redacted in the space are.
    :raises Redacted: with the lines, if it does.
    """
    which = {"page_id": page_id, "space_id": space_id, "at": at}
    statement = _of_page() if page_id else _of_space() if at is None else _of_place()
    known = [_sealed(*row) for row in session.execute(statement, which)]
    key = _key(session)
    if not known or key is None:
        return
    lines: set[int] = set()
    found = False
    for sealed in known:
        besides = [text.title, message]
        if not sealed.in_titles:
            for start, _ in occurrences(text.body, sealed, key):
                found = True
                lines.add(text.body.count("\n", 0, start) + 1)
            besides += [text.description, *text.tags, *_leaves(text.fields), text.front_matter]
        found = found or any(occurrences("\n".join(besides), sealed, key))
    if found:
        raise Redacted(sorted(lines))


def without_redacted(session: Session, text: Text, known: Sequence[Sealed]) -> Text:
    """Return an imported text in which redacted spans are replaced by marks."""
    key = _key(session)
    if not known or key is None:
        return text

    def hidden(value: Any, *, title: bool = False) -> Any:
        if isinstance(value, str):
            for sealed in known:
                if title or not sealed.in_titles:
                    value = hide_sealed(value, sealed, key)
            return value
        if isinstance(value, Mapping):
            return {name: hidden(one) for name, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [hidden(one) for one in value]
        return value

    return replace(
        text,
        title=hidden(text.title, title=True),
        body=hidden(text.body),
        description=hidden(text.description),
        tags=tuple(dict.fromkeys(hidden(one) for one in text.tags)),
        fields=hidden(text.fields),
        front_matter=hidden(text.front_matter, title=True),
    )


def spans_by_page(session: Session, space_id: int) -> dict[int, list[Sealed]]:
    """Return the redacted spans of a space by page id; those of pages that no longer exist under
    0."""
    found: dict[int, list[Sealed]] = {}
    rows = session.execute(
        select(*_COLUMNS, RedactedPage.page_id)
        .outerjoin(RedactedPage, RedactedPage.redaction_id == Redaction.id)
        .where(Redaction.space_id == space_id, Redaction.digest.is_not(None))
    )
    for row in rows:
        found.setdefault(row.page_id or 0, []).append(_sealed(*row[:-1]))
    return found


def _sealed(
    length: int, salt: bytes | None, first: int, digest: bytes | None, whole: bool, kind: str
) -> Sealed:
    return Sealed(length, salt or b"", first, digest or b"", whole, kind == "title")


def _leaves(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple)):
            waiting += one
        elif one is not None:
            yield str(one)


def _key(session: Session) -> bytes | None:
    key = session.info.get("key")
    return hashlib.sha256(b"redacted\0" + key().encode()).digest() if key is not None else None


_COLUMNS = (
    Redaction.length,
    Redaction.salt,
    Redaction.filter,
    Redaction.digest,
    Redaction.whole,
    Redaction.kind,
)


@cache
def _of_page() -> Select[Any]:
    return (
        select(*_COLUMNS)  # type: ignore[return-value]
        .join(RedactedPage, RedactedPage.redaction_id == Redaction.id)
        .where(RedactedPage.page_id == bindparam("page_id"), Redaction.digest.is_not(None))
    )


@cache
def _of_place() -> Select[Any]:
    # Redaction comes first in the join, because a space has few redactions.
    return (
        select(*_COLUMNS)  # type: ignore[return-value]
        .join(RedactedPage, RedactedPage.redaction_id == Redaction.id)
        .join(Page, Page.id == RedactedPage.page_id)
        .where(
            Redaction.space_id == bindparam("space_id"),
            Redaction.digest.is_not(None),
            Page.path_key == bindparam("at"),
        )
    )


@cache
def _of_space() -> Select[Any]:
    return select(*_COLUMNS).where(  # type: ignore[return-value]
        Redaction.space_id == bindparam("space_id"), Redaction.digest.is_not(None)
    )
