"""Events of redactions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, Part


def _redacted(row: EventRow, names: Names) -> Iterable[Part]:
    payload = row.payload
    words = payload.get("words") or 0
    what = {
        "revision": "a revision",
        "file": "a file",
        "title": "a title",
    }.get(str(payload.get("kind")), "one word" if words == 1 else f"{words} words")
    yield Part(f"redacted {what} of ")
    yield from names.place(row)
    if payload.get("reason") and names.may_read(row):
        yield Part(": ")
        yield Part(str(payload["reason"]), name=True)


@dataclass(frozen=True)
class Redacted(Event):
    """A redaction in a page (None: of a file of the space), applied everywhere at once.

    ``kind`` is a span, a title, a revision or a file; ``words`` is the number of redacted words.
    """

    # Proves who redacted something, and the reason.
    policy = Policy(Category.CONTENT, expires=False, feed="redacted")
    sentence = _redacted

    space_id: int
    page_id: int | None
    redaction_id: int
    kind: str
    words: int
    reason: str


@dataclass(frozen=True)
class RedactionLifted(Event):
    """The end of a redaction: its content may be written again, but is not restored."""

    policy = Policy(Category.CONTENT, expires=False)
    sentence = "lifted a redaction on {page}"

    space_id: int
    page_id: int | None
    redaction_id: int
