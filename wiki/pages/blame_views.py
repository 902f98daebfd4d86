"""Who wrote which line of a page, in the browser."""

from __future__ import annotations

import logging

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from wiki.errors import NotFound
from wiki.pages import queries
from wiki.pages.blame import Blame, keep_blames, part_of
from wiki.pages.blame import blame as blame_of
from wiki.pages.reads import note_read
from wiki.pages.screens import page_frame, past_at
from wiki.text.lines import split, verbatim
from wiki.web.memo import remembered
from wiki.web.pace import costs
from wiki.web.public import public
from wiki.web.request import reading, writing
from wiki.web.urls import verb_of_past

blueprint = Blueprint("blame", __name__)
log = logging.getLogger(__name__)


@verb_of_past(blueprint, "blame")
@public
@remembered
@costs("comparisons")
def blame(slug: str = "", path: str = "", page_id: int = 0) -> ResponseReturnValue:
    """Each line of a page, or of an older revision, with who wrote it and when."""
    past = past_at(slug, path, page_id)
    page = past.page
    number = request.args.get("revision", type=int)
    if "revision" in request.args and (number is None or not 1 <= number <= page.head):
        raise NotFound
    revision = queries.get_revision(reading(), page, number or page.head)
    note_read(past.seen, page, revision.number)
    found = blame_of(reading(), page, revision)
    code = verbatim(split("\n".join(found.lines)))
    part = part_of(reading(), page, found, code, request.args.get("part", 1, type=int))
    body = render_template(
        "pages/blame.html",
        **page_frame(past, page),
        past=past,
        revision=revision,
        part=part,
        lines=len(found.lines),
    )
    if found.worth:
        _keep(page.id, found)
    return body


def _keep(page_id: int, found: Blame) -> None:
    """Store what later questions can begin from. The answer is there already: who asked is not to
    be told of a failure."""
    try:
        with writing() as session:
            keep_blames(session, page_id, found.worth)
    except SQLAlchemyError:  # somebody stored it at the same moment, or purged the page
        log.warning("a blame of page %d could not be stored", page_id, exc_info=True)
