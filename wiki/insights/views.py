"""Views of the housekeeping lists."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import NotFound
from wiki.insights import housekeeping, wanted
from wiki.insights.wanted import MANY
from wiki.rules.access import May
from wiki.spaces.queries import see_space
from wiki.web.paging import Slice
from wiki.web.public import public
from wiki.web.request import actor, reading
from wiki.web.response_cache import cached

blueprint = Blueprint("insights", __name__)

LISTS = ("wanted", "deleted", "sections", "files", "orphans", "dead-ends")


@blueprint.get("/<space:slug>/-/housekeeping")
@public
@cached
def keep_house(slug: str) -> ResponseReturnValue:
    """Show a list of problems in a space: broken links, or pages that are hard to find."""
    session = reading()
    seen = see_space(session, actor(), slug)
    space, can_edit = seen.space, bool(seen.may(May.EDIT))
    name, after = request.args.get("list", "wanted"), request.args.get("after")
    # Only actors who may restore pages see deleted ones.
    lists = [each for each in LISTS if each != "deleted" or can_edit]
    if name not in lists:
        raise NotFound
    found: Slice[Any]
    total: int | None = None
    deleted = name == "deleted" if can_edit else None
    match name:
        case "wanted" | "deleted":
            found = wanted.wanted(session, actor(), space, after, deleted=deleted)
            total = wanted.count_wanted(session, actor(), space, deleted=deleted)
        case "sections":
            found = housekeeping.broken_sections(session, actor(), space, after)
            total = housekeeping.count_broken_sections(session, actor(), space)
        case "files":
            found = wanted.broken_files(session, actor(), space, after)
        case "orphans":
            found = housekeeping.orphans(session, actor(), space, after)
            total = housekeeping.count_orphans(session, actor(), space)
        case _:
            found = housekeeping.dead_ends(session, actor(), space, after)
            total = housekeeping.count_dead_ends(session, actor(), space)
    return render_template(
        "insights/housekeeping.html",
        space=space,
        seen=seen,
        lists=lists,
        name=name,
        rows=found.rows,
        after=found.after,
        total=total,
        many=MANY,
        can_edit=can_edit,
    )
