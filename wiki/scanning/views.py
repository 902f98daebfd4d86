"""Views of secrets that were saved on purpose, and of the kinds that a space looks for."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.pages.saving.secrets import kinds_of
from wiki.rules.access import May
from wiki.scanning.actions import choose_kinds
from wiki.scanning.queries import findings_of_all, findings_of_space
from wiki.spaces.queries import see_space
from wiki.text.scan.secrets import KINDS, USUAL
from wiki.web.errors import flash
from wiki.web.request import actor, reading, writing
from wiki.web.urls import space_url

blueprint = Blueprint("findings", __name__)


@blueprint.get("/<space:slug>/-/findings")
def of_space(slug: str) -> ResponseReturnValue:
    """List possible secrets that were saved in a space on purpose."""
    seen = see_space(reading(), actor(), slug)
    found = findings_of_space(reading(), seen, before=_before())
    return render_template("scanning/findings.html", space=seen.space, seen=seen, found=found)


@blueprint.get("/-/admin/findings")
def of_all() -> ResponseReturnValue:
    """List possible secrets of all spaces that the admin may read."""
    found = findings_of_all(reading(), actor(), before=_before())
    return render_template("admin/findings.html", found=found)


@blueprint.route("/<space:slug>/-/scanning", methods=["GET", "POST"])
def scanning(slug: str) -> ResponseReturnValue:
    """Choose the kinds of secrets that a space looks for."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.MANAGE)
    if request.method == "POST":
        try:
            with writing() as session:
                choose_kinds(session, see_space(session, actor(), slug), _kinds())
        except Invalid as refused:
            return _scanning_screen(slug, refused)
        flash(_("Saved. This applies to pages saved from now on."))
        return redirect(space_url(slug, "scanning"), 303)
    return _scanning_screen(slug)


def _scanning_screen(slug: str, error: Invalid | None = None) -> ResponseReturnValue:
    seen = see_space(reading(), actor(), slug)
    body = render_template(
        "scanning/scanning.html",
        space=seen.space,
        seen=seen,
        usual=[kind for kind in KINDS if kind in USUAL],
        national=sorted(KINDS.keys() - USUAL, key=lambda kind: str(KINDS[kind])),
        words=KINDS,
        chosen=kinds_of(reading(), seen.space.id),
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


def _kinds() -> set[str]:
    return set(request.form.getlist("kinds"))


def _before() -> int | None:
    raw = request.args.get("before", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 17 else None
