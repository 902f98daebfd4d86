"""Events of redactions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext, ngettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, Part, filled


def _redacted(row: EventRow, names: Names) -> Iterable[Part]:
    payload = row.payload
    words = payload.get("words") or 0
    match payload.get("kind"):
        case "revision":
            sentence = _("redacted a revision of {place}")
        case "file":
            sentence = _("redacted a file of {place}")
        case "title":
            sentence = _("redacted a title of {place}")
        case _:
            sentence = ngettext(
                "redacted one word of {place}", "redacted %(num)s words of {place}", words
            )
    parts = filled(sentence, {"place": names.place(row)})
    if not payload.get("reason") or not names.may_read(row):
        return parts
    reason = Part(str(payload["reason"]), name=True)
    return filled(_("{sentence}: {reason}"), {"sentence": parts, "reason": [reason]})


@dataclass(frozen=True)
class Redacted(Event):
    """A redaction in a page (None: of a file of the space), applied everywhere at once.

    ``kind`` is a span, a title, a revision or a file; ``words`` is the number of redacted words.
    """

    # Proves who redacted something, and the reason.
    policy = Policy(Category.CONTENT, expires=False, feed="redacted")
    title = lazy_gettext("Redacted")
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
    title = lazy_gettext("Redaction lifted")
    sentence = lazy_gettext("lifted a redaction on {page}")

    space_id: int
    page_id: int | None
    redaction_id: int
