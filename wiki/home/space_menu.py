"""The list of the space switcher, which scripts fetch when it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.bookmarks.models import Bookmark
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.search.completion.pages import remembered_pages
from wiki.spaces.models import Space
from wiki.spaces.queries import list_spaces
from wiki.web.public import public
from wiki.web.request import actor, reading

blueprint = Blueprint("space_menu", __name__)


@dataclass(frozen=True)
class Listed:
    """The spaces to choose from, each once."""

    starred: Sequence[Space]
    recent: Sequence[Space]
    others: Sequence[Space]


@blueprint.get("/-/spaces/menu")
@public
def spaces() -> ResponseReturnValue:
    """Return a fragment with the spaces that the actor may read: first those whose home page they
    have starred, then those of the pages with the ids `pages`, which only their browser remembers,
    then the others by title."""
    read = remembered_pages(reading(), actor(), request.args.get("pages", ""))
    found = listed(reading(), actor(), [page.space_id for page in read])
    return render_template("space_menu.html", found=found, here=request.args.get("here", ""))


def listed(session: Session, actor: Actor, recent: Sequence[int]) -> Listed:
    """Return the spaces that the actor may read; ``recent`` are ids, the latest first."""
    rest = {space.id: space for space in list_spaces(session, actor)}
    starred = [rest.pop(id) for id in _starred(session, actor) if id in rest]
    latest = [rest.pop(id) for id in dict.fromkeys(recent) if id in rest]
    return Listed(starred, latest, list(rest.values()))


def _starred(session: Session, actor: Actor) -> Sequence[int]:
    """Return the ids of the spaces whose home page the actor has starred, by title."""
    if actor.person_id is None:
        return ()
    return session.scalars(
        select(Page.space_id)
        .join(Bookmark, Bookmark.page_id == Page.id)
        .join(Page.space)
        .where(Bookmark.person_id == actor.person_id, Page.path_key == "", live_for(actor))
        .order_by(Space.title)
    ).all()
