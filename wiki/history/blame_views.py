"""Views of blame: the author of each line of a page."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from wiki.history.blame import keep, traced
from wiki.history.blame_parts import part_of
from wiki.pages import revisions
from wiki.pages.access.access_log import log_read
from wiki.pages.page_context import page_frame, past_at
from wiki.web.limits.rate_limit import costs
from wiki.web.public import public
from wiki.web.request import reading
from wiki.web.response_cache import cached
from wiki.web.urls import verb_of_past

blueprint = Blueprint("blame", __name__)


@verb_of_past(blueprint, "blame")
@public
@cached
@costs("comparisons")
def blame(slug: str = "", path: str = "", page_id: int = 0) -> ResponseReturnValue:
    """Show each line of a page, or of an older revision, with its author and date."""
    past = past_at(slug, path, page_id)
    page = past.page
    number = request.args.get("revision", type=int)
    if "revision" in request.args and (number is None or not 1 <= number <= page.head):
        raise revisions.NoSuchRevision(page)
    revision = revisions.get_revision(reading(), page, number or page.head)
    log_read(past.seen, page, revision.number)
    found = traced(page, revision)
    part = part_of(reading(), page, found, request.args.get("part", 1, type=int))
    body = render_template(
        "history/blame.html",
        **page_frame(past, page),
        revision=revision,
        part=part,
        lines=len(found.lines),
    )
    if found.worth:
        keep(page, found.worth)
    return body
