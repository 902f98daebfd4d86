"""Views of the administration of required second factors."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.people.admin import admins_only
from wiki.people.factors.mfa_policy import WHO_MUST, Who, list_groups, require_of_groups, standing
from wiki.people.factors.queries import holds_factor
from wiki.people.signin.reauthentication import confirm_first
from wiki.people.site_settings import change_setting, read_setting
from wiki.web.errors import flash
from wiki.web.request import actor, reading, writing

blueprint = Blueprint("admin_security", __name__, url_prefix="/-/admin/factors")
blueprint.before_request(admins_only)


@blueprint.get("")
def screen() -> ResponseReturnValue:
    """Show who must have a second factor and who has none yet."""
    return _screen()


@blueprint.post("")
@confirm_first
def change() -> ResponseReturnValue:
    """Change who must have a second factor."""
    try:
        who = Who(request.form.get("who", ""))
    except ValueError:
        return _screen(Invalid(_("Choose who needs a second factor."), field="who"))
    chosen = request.form.getlist("group", type=int)
    with writing() as session:
        changed = change_setting(session, actor(), WHO_MUST, who)
        changed = bool(require_of_groups(session, actor(), chosen)) or changed
    flash(
        _("Saved. The change applies from now on.") if changed else _("Nothing was changed."),
        "good",
    )
    return redirect("/-/admin/factors", 303)


def _screen(error: Invalid | None = None) -> ResponseReturnValue:
    body = render_template(
        "admin/factors.html",
        who=read_setting(reading(), WHO_MUST),
        groups=list_groups(reading(), actor()),
        standing=standing(reading(), actor()),
        i_have_one=holds_factor(reading(), actor().person_id or 0),
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200
