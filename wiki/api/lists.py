"""Operations that list pages by tag, author and date, and tags."""

from __future__ import annotations

from flask import Response, request, url_for

from wiki.api import wire
from wiki.api.resources import lists as resources
from wiki.errors import Invalid
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space
from wiki.tags import lists, queries
from wiki.web.operations import (
    AFTER,
    Answer,
    Query,
    answer,
    cursor_asked,
    limit_query,
    number_asked,
    operation,
    with_next,
)
from wiki.web.request import actor, reading

MOST_PAGES = 200
MOST_TAGS = 500
_DAY = {"type": "string", "format": "date"}
_SPACE = Query("space", "Slug of a space to list; by default, all spaces you can read.")


@operation(
    "GET",
    "/pages",
    "List pages.",
    {200: Answer("Pages, without their text.", resources.PageList)},
    queries=(
        _SPACE,
        Query("tag", "Only pages with this tag."),
        Query("author", "Only pages edited by the person with this user name."),
        Query("since", "Only pages last changed on or after this day (UTC).", _DAY),
        Query("until", "Only pages last changed on or before this day (UTC).", _DAY),
        Query(
            "sort",
            "By last change (newest first), by creation date (newest first) or by title.",
            {"enum": [order.value for order in lists.Order], "default": "updated"},
        ),
        AFTER,
        limit_query(lists.ROWS, MOST_PAGES),
    ),
)
def list_pages() -> Response:
    """Filters can be combined. Tags are up to date within seconds of a save."""
    limit = number_asked("limit")
    space = _space()
    for day in ("since", "until"):
        if day in request.args and not request.args[day].strip():
            raise Invalid(f"“{day}” must be a date like 2026-01-31.", field=day)
    wanted = lists.wanted_from(request.args)
    found = lists.list_pages(
        reading(), actor(), wanted, space=space, after=cursor_asked(), limit=limit
    )
    following = None
    if found.after:
        following = url_for(
            "api.list_pages",
            **{**wanted.query(), "after": found.after},  # type: ignore[arg-type]
            space=space.slug if space else None,
            limit=limit,
        )
    listed = resources.PageList([wire.listed_page(page) for page in found.rows], following)
    return with_next(answer(listed), following)


@operation(
    "GET",
    "/tags",
    "List the tags of pages you can read.",
    {200: Answer("Tags, each with the number of its pages.", resources.TagList)},
    queries=(
        _SPACE,
        Query(
            "sort",
            "By name, or by number of pages (most first).",
            {"enum": ["name", "pages"], "default": "name"},
        ),
        AFTER,
        limit_query(queries.ROWS, MOST_TAGS),
    ),
)
def list_tags() -> Response:
    """Tags are not case-sensitive."""
    limit = number_asked("limit")
    space, sort = _space(), request.args.get("sort", "name")
    found = queries.list_tags(
        reading(),
        actor(),
        space=space,
        by_size=sort == "pages",
        after=cursor_asked(),
        limit=limit,
    )
    following = None
    if found.after:
        following = url_for(
            "api.list_tags",
            space=space.slug if space else None,
            sort=sort,
            limit=limit,
            after=found.after,
        )
    listed = resources.TagList(
        [wire.tag(space.slug if space else "", tag) for tag in found.rows], following
    )
    return with_next(answer(listed), following)


def _space() -> Space | None:
    slug = request.args.get("space", "")
    return see_space(reading(), actor(), slug).space if slug else None
