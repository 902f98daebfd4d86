"""Views of saved searches: the list, saving, changing and deleting."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.search.engine import IndexUnavailable
from wiki.search.in_request import current_engine
from wiki.search.query import LONGEST_QUESTION
from wiki.searches import actions, alerts, queries
from wiki.searches.matching import MOST
from wiki.searches.models import SavedSearch
from wiki.spaces.queries import list_spaces
from wiki.watching.levels import DEFAULT, Level
from wiki.web.errors import flash
from wiki.web.limits.lane import in_lane
from wiki.web.limits.rate_limit import costs
from wiki.web.request import actor, reading, writing
from wiki.web.response_cache import cached

blueprint = Blueprint("searches", __name__)

LIST = "/-/searches"


@blueprint.app_template_global()
def search_url(saved: SavedSearch) -> str:
    """Return the address of the results of a saved search."""
    return url_for("search.results", q=saved.query, space=saved.space or None)


@blueprint.get(LIST)
@cached
def saved() -> ResponseReturnValue:
    """List the user's saved searches, with a form for another one."""
    return _list_screen()


@blueprint.post(LIST)
def save() -> ResponseReturnValue:
    """Save a search."""
    try:
        with writing() as session:
            row = actions.save(session, actor(), _wish())
    except Invalid as error:
        return _list_screen(error)
    flash(_("The search is saved as “%(name)s”.", name=row.name), "good")
    return redirect(search_url(row) if request.form.get("back") == "results" else LIST, 303)


@blueprint.get(f"{LIST}/<int:search_id>")
@cached
def edit(search_id: int) -> ResponseReturnValue:
    """Show the form of a saved search."""
    return _edit_screen(search_id)


@blueprint.post(f"{LIST}/<int:search_id>")
def change(search_id: int) -> ResponseReturnValue:
    """Change a saved search."""
    try:
        with writing() as session:
            actions.change(session, actor(), search_id, _wish())
    except Invalid as error:
        return _edit_screen(search_id, error)
    flash(_("Saved."), "good")
    return redirect(LIST, 303)


@blueprint.post(f"{LIST}/<int:search_id>/delete")
def delete(search_id: int) -> ResponseReturnValue:
    """Delete a saved search."""
    with writing() as session:
        name = actions.delete(session, actor(), search_id)
    flash(_("The saved search “%(name)s” was deleted.", name=name), "good")
    return redirect(LIST, 303)


@blueprint.get(f"{LIST}/<int:search_id>/watch")
@costs("searches")
def watch(search_id: int) -> ResponseReturnValue:
    """Show whether the user is notified of new pages that match a saved search, and which pages of
    the last days they would have been notified of."""
    session = reading()
    row = queries.get_saved(session, actor(), search_id)
    matches = None
    with suppress(IndexUnavailable), in_lane("searches"):
        matches = alerts.list_recent_matches(session, actor(), current_engine(), row)
    return render_template(
        "searches/watch.html",
        saved=row,
        is_watched=row.watch is not None and row.watch.level > int(DEFAULT),
        matches=matches,
        most=MOST,
        days=alerts.LATELY.days,
    )


@blueprint.post(f"{LIST}/<int:search_id>/watch")
def set_watching(search_id: int) -> ResponseReturnValue:
    """Start or stop watching a saved search."""
    level = None if "remove" in request.form else Level.CHANGES
    with writing() as session:
        alerts.set_watching(session, actor(), search_id, level)
    flash(
        _("You’re notified of new pages that match this search.")
        if level
        else _("You’re no longer notified of pages that match this search."),
        "good",
    )
    return redirect(f"{LIST}/{search_id}/watch", 303)


def _wish() -> actions.Wish:
    sent = request.form
    return actions.Wish(sent.get("name", ""), sent.get("query", ""), sent.get("space", ""))


def _list_screen(error: Invalid | None = None) -> ResponseReturnValue:
    found = queries.list_saved(reading(), actor())
    return _screen("searches/list.html", error, saved=found, wish=_wish())


def _edit_screen(search_id: int, error: Invalid | None = None) -> ResponseReturnValue:
    row = queries.get_saved(reading(), actor(), search_id)
    wish = _wish() if error else actions.Wish(row.name, row.query, row.space)
    return _screen("searches/edit.html", error, saved=row, wish=wish)


def _screen(template: str, error: Invalid | None, **values: object) -> ResponseReturnValue:
    body = render_template(
        template,
        spaces=list_spaces(reading(), actor()),
        longest_name=actions.LONGEST_NAME,
        longest_query=LONGEST_QUESTION,
        errors={error.field or "": error.sentence} if error else {},
        **values,
    )
    return body, error.status if error else 200
