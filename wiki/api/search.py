"""The search operation, with the same query language as in the browser."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response, request, url_for

from wiki.api import wire
from wiki.api.resources.results import Excluded, FoundPiece, Hit, Results
from wiki.errors import Invalid, WikiError
from wiki.search import queries
from wiki.search.engine import IndexUnavailable
from wiki.search.in_request import current_engine
from wiki.search.query import LONGEST_QUESTION
from wiki.web.limits.lane import in_lane
from wiki.web.limits.rate_limit import costs
from wiki.web.operations import (
    Answer,
    Query,
    answer,
    limit_query,
    number_asked,
    number_query,
    operation,
    with_next,
)
from wiki.web.request import actor, reading
from wiki.web.shapes import VISIBLE

MOST_HITS = 50


class NoIndex(WikiError):
    """An error for searches while there is no usable index."""

    status = 503
    title = "Search is unavailable"


@operation(
    "GET",
    "/search",
    "Search the pages you can read.",
    {200: Answer("The results.", Results)},
    queries=(
        Query(
            "q",
            'The query, with operators such as `tag:` and `"phrases"`.',
            {"type": "string", "maxLength": LONGEST_QUESTION, "pattern": VISIBLE},
            required=True,
        ),
        Query("space", "Slug of the space to search in; by default, all spaces."),
        number_query("page", "Number of the slice.", most=queries.LAST_SCREEN, default=1),
        limit_query(queries.PER_SCREEN, MOST_HITS),
    ),
    problems=(503,),
)
@costs("searches")
def search_pages() -> Response:
    """Return the best results first. Saved changes can be found within seconds."""
    text = request.args.get("q", "").strip()
    if not text or len(text) > LONGEST_QUESTION:
        raise Invalid(f"Send a query in “q” of up to {LONGEST_QUESTION} characters.", field="q")
    space = request.args.get("space", "")
    number = number_asked("page")
    limit = number_asked("limit")
    try:
        with in_lane("searches"):
            found = queries.search(
                reading(),
                actor(),
                current_engine(),
                text,
                space=space,
                screen=queries.Screen(number, limit),
            )
    except IndexUnavailable:
        raise NoIndex("The search index is being rebuilt. Please try again in a moment.") from None
    following = None
    if found.has_more:
        following = url_for(
            "api.search_pages", q=text, space=space or None, page=number + 1, limit=limit
        )
    results = Results(
        query=text,
        total=found.total,
        total_is_exact=not found.cut,
        hits=[
            Hit(
                wire.page_line(hit.page),
                _pieces(hit.title),
                _pieces(hit.excerpt),
                hit.fragment,
                hit.heading,
            )
            for hit in found.hits
        ],
        excluded=[Excluded(one.words, one.question) for one in found.left_out],
        as_text=list(found.as_text),
        notes=list(found.notes),
        next=following,
    )
    return with_next(answer(results), following)


def _pieces(pieces: Iterable[tuple[str, bool]]) -> list[FoundPiece]:
    return [FoundPiece(text, marked) for text, marked in pieces]
