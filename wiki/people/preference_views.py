"""Views of what people choose for their screens."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki import i18n
from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.people.me import myself, screen
from wiki.people.preferences import Preferences, change_preferences, check_theme
from wiki.web.errors import flash
from wiki.web.public import public
from wiki.web.request import actor, writing
from wiki.web.screens.theme import keep_theme

blueprint = Blueprint("preferences", __name__)


@blueprint.post("/-/me/preferences")
def change() -> ResponseReturnValue:
    """Change the language, the time zone and the theme."""
    names = ("language", "time_zone", "theme")
    wanted = Preferences(*(request.form.get(name, "") for name in names))
    try:
        with writing() as session:
            changed = change_preferences(session, actor(), myself(session), wanted)
    except Invalid as error:
        return screen(error)
    with i18n.speaking(wanted.language or i18n.reader().language.code):
        flash(_("Preferences saved.") if changed else _("Nothing was changed."), "good")
    return keep_theme(make_response(redirect("/-/me#preferences", 303)), wanted.theme)


@blueprint.route("/-/appearance", methods=["GET", "POST"])
@public
def appearance() -> ResponseReturnValue:
    """Choose light or dark in this browser, without an account."""
    if not actor().is_anonymous:
        return redirect("/-/me#preferences")
    if request.method == "GET":
        return render_template("people/appearance.html", error="")
    chosen = request.form.get("theme", "")
    try:
        check_theme(chosen)
    except Invalid as error:
        return render_template("people/appearance.html", error=error.sentence), error.status
    return keep_theme(make_response(redirect("/-/appearance", 303)), chosen)
