"""Views with which people say what became of a search."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.search.asked.actions import Asked, answer, asked, note_opened
from wiki.search.completion.switcher import place_of
from wiki.web.errors import flash
from wiki.web.limits.rate_limit import costs
from wiki.web.request import actor, positive_number, writing

blueprint = Blueprint("asked", __name__)


@blueprint.post("/-/search/helped")
def helped() -> ResponseReturnValue:
    """Store whether a search was what the user looked for."""
    said = request.form.get("helped", "")
    if said not in ("yes", "no"):
        raise Invalid(_("Choose yes or no."), field="helped")
    with writing() as session:
        answer(session, actor(), _asked(session), helped=said == "yes")
    flash(_("Thank you. Your answer is counted without your name."), "good")
    space = request.form.get("space") or None
    return redirect(url_for("search.results", q=request.form.get("q", ""), space=space), 303)


@blueprint.post("/-/search/opened")
@costs("searches")
def opened() -> ResponseReturnValue:
    """Store which page of the results the user opened, as the script of the screen says."""
    with writing() as session:
        note_opened(session, actor(), _asked(session), positive_number("page") or 0)
    return Response(status=204)


def _asked(session: Session) -> Asked:
    sent = request.form
    place = place_of(session, actor(), sent.get("space", ""))
    return asked(sent.get("q", ""), place.space.id if place else None)
