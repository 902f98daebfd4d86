"""Operations on stars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Response, request, url_for

from wiki.bookmarks import actions, queries
from wiki.errors import SignInRequired
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
from wiki.web.urls import page_url

MOST = 200


@dataclass(frozen=True)
class Star:
    """A page that you have starred."""

    space: str = told("Slug of its space.")
    path: str = told("Path in the space; empty for the space's home page.")
    url: str = told("Address of the page in the browser.", format="uri-reference")
    title: str = told("Its title.")
    starred_at: datetime = told("When you starred it.")


@dataclass(frozen=True)
class StarList:
    """A slice of the pages that you have starred."""

    stars: list[Star] = told("The pages, the newest star first.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class StarInput:
    """The page to star."""

    space: str = told("Slug of its space.")
    path: str = told("Path in the space; empty for the space's home page.", "")


@operation(
    "GET",
    "/stars",
    "List the pages that you have starred.",
    {200: Answer("Pages, each with the time it was starred.", StarList)},
    queries=(AFTER, limit_query(queries.ROWS, MOST)),
)
def list_stars() -> Response:
    """Return only pages that you can read now. A star on a page that you can no longer read is kept
    and listed again once you can."""
    if actor().is_anonymous:
        raise SignInRequired
    limit = number_asked("limit")
    found = queries.list_starred(reading(), actor(), after=cursor_asked(), limit=limit)
    following = url_for("api.list_stars", after=found.after, limit=limit) if found.after else None
    stars = [
        Star(page.space.slug, page.path, page_url(page.space.slug, page.path), page.title, at)
        for page, at in found.rows
    ]
    return with_next(answer(StarList(stars, following)), following)


@operation(
    "PUT",
    "/stars",
    "Star a page.",
    {204: Answer("The page is starred.")},
    body=StarInput,
    writes=True,
    problems=(403, 413, 415),
)
def put_star() -> Response:
    """A page that has your star already keeps it."""
    sent = sent_body(StarInput)
    with writing() as session:
        actions.star(session, actor(), sent.space, sent.path)
    return Response(status=204)


@operation(
    "DELETE",
    "/stars",
    "Remove your star from a page.",
    {204: Answer("The page is not starred.")},
    queries=(
        Query("space", "Slug of its space.", required=True),
        Query("path", "Path in the space; by default, the space's home page."),
    ),
    writes=True,
    problems=(403,),
)
def remove_star() -> Response:
    """Nothing happens if the page has none."""
    slug, path = request.args.get("space", ""), request.args.get("path", "")
    with writing() as session:
        actions.unstar(session, actor(), slug, path)
    return Response(status=204)
