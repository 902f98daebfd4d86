"""The tree of a space: its screen, and what scripts ask for to show and change it in place."""

from __future__ import annotations

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from wiki.pages.links.plans import MoveTo
from wiki.pages.models import Page
from wiki.pages.ordering.move_views import carry_out, spot_sent
from wiki.pages.ordering.parents import levels_of, parents_in
from wiki.pages.page_context import Tree, frame, live_page, place_at, shown_tree
from wiki.pages.queries import live_for
from wiki.pages.saving import checks
from wiki.pages.tree import children_of
from wiki.rules.access import May
from wiki.spaces.queries import SpaceAccess, see_space
from wiki.text.paths import ancestors_of, join, name_of, path_key
from wiki.web.public import public
from wiki.web.request import actor, reading
from wiki.web.urls import page_url, verb

blueprint = Blueprint("trees", __name__)


@blueprint.get("/<space:slug>/-/tree")
@public
def tree(slug: str) -> ResponseReturnValue:
    """Show the tree of a space, or a level of it."""
    seen = see_space(reading(), actor(), slug)
    under = checks.checked_path(request.args.get("under", ""))
    return render_template(
        "pages/tree.html",
        **frame(seen, under),
        under=under,
        below=_level(seen, under),
        can_edit=bool(seen.may(May.EDIT)),
    )


@blueprint.get("/<space:slug>/-/tree/level")
@public
def level(slug: str) -> ResponseReturnValue:
    """Return a level of the tree as list items, for a tree that is opened in place."""
    seen = see_space(reading(), actor(), slug)
    under = checks.checked_path(request.args.get("under", ""))
    return render_template("pages/tree_level.html", below=_level(seen, under))


def _level(seen: SpaceAccess, under: str) -> Tree:
    """Return a level of the tree, from the beginning or after the page that the request names."""
    key = path_key(under)
    return shown_tree(seen, children_of(reading(), seen, [key], after=_after(key)), key)


def _after(key: str) -> Page | None:
    """Return the page after which the request continues a level, if there is one."""
    after = request.args.get("after", type=int)
    if after is None or not 0 < after < 2**53:
        return None
    return reading().scalar(
        select(Page).where(Page.id == after, Page.parent_key == key, live_for(actor()))
    )


@blueprint.get("/<space:slug>/-/parents")
def parents(slug: str) -> ResponseReturnValue:
    """Return pages that may be the parent of another one, for the field that asks for it: those
    with the words ``q``; or a level of the tree, ``under`` a path, from the beginning or after the
    page ``after``; or the levels on the ``way`` to a path."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    if "q" in request.args:
        words = request.args["q"][:200].replace("\0", "")
        return jsonify(parents_in(reading(), actor(), seen.space, words))
    if "way" in request.args:
        way = path_key(checks.checked_path(request.args["way"]))
        return jsonify(levels_of(reading(), seen, [*ancestors_of(way), way]))
    under = path_key(checks.checked_path(request.args.get("under", "")))
    return jsonify(levels_of(reading(), seen, [under], _after(under)))


@verb(blueprint, "place", methods=["POST"], endpoint="place")
def place_page(slug: str, path: str) -> ResponseReturnValue:
    """Move a page to a parent and a position there, for a tree in which pages are dragged. The
    answer has its new address, and the event by which the move can be undone."""
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)
    parent = request.form.get("parent", "").strip("/")
    target = checks.checked_path(join(parent, name_of(page.path)))
    spot = spot_sent(request.form.get("position", ""))
    done = carry_out(place.seen, page, MoveTo(target, place.space, spot=spot))
    return jsonify(
        {"path": done.page.path, "url": page_url(slug, done.page.path), "event": done.event_id}
    )
