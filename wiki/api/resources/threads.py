"""Discussions on pages: one dataclass for each object that is sent or received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from wiki.api.resources.lines import PageLine, Somebody
from wiki.comments.composing import LONGEST, LONGEST_REASON
from wiki.comments.signs import SIGNS
from wiki.web.shapes import VISIBLE, told


def _signs() -> list[str]:
    return list(SIGNS)


@dataclass(frozen=True)
class ReactionCount:
    """The number of people who reacted to a message with one sign."""

    sign: str = told("The sign.", enum=_signs)
    count: int = told("The number of people.")
    mine: bool = told("Whether you are one of them.")


@dataclass(frozen=True)
class Message:
    """A message of a thread."""

    id: int = told("Never changes; `/-/p/<page>#m<id>` always leads to the message.")
    number: int = told("Its number in the thread; 1 opens it.")
    answers: int | None = told(
        "Number of the message that it replies to; null if it replies to the thread as a whole."
    )
    author: Somebody | None = told("Its author; null if the account was removed.")
    body: str = told("Its text in Markdown; empty if it was deleted.")
    html: str = told("Its text as HTML; empty if it was deleted.")
    revision: int = told("The page’s latest revision when the text was written.")
    created_at: datetime = told("When it was posted.")
    edited_at: datetime | None = told("When its text was last changed; null if never.")
    deleted_at: datetime | None = told("When it was deleted; null if it was not.")
    reactions: list[ReactionCount] = told("Reactions to it.")
    url: str = told("Address of the message in the browser.", format="uri-reference")


@dataclass(frozen=True)
class StateChange:
    """A change of the state of a thread."""

    state: Literal["open", "resolved"] = told("The new state.")
    reason: str = told("The reason; may be empty.")
    by: Somebody | None = told("The person; null if the account was removed.")
    at: datetime = told("When.")


@dataclass(frozen=True)
class Thread:
    """A discussion about a page, with its first message and some of its replies."""

    id: int = told("Never changes, even when the page moves.")
    page: PageLine = told("The page.")
    state: Literal["open", "resolved"] = told("Whether it is open or resolved.")
    opened_by: Somebody | None = told("The person who opened it; null if the account was removed.")
    opened_at: datetime = told("When it was opened.")
    resolved_at: datetime | None = told("When it was resolved; null while it is open.")
    changes: list[StateChange] = told("The latest changes of its state, oldest first.")
    messages_total: int = told("The number of its messages, deleted ones included.")
    messages: list[Message] = told("Messages, by number; always with the first one.")
    url: str = told("Address of the discussion in the browser.", format="uri-reference")


@dataclass(frozen=True)
class WholeThread(Thread):
    """A thread with a slice of its messages."""

    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class ThreadList:
    """A slice of the threads of a page."""

    threads: list[Thread] = told("The threads, the newest first, each with its last replies.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class MessageInput:
    """The text of a message."""

    body: str = told("Its text in Markdown.", maxLength=LONGEST, pattern=VISIBLE)


@dataclass(frozen=True)
class ReplyInput:
    """A reply."""

    body: str = told("Its text in Markdown.", maxLength=LONGEST, pattern=VISIBLE)
    answers: int = told(
        "Number of the message that it replies to; by default, the thread as a whole.",
        1,
        minimum=1,
    )


@dataclass(frozen=True)
class StateInput:
    """The reason of a change of state."""

    reason: str = told("The reason, in one line.", "", maxLength=LONGEST_REASON)
