"""Operations on what the user watches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Response, request, url_for
from sqlalchemy.orm import Session

from wiki.errors import Forbidden, Invalid, SignInRequired
from wiki.searches.models import SavedSearch
from wiki.watching import actions, queries
from wiki.watching.levels import Level
from wiki.watching.models import Watch
from wiki.watching.subjects import SeenSubject, see_place, see_tag, see_thread
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
from wiki.web.shapes import told

MOST = 200
LEVELS = [one.word for one in Level]
_LEVEL = "How much you are notified of; each level includes those before it."


@dataclass(frozen=True)
class WatchItem:
    """Something that you watch, by yourself or in a group."""

    space: str | None = told("Slug of its space; null for a tag or a saved search.")
    path: str | None = told("Path of the page; null for anything else than a page or a discussion.")
    thread: int | None = told("Id of the discussion; null for anything else.")
    tag: str | None = told("The tag; null for anything else.")
    search: str | None = told("Name of your saved search; null for anything else.")
    level: str = told(_LEVEL, enum=LEVELS)
    group: str | None = told("Name of the group through which you watch it, or null.")
    reason: str = told("Why you watch it.", enum=["chosen", "wrote", "commented"])
    since: datetime = told("Since when.")


@dataclass(frozen=True)
class WatchList:
    """A slice of what you watch."""

    watches: list[WatchItem] = told("What you watch, the newest first.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class WatchInput:
    """A subject to watch: a space, a page and the pages below it, a discussion, or a tag."""

    level: str = told(_LEVEL, "changes", enum=LEVELS)
    space: str = told("Slug of the space; empty for a discussion or a tag.", "")
    path: str = told("Path of the page; empty for the space.", "")
    thread: int = told("Id of the discussion, or 0.", 0, minimum=0)
    tag: str = told("The tag, or nothing.", "")


@operation(
    "GET",
    "/watches",
    "List what you watch.",
    {200: Answer("What you watch, with the levels.", WatchList)},
    queries=(AFTER, limit_query(queries.ROWS, MOST)),
)
def list_watches() -> Response:
    """Return only what you can read now."""
    if actor().is_anonymous:
        raise SignInRequired
    limit = number_asked("limit")
    found = queries.list_watches(reading(), actor(), after=cursor_asked(), limit=limit)
    following = url_for("api.list_watches", after=found.after, limit=limit) if found.after else None
    searches = queries.searches_of(reading(), actor(), found.rows)
    items = [_item(row, searches.get(row.id)) for row in found.rows]
    return with_next(answer(WatchList(items, following)), following)


@operation(
    "PUT",
    "/watches",
    "Watch something.",
    {204: Answer("The level is set.")},
    body=WatchInput,
    writes=True,
    problems=(403, 413, 415),
)
def put_watch() -> Response:
    """Set your own level. What you watch already changes its level."""
    sent = sent_body(WatchInput)
    level = actions.level_named(sent.level)
    with writing() as session:
        seen = _find(session, sent)
        actions.watch(session, actor(), seen, level)
    return Response(status=204)


@operation(
    "DELETE",
    "/watches",
    "Remove your own level for something.",
    {204: Answer("You have no level of your own for it.")},
    queries=(
        Query("space", "Slug of the space."),
        Query("path", "Path of the page; by default, the space itself."),
        Query(
            "thread",
            "Id of the discussion.",
            {"type": "integer", "minimum": 0, "maximum": 2**53, "default": 0},
        ),
        Query("tag", "The tag."),
    ),
    writes=True,
    problems=(403,),
)
def remove_watch() -> Response:
    """Let the watches above it, yours and those of your groups, hold again."""
    ask = request.args.get
    sent = WatchInput("", ask("space", ""), ask("path", ""), number_asked("thread"), ask("tag", ""))
    with writing() as session:
        actions.watch(session, actor(), _find(session, sent), None)
    return Response(status=204)


def _find(session: Session, sent: WatchInput) -> SeenSubject:
    if actor().is_anonymous:
        raise SignInRequired
    if [bool(sent.space), bool(sent.thread), bool(sent.tag)].count(True) != 1:
        raise Invalid("Name exactly one of “space”, “thread” and “tag”.", field="space")
    if sent.thread:
        return see_thread(session, actor(), sent.thread)
    if sent.space:
        return see_place(session, actor(), sent.space, sent.path)
    if actor().is_narrow:
        raise Forbidden("This token is limited to some spaces, and tags belong to none.")
    return see_tag(sent.tag)


def _item(row: Watch, search: SavedSearch | None) -> WatchItem:
    space = queries.space_of(row)
    return WatchItem(
        space=space.slug if space else None,
        path=row.page.path if row.page else None,
        thread=row.thread_id,
        tag=row.tag,
        search=search.name if search else None,
        level=Level(row.level).word,
        group=row.group.handle if row.group else None,
        reason=row.reason,
        since=row.since,
    )
