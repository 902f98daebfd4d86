"""Views of the boards of searches that found nothing or did not help."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.search.asked.actions import KEPT
from wiki.searches import board
from wiki.spaces.queries import SpaceAccess, list_editable_spaces, see_space
from wiki.web.errors import flash
from wiki.web.request import actor, reading, writing
from wiki.web.response_cache import cached
from wiki.web.urls import space_url

blueprint = Blueprint("search_board", __name__)

OF_SITE = "/-/admin/searches"


@blueprint.get("/<space:slug>/-/searches")
@cached
def of_space(slug: str) -> ResponseReturnValue:
    """Show the board of a space to its leads."""
    return _screen(slug)


@blueprint.post("/<space:slug>/-/searches")
def change_of_space(slug: str) -> ResponseReturnValue:
    """Claim a search on the board of a space, or release it."""
    return _change(slug)


@blueprint.get(OF_SITE)
@cached
def of_site() -> ResponseReturnValue:
    """Show the board of the searches in all spaces to admins."""
    return _screen("")


@blueprint.post(OF_SITE)
def change_of_site() -> ResponseReturnValue:
    """Claim a search on the board of all spaces, or release it."""
    return _change("")


def _seen(session: Session, slug: str) -> SpaceAccess | None:
    return see_space(session, actor(), slug) if slug else None


def _change(slug: str) -> ResponseReturnValue:
    sent = request.form
    try:
        with writing() as session:
            seen = _seen(session, slug)
            if "release" in sent:
                board.release(session, actor(), seen, sent["release"])
            else:
                target = sent.get("space", "")
                board.claim(session, actor(), seen, sent.get("claim", ""), target)
    except Invalid as error:
        return _screen(slug, error)
    flash(
        _("Someone else can now write this page.")
        if "release" in sent
        else _("The page is now yours to write."),
        "good",
    )
    return redirect(space_url(slug, "searches") if slug else OF_SITE, 303)


def _screen(slug: str, error: Invalid | None = None) -> ResponseReturnValue:
    session = reading()
    seen = _seen(session, slug)
    body = render_template(
        "searches/board_of_space.html" if seen else "searches/board_of_site.html",
        board=board.board_of(session, actor(), seen),
        here=space_url(slug, "searches") if slug else OF_SITE,
        editable=() if seen else list_editable_spaces(session, actor()),
        least=board.MIN_PEOPLE,
        days=KEPT.days,
        errors={"": error.sentence} if error else {},
        **({"space": seen.space, "seen": seen} if seen else {}),
    )
    return body, error.status if error else 200
