"""Events of share links."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names


def _shared(row: EventRow, _names: Names) -> str:
    if row.payload.get("subtree"):
        return _("created a share link to {page} and the pages below it")
    return _("created a share link to {page}")


def _suspended(row: EventRow, _names: Names) -> str:
    if row.payload.get("cause") == "guesses":
        return _("caused a share link to {page} to be suspended by wrong passwords")
    return _("caused a share link to {page} to be suspended by opening it too often")


@dataclass(frozen=True)
class ShareMade(Event):
    """A new share link: a page (with ``subtree`` also the pages below it) can be read without an
    account."""

    # Proves what was shared with people without an account, and by whom.
    policy = Policy(Category.ACCESS, expires=False)
    title = lazy_gettext("Share made")
    sentence = _shared

    space_id: int
    page_id: int
    share_id: int
    subtree: bool


@dataclass(frozen=True)
class ShareRevoked(Event):
    """The revocation of a share link."""

    policy = Policy(Category.ACCESS, expires=False)
    title = lazy_gettext("Share revoked")
    sentence = lazy_gettext("revoked a share link to {page}")

    space_id: int
    page_id: int
    share_id: int


@dataclass(frozen=True)
class ShareSuspended(Event):
    """The suspension of a share link that was opened too often (``visits``) or with too many wrong
    passwords (``guesses``)."""

    policy = Policy(Category.ACCESS, expires=False)
    title = lazy_gettext("Share suspended")
    sentence = _suspended

    space_id: int
    page_id: int
    share_id: int
    cause: str


@dataclass(frozen=True)
class ShareResumed(Event):
    """The end of the suspension of a share link."""

    policy = Policy(Category.ACCESS, expires=False)
    title = lazy_gettext("Share resumed")
    sentence = lazy_gettext("resumed a share link to {page}")

    space_id: int
    page_id: int
    share_id: int
