"""Discussions on pages: one dataclass for each object that is sent or received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from wiki.api.resources.lines import PageLine, Somebody
from wiki.comments.composing import LONGEST, LONGEST_REASON
from wiki.comments.locating import LONGEST_QUOTE
from wiki.comments.signs import SIGNS
from wiki.web.shapes import VISIBLE, told


def _before() -> Any:
    return told("What is before it, to tell it from its copies.", "", maxLength=LONGEST_QUOTE)


def _after() -> Any:
    return told("What is after it.", "", maxLength=LONGEST_QUOTE)


def _revision() -> Any:
    return told("The revision that you quote; by default, the latest one.", 0, minimum=0)


def _place() -> Any:
    return told("Which one it is if it occurs several times, from 1.", 0, minimum=0)


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
class Place:
    """The place of a passage in the Markdown text of a revision; the certainty says how the passage
    was followed there."""

    certainty: Literal["exact", "moved", "changed", "lost"] = told(
        "`exact`: unchanged. `moved`: the same words at another place. `changed`: other words at "
        "its place. `lost`: the page does not contain it any more; start and end are 0."
    )
    revision: int = told("The revision, usually the latest one.")
    start: int = told("Number of characters before it in the text.")
    end: int = told("Number of characters up to its end.")
    words: str = told("What readers see of it; empty if it is lost.")


@dataclass(frozen=True)
class Passage:
    """The passage of a page that a thread is about."""

    quote: str = told("Its Markdown text when the thread was opened.")
    words: str = told("What readers saw of it.")
    before: str = told("The text before it.")
    after: str = told("The text after it.")
    revision: int = told("The revision that it was quoted from.")
    start: int = told("Number of characters before it in the text of that revision.")
    place: Place = told("Where it is now.")


@dataclass(frozen=True)
class Suggestion:
    """A text that is suggested in place of the passage."""

    text: str = told("The text, in Markdown.")
    state: Literal["open", "accepted", "dismissed"] = told("What was decided.")
    reason: str = told("The reason of a dismissal; may be empty.")
    settled_by: Somebody | None = told("The person who decided.")
    settled_at: datetime | None = told("When it was decided; null while it is open.")
    applied_revision: int | None = told("The revision that was made of it; null if none was.")


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
    passage: Passage | None = told("The passage that it is about; null if it is about the page.")
    suggestion: Suggestion | None = told("The suggestion that was made with it; null if none was.")
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
class PassageInput:
    """A passage of a page."""

    quote: str = told(
        "The words that readers see, or the Markdown text.",
        maxLength=LONGEST_QUOTE,
        pattern=VISIBLE,
    )
    before: str = _before()
    after: str = _after()
    revision: int = _revision()
    place: int = _place()


@dataclass(frozen=True)
class ThreadInput:
    """The first message of a thread, and what the thread is about."""

    body: str = told("Its text in Markdown.", maxLength=LONGEST, pattern=VISIBLE)
    quote: str = told(
        "The passage that it is about, as readers see it or in Markdown; by default, the thread is "
        "about the page.",
        "",
        maxLength=LONGEST_QUOTE,
    )
    before: str = _before()
    after: str = _after()
    revision: int = _revision()
    place: int = _place()
    suggestion: str | None = told(
        "A text, in Markdown, that an editor can accept in place of the passage.",
        None,
        maxLength=LONGEST,
    )


@dataclass(frozen=True)
class SuggestionInput:
    """The decision on a suggestion."""

    state: Literal["accepted", "dismissed"] = told("The decision.")
    reason: str = told("The reason of a dismissal, in one line.", "", maxLength=LONGEST_REASON)


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
    """A new state of a thread."""

    state: Literal["open", "resolved"] = told("The state.")
    reason: str = told("The reason, in one line.", "", maxLength=LONGEST_REASON)
