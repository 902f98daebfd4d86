"""Search views: the results, and the switcher's suggestions during typing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wiki.pages.models import Page
from wiki.room import Room
from wiki.rules.access import Actor, May
from wiki.search import listing, queries
from wiki.search.asked.actions import asked, record
from wiki.search.asking import begins
from wiki.search.comments import search_comments
from wiki.search.completion import operators, pages, switcher
from wiki.search.engine import IndexUnavailable
from wiki.search.in_request import current_engine
from wiki.search.query import LONGEST_QUESTION, parse
from wiki.spaces.queries import list_editable_spaces, list_spaces
from wiki.text.markdown.wikilinks import inserted
from wiki.web.limits.lane import in_lane
from wiki.web.limits.rate_limit import costs
from wiki.web.public import public
from wiki.web.request import actor, afterwards, parts, reading

blueprint = Blueprint("search", __name__)

MOST_READ = 4
"""Maximum number of pages read last among the pages that are suggested."""
MOST_SUGGESTED = 8
_SORT = re.compile(r"(?<!\S)sort:\S*", re.IGNORECASE)


@blueprint.get("/-/search")
@public
@costs("searches")
def results() -> ResponseReturnValue:
    """Show a screen of results, or the search form with help if there is no query."""
    session = reading()
    text = request.args.get("q", "").strip()
    slug = request.args.get("space", "")
    if not text:
        spaces = list_spaces(session, actor())
        return render_template("search/ask.html", q="", slug=slug, spaces=spaces)
    query = parse(text)
    if query.in_comments:
        with in_lane("searches"):
            comments = search_comments(session, actor(), query, space=slug)
        return render_template(
            "search/comments.html", q=text, slug=slug, spaces=comments.readable, answer=comments
        )
    try:
        with in_lane("searches"):
            answer = queries.search(
                session,
                actor(),
                current_engine(),
                text,
                space=slug,
                screen=queries.Screen(request.args.get("page", 1, type=int)),
            )
            near = (
                []
                if answer.hits
                else queries.titles(session, actor(), current_engine(), text, limit=5)
            )
    except IndexUnavailable:
        spaces = list_spaces(session, actor())
        body = render_template("search/unavailable.html", q=text, slug=slug, spaces=spaces)
        return body, 503
    body = render_template(
        "search/results.html",
        q=text,
        slug=slug,
        spaces=answer.readable,
        answer=answer,
        near=near,
        with_value=lambda name, value: _address(
            text=f"{text} {name}:{operators.quoted(value)}", slug=slug
        ),
        sorted_by=lambda order: _address(
            text=" ".join([*_SORT.sub(" ", text).split(), *([order] if order else [])]), slug=slug
        ),
        as_text=lambda question: _address(text=question, slug=slug),
        in_space=lambda other: _address(text=text, slug=other),
        screen=lambda number: _address(text=text, slug=slug, number=number),
        writable=next(
            (one for one in list_editable_spaces(session, actor()) if one.slug == slug), None
        )
        if slug and not answer.hits
        else None,
        helped=None if actor().is_anonymous or answer.query.empty else ("yes", "no"),
    )
    return _logged(body, text, slug, answer)


def _logged(body: str, text: str, slug: str, answer: queries.Answer) -> Response:
    """Return the response with a screen of results. A signed-in user's search is logged once it has
    been sent."""
    response = make_response(body)
    person_id = actor().person_id
    if person_id is not None and answer.number == 1 and not answer.query.empty:
        space_id = next((one.id for one in answer.readable if one.slug == slug), None)
        one = asked(text, space_id)
        afterwards(response, partial(record, parts().database, person_id, one, answer.total))
    return response


@blueprint.get("/-/search/complete")
@public
@costs("searches")
def complete() -> ResponseReturnValue:
    """Return a fragment with the completions of the operator, or its value, at the end of a query;
    none while there is no usable index."""
    text = request.args.get("q", "")[:LONGEST_QUESTION]
    found: list[operators.Completion] = []
    with suppress(IndexUnavailable), in_lane("searches"):
        found = operators.completions(reading(), actor(), current_engine(), text)
    return render_template("search/completions.html", found=found)


@blueprint.get("/-/switch")
@public
@costs("searches")
def switch() -> ResponseReturnValue:
    """Return a fragment with the pages and spaces whose titles begin with the text or, if it is
    empty, the pages read last in this browser (`recent`, ids) and those that the rooms suggest.

    For a text these are followed by what it finds beside titles: sections, people, tags, commands
    and texts of pages; and by a link that creates a page if none has such a title.

    With `for=link` the text is the target of a link: a page that it names comes first, and the
    fragment says whether the actor may create one if there is none.
    """
    session = reading()
    text = request.args.get("q", "").strip()[:LONGEST_QUESTION]
    slug = request.args.get("space", "")
    if not text:
        offered = suggested_pages(session, actor(), parts().rooms)
        read = pages.remembered_pages(session, actor(), request.args.get("recent", ""))
        shown = list({page.id: page for page in (*read[:MOST_READ], *offered)}.values())
        return _switcher(found=listing.with_crumbs(session, shown[:MOST_SUGGESTED]))
    if request.args.get("for") == "link":
        return _linked(session, text, slug)
    found: list[listing.Listed] = []
    beside = switcher.Beside()
    unavailable = False
    try:
        with in_lane("searches"):
            found = queries.titles(session, actor(), current_engine(), text, space=slug)
            found = pages.with_named(session, actor(), text, slug, found)
            listed = {one.page.id for one in found}
            beside = switcher.beside_titles(session, actor(), current_engine(), text, listed)
    except IndexUnavailable:
        unavailable = True
    place = switcher.place_of(session, actor(), slug)
    fits = unavailable or any(one.matches for one in found) or not parse(text).plain
    return _switcher(
        q=text,
        found=found,
        spaces=pages.spaces_named(session, actor(), text),
        beside=beside,
        unavailable=unavailable,
        seen=place,
        space=place.space if place else None,
        begun=partial(begins, text),
        creates_in=place.space if place and place.may(May.EDIT) and not fits else None,
    )


def _linked(session: Session, text: str, slug: str) -> str:
    """Return the fragment for the target of a link in the editor."""
    found: list[listing.Listed] = []
    unavailable = creates = False
    try:
        with in_lane("searches"):
            found = queries.titles(session, actor(), current_engine(), text, space=slug)
    except IndexUnavailable:
        unavailable = True
    sections = pages.sections(session, actor(), text, slug)
    if sections is not None:
        found = [one for one in found if one.exact]
    else:
        found, creates = pages.linkable(session, actor(), text, slug, found)
    return _switcher(
        q=text,
        found=found,
        parts=sections or (),
        unavailable=unavailable,
        creates=creates,
        inserted=partial(inserted, here=slug),
    )


def _switcher(**values: Any) -> str:
    return render_template("search/switcher.html", **{"q": "", **values})


def suggested_pages(session: Session, actor: Actor, rooms: Iterable[Room]) -> list[Page]:
    """Return the pages that the rooms suggest before anything is typed, each once."""
    suggestions = [one for room in rooms for one in room.suggestions]
    suggestions.sort(key=lambda one: one.position)
    found = {page.id: page for one in suggestions for page in one.pages(session, actor)}
    return list(found.values())[:MOST_SUGGESTED]


def _address(*, text: str, slug: str = "", number: int = 1) -> str:
    return url_for(
        "search.results", q=text, space=slug or None, page=number if number > 1 else None
    )
