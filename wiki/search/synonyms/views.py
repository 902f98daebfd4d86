"""The administration of search: the site's synonyms."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.search.synonyms import actions, queries
from wiki.web.errors import flash
from wiki.web.request import actor, reading, writing

blueprint = Blueprint("synonyms", __name__)

LIST = "/-/admin/search"


@blueprint.route(LIST, methods=["GET", "POST"])
def administration() -> ResponseReturnValue:
    """Add a group of synonyms, and list those of the site and the built-in ones."""
    error: Invalid | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                actions.add_group(session, actor(), request.form.get("words", ""))
        except Invalid as refused:
            error = refused
        else:
            flash(_("Synonyms added. They apply from the next search on."), "good")
            return redirect(LIST, 303)
    body = render_template(
        "search/synonyms/list.html",
        own=queries.list_own(reading(), actor()),
        built_in=queries.list_built_in(reading(), actor()),
        words=request.form.get("words", ""),
        errors=_errors(error),
    )
    return body, error.status if error else 200


@blueprint.route(f"{LIST}/synonyms/<int:id>", methods=["GET", "POST"])
def edit(id: int) -> ResponseReturnValue:
    """Edit a group of synonyms of the site."""
    error: Invalid | None = None
    form = request.form
    if request.method == "POST":
        try:
            with writing() as session:
                actions.change_group(
                    session, actor(), id, form.get("words", ""), seen=form.get("seen")
                )
        except Invalid as refused:
            error = refused
        else:
            flash(_("Synonyms saved. They apply from the next search on."), "good")
            return redirect(LIST, 303)
    group = queries.see_group(reading(), actor(), id)
    body = render_template(
        "search/synonyms/edit.html",
        group=group,
        words=form.get("words", group.words),
        errors=_errors(error),
    )
    return body, error.status if error else 200


@blueprint.post(f"{LIST}/synonyms/<int:id>/remove")
def remove(id: int) -> ResponseReturnValue:
    """Remove a group of synonyms of the site; one that is gone already stays so."""
    try:
        with writing() as session:
            words = actions.remove_group(session, actor(), id)
    except NotFound:
        flash(_("These synonyms had already been removed."))
    else:
        flash(_("The synonyms “%(words)s” were removed.", words=words), "good")
    return redirect(LIST, 303)


@blueprint.post(f"{LIST}/built-in")
def switch() -> ResponseReturnValue:
    """Switch a built-in group of synonyms on or off."""
    is_on = request.form.get("on") == "1"
    with writing() as session:
        words = actions.switch_built_in(session, actor(), request.form.get("name", ""), is_on=is_on)
    flash(
        _("Searches use “%(words)s” as synonyms again.", words=words)
        if is_on
        else _("Searches no longer use “%(words)s” as synonyms.", words=words),
        "good",
    )
    return redirect(LIST, 303)


def _errors(error: Invalid | None) -> dict[str, str]:
    return {error.field or "": error.sentence} if error else {}
