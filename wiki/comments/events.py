"""Events of comments. They name rows by their ids and contain no words of messages."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, own_or_other


def _changed(row: EventRow, _names: Names) -> str:
    if row.payload.get("resolved"):
        return _("resolved a discussion on {page}")
    return _("reopened a discussion on {page}")


@dataclass(frozen=True)
class CommentPosted(Event):
    """A new message. It opens the thread if it is the first one."""

    policy = Policy(Category.CONTENT, expires=False, audited=False)
    sentence = lazy_gettext("commented on {page}")

    space_id: int
    page_id: int
    thread_id: int
    message_id: int


@dataclass(frozen=True)
class CommentEdited(Event):
    """A changed text of a message. The former text is kept."""

    policy = Policy(Category.CONTENT, expires=False, audited=False)
    sentence = lazy_gettext("edited a comment on {page}")

    space_id: int
    page_id: int
    thread_id: int
    message_id: int


@dataclass(frozen=True)
class CommentDeleted(Event):
    """The deletion of a message's text; ``person_id`` is its author."""

    policy = Policy(Category.CONTENT, expires=False)
    title = lazy_gettext("Comment deleted")
    sentence = own_or_other(
        lazy_gettext("deleted their own comment on {page}"),
        lazy_gettext("deleted a comment by {person} on {page}"),
    )

    space_id: int
    page_id: int
    thread_id: int
    message_id: int
    person_id: int | None


@dataclass(frozen=True)
class ThreadStateChanged(Event):
    """A thread that was resolved or opened again."""

    policy = Policy(Category.CONTENT, expires=False, audited=False)
    sentence = _changed

    space_id: int
    page_id: int
    thread_id: int
    resolved: bool


@dataclass(frozen=True)
class PassagePlaced(Event):
    """A new place for a passage that had lost its own, chosen by a person."""

    policy = Policy(Category.CONTENT, expires=True, audited=False)
    sentence = lazy_gettext("found the passage of a discussion on {page} again")

    space_id: int
    page_id: int
    thread_id: int


def _settled(row: EventRow, _names: Names) -> str:
    if row.payload.get("accepted"):
        return _("accepted a suggestion on {page}")
    return _("dismissed a suggestion on {page}")


@dataclass(frozen=True)
class SuggestionSettled(Event):
    """A suggestion that was accepted, in ``revision``, or dismissed (0)."""

    policy = Policy(Category.CONTENT, expires=False, audited=False)
    sentence = _settled

    space_id: int
    page_id: int
    thread_id: int
    accepted: bool
    revision: int


@dataclass(frozen=True)
class CommentReacted(Event):
    """A reaction to a message. Publishers do not take turns for it, so it is outside of the hash
    chain."""

    policy = Policy(Category.CONTENT, expires=True, audited=False, chained=False)
    sentence = lazy_gettext("reacted to a comment on {page}")

    space_id: int
    page_id: int
    thread_id: int
    message_id: int
    sign: str
