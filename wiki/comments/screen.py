"""The screen of a page's comments: what it shows, and its forms with what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from wiki.comments import queries
from wiki.comments.access import SeenThread
from wiki.comments.composing import LONGEST, LONGEST_REASON, quoted
from wiki.comments.locating import LONGEST_QUOTE, Quoted, SeveralPlaces
from wiki.comments.models import Message, Thread
from wiki.comments.queries import ThreadRead
from wiki.comments.quoting import FormattedPassage
from wiki.comments.shown import html_of
from wiki.comments.signs import SIGNS
from wiki.errors import Invalid, NotFound, TooLarge
from wiki.pages.access.access_log import log_read
from wiki.pages.page_context import Past, page_frame
from wiki.rules.access import May
from wiki.text.compare.diff import EFFORT
from wiki.text.compare.words import Effort, mark
from wiki.text.passages.following import Passage
from wiki.web.request import actor, reading


@dataclass(frozen=True)
class Typed:
    """Input of a form of the screen, and why it was refused. ``thread_id`` is 0 for the form of a
    new thread; ``answers`` is the number of the message that a reply answers. ``quoted`` is the
    passage that a new thread is about, or that the passage of a thread is now, and ``suggestion``
    a text in its place."""

    body: str = ""
    thread_id: int = 0
    answers: int = 0
    reason: str = ""
    error: Invalid | TooLarge | None = None
    quoted: Quoted | None = None
    suggestion: str | None = None

    @property
    def places(self) -> Sequence[Passage]:
        """The places among which the user has to choose one."""
        return self.error.places if isinstance(self.error, SeveralPlaces) else ()

    @property
    def source(self) -> str:
        """The Markdown that a suggestion would replace, if the user has to look at it first."""
        return self.error.source if isinstance(self.error, FormattedPassage) else ""

    @property
    def status(self) -> int:
        """The status of the response."""
        return self.error.status if self.error else 200

    @property
    def errors(self) -> Mapping[str, str]:
        """The refusal by the field that it is about."""
        return {self.error.field or "": self.error.sentence} if self.error else {}


def list_screen(past: Past, typed: Typed) -> ResponseReturnValue:
    """Show the threads of a page in one state."""
    asked = request.args.get("state", "open")
    state: queries.State = next((one for one in queries.STATES if one == asked), "open")
    session, page = reading(), past.page
    found = queries.list_threads(session, page, state, after=request.args.get("after"))
    read = queries.read_threads(session, found.rows, actor().person_id)
    return _screen(
        past,
        read,
        typed,
        state=state,
        counts=queries.count_threads(session, page),
        after=found.after,
    )


def thread_screen(
    past: Past, thread: Thread, typed: Typed, *, number: int = 0
) -> ResponseReturnValue:
    """Show one thread with its messages.

    :param number: a message that the shown slice contains.
    """
    start = request.args.get("from", type=int) or max(number - 1, 0)
    start = min(max(start, 0), thread.last_number) // queries.MESSAGES * queries.MESSAGES
    read = queries.read_thread(reading(), thread, actor().person_id, after=start)
    return _screen(past, [read], typed, alone=thread, start=start)


def _screen(
    past: Past, threads: Sequence[ThreadRead], typed: Typed, **more: Any
) -> ResponseReturnValue:
    page, seen = past.page, past.seen
    messages = [message for thread in threads for message in thread.messages]
    html = html_of(reading(), actor(), past.space.slug, page, messages)
    log_read(seen, page, page.head)
    effort = Effort(EFFORT)
    live = page.deleted_at is None
    body = render_template(
        "comments/comments.html",
        **page_frame(past, page),
        threads=threads,
        html=html,
        typed=typed,
        errors=typed.errors,
        signs=SIGNS,
        longest=LONGEST,
        longest_reason=LONGEST_REASON,
        longest_quote=LONGEST_QUOTE,
        most_counted=queries.MOST_COUNTED,
        slice_size=queries.MESSAGES,
        may_comment=live and bool(seen.may(May.COMMENT)) and not actor().is_anonymous,
        may_settle=lambda thread: live and SeenThread(thread, seen).may_settle,
        may_edit=live and bool(seen.may(May.EDIT)),
        diffs={
            read.thread.id: mark(read.thread.quote, read.suggestion.text, effort)
            for read in threads
            if read.suggestion is not None
        },
        may_manage=live and bool(seen.may(May.MANAGE)),
        is_live=live,
        **{"alone": None, "start": 0, "state": "", "counts": {}, "after": None, **more},
    )
    return body, typed.status


def thread_of(past: Past, thread_id: int) -> Thread:
    """Return a thread of a page.

    :raises NotFound: when the page has no such thread.
    """
    thread = reading().get(Thread, thread_id)
    if thread is None or thread.page_id != past.page.id:
        raise NotFound
    return thread


def message_of(past: Past, message_id: int) -> Message:
    """Return a message on a page.

    :raises NotFound: when the page has no such message.
    """
    message = reading().scalar(
        select(Message)
        .join(Message.thread)
        .where(Message.id == message_id, Thread.page_id == past.page.id)
    )
    if message is None:
        raise NotFound
    return message


def reply_to_form(thread: Thread, answers: int, *, quote: bool) -> Typed:
    """Return the empty form of a reply to a message of a thread, or one that begins with a
    quotation of it."""
    message = reading().scalar(
        select(Message).where(Message.thread_id == thread.id, Message.number == answers)
    )
    if message is None or message.deleted_at is not None:
        return Typed(thread_id=thread.id)
    body = quoted(message.text) if quote else ""
    return Typed(body, thread.id, message.number)
