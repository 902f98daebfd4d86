"""The people and groups that the editor offers to mention."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from wiki.pages.page_context import place_at
from wiki.rules.access import May
from wiki.spaces.audience import readers
from wiki.spaces.who import suggest_who
from wiki.web.request import actor, reading
from wiki.web.urls import verb

blueprint = Blueprint("mentions", __name__)


@verb(blueprint, "mentions")
def mentions(slug: str, path: str) -> ResponseReturnValue:
    """Return a fragment with the people who match what is being typed and can read a page, or will
    be able to read one that does not exist yet, and the groups with such people, each with the
    number of those whom a mention reaches."""
    seen = place_at(slug, path).seen
    seen.require(May.COMMENT)
    among = readers(reading(), seen.space, seen.scope_id)
    found = suggest_who(reading(), actor(), request.args.get("q", ""), among)
    return render_template("spaces/who.html", found=found)
