"""Operations on the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Response, request, url_for

from wiki.errors import SignInRequired
from wiki.inbox import actions, queries
from wiki.inbox.kinds import Because, Kind, State
from wiki.inbox.queries import Told
from wiki.inbox.shown import sentence, url_of, why
from wiki.web.operations import (
    AFTER,
    Answer,
    Query,
    answer,
    cursor_asked,
    limit_query,
    number_asked,
    operation,
    sent_body,
    with_next,
)
from wiki.web.request import actor, reading, writing
from wiki.web.shapes import told as described

MOST = 200


@dataclass(frozen=True)
class NoticeItem:
    """A notice of something that you watch, or of where you are mentioned."""

    id: int = described("Its id.")
    kind: str = described("What it is about.", enum=[one.value for one in Kind])
    reason: str = described("Why you are notified.", enum=[one.value for one in Because])
    state: str = described("What you did with it.", enum=[one.name.lower() for one in State])
    space: str | None = described("Slug of the space.")
    path: str | None = described("Path of the page; null for a request for access.")
    thread: int | None = described("Id of the discussion, or null.")
    title: str | None = described("Title of the page, or null.")
    url: str = described("Address in the browser.", format="uri-reference")
    sentence: str = described("What happened, in words.")
    why: str = described("Why you are notified, in words.")
    count: int = described("Number of events since you last read it.")
    at: datetime = described("When the newest of them happened.")
    snoozed_until: datetime | None = described("When it comes back, if it is snoozed.")


@dataclass(frozen=True)
class NoticeList:
    """A slice of your notices."""

    notices: list[NoticeItem] = described("Notices: unread ones first, then the newest first.")
    unread: int = described("Number of unread notices, counted up to 100.")
    next: str | None = described(
        "Address of the next slice; null at the end.", format="uri-reference"
    )


@dataclass(frozen=True)
class NoticeInput:
    """An action on a notice."""

    do: str = described("The action.", enum=[one.value for one in actions.Do])


@operation(
    "GET",
    "/inbox",
    "List your notices.",
    {200: Answer("Notices, with the number of unread ones.", NoticeList)},
    queries=(
        Query("show", "Which notices.", {"enum": [*queries.SHOWS], "default": "inbox"}),
        AFTER,
        limit_query(queries.ROWS, MOST),
    ),
)
def list_notices() -> Response:
    """Return only notices of what you can read now."""
    if actor().is_anonymous:
        raise SignInRequired
    limit, show = number_asked("limit"), request.args.get("show", "inbox")
    found = queries.list_notices(reading(), actor(), show, after=cursor_asked(), limit=limit)
    following = None
    if found.after:
        following = url_for("api.list_notices", show=show, limit=limit, after=found.after)
    unread = queries.count_unread(reading(), actor())
    listed = NoticeList([_item(one) for one in found.rows], unread, following)
    return with_next(answer(listed), following)


@operation(
    "POST",
    "/inbox/{notice}",
    "Mark a notice as read, unread or done, snooze it, or mute what it is about.",
    {204: Answer("It is done.")},
    body=NoticeInput,
    writes=True,
    problems=(403, 413, 415),
)
def change_notice(notice: int) -> Response:
    """Muting sets your own level for the discussion or the page."""
    sent = sent_body(NoticeInput)
    with writing() as session:
        actions.do(session, actor(), notice, sent.do)
    return Response(status=204)


def _item(one: Told) -> NoticeItem:
    notice, space = one.notice, one.space
    return NoticeItem(
        id=notice.id,
        kind=notice.kind,
        reason=notice.reason,
        state=State(notice.state).name.lower(),
        space=space.slug if space else None,
        path=notice.page.path if notice.page else None,
        thread=notice.thread_id,
        title=notice.page.title if notice.page else None,
        url=url_of(one),
        sentence=sentence(one),
        why=why(one),
        count=notice.count,
        at=one.event.at if one.event else notice.told_at,
        snoozed_until=notice.snoozed_until,
    )
