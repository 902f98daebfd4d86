"""Addresses of new pages, made from their titles."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.pages.saving import checks
from wiki.rules.access import Actor, May
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space
from wiki.text.paths import MAX_SEGMENT, join, name_of, parent_of, path_key, slugify
from wiki.web.request import actor, reading
from wiki.web.urls import page_url

blueprint = Blueprint("new_addresses", __name__)

_MOST = 50
"""Number of pages with the same title at one place that get an address of their own."""


def address_for(
    session: Session, actor: Actor, space: Space, under: str, title: str
) -> tuple[str, Page | None]:
    """Return the path for a new page with a title below a path; and, if another page that the actor
    can read has the obvious one, that page. The new one's path ends in a number then.
    """
    wanted = join(under, slugify(title))
    name = name_of(wanted)[: MAX_SEGMENT - 4].rstrip("-.")
    others = [join(parent_of(wanted) or "", f"{name}-{number}") for number in range(2, _MOST)]
    paths = {path_key(path): path for path in (wanted, *others)}
    taken = select(Page).where(Page.space_id == space.id, Page.path_key.in_(paths), live_for(actor))
    pages = {page.path_key: page for page in session.scalars(taken)}
    free = next((path for key, path in paths.items() if key not in pages), wanted)
    return free, pages.get(path_key(wanted))


@blueprint.get("/<space:slug>/-/address")
def address(slug: str) -> ResponseReturnValue:
    """Return the path that a new page with a title would get below another page, and the page that
    has the obvious one already, if there is one."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    under = checks.checked_path(request.args.get("under", ""))
    title = request.args.get("title", "")[:300]
    path, there = address_for(reading(), actor(), seen.space, under, title)
    known = {"title": there.title, "url": page_url(slug, there.path)} if there else None
    return jsonify({"path": path, "there": known})
