"""Views of stars: the list, starring and unstarring."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.bookmarks import actions, queries
from wiki.web.request import actor, reading, writing
from wiki.web.response_cache import cached
from wiki.web.urls import page_url, verb

blueprint = Blueprint("bookmarks", __name__)

LIST = "/-/starred"


@blueprint.get(LIST)
@cached
def starred() -> ResponseReturnValue:
    """List the pages that the user has starred."""
    after = request.args.get("after")
    found = queries.list_starred(reading(), actor(), after=after)
    return render_template("bookmarks/starred.html", stars=found.rows, after=found.after)


@verb(blueprint, "star", methods=["POST"])
def star(slug: str, path: str) -> ResponseReturnValue:
    """Star a page."""
    with writing() as session:
        actions.star(session, actor(), slug, path)
    return redirect(page_url(slug, path), 303)


@verb(blueprint, "unstar", methods=["POST"])
def unstar(slug: str, path: str) -> ResponseReturnValue:
    """Remove the user's star from a page, and return to the page or to the list."""
    with writing() as session:
        actions.unstar(session, actor(), slug, path)
    return redirect(LIST if request.form.get("back") == "list" else page_url(slug, path), 303)
