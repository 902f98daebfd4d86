"""Administration views of the self-check and the settings."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from wiki.insights.configuration import list_settings
from wiki.insights.points import Grade
from wiki.insights.selfcheck import self_check
from wiki.web.rate_limit import costs
from wiki.web.request import actor, parts, reading, settings

blueprint = Blueprint("selfcheck", __name__)


@blueprint.get("/-/admin/security")
@costs("comparisons")
def security() -> ResponseReturnValue:
    """Show the self-check."""
    points = self_check(
        parts().database, settings(), reading(), actor(), debug=bool(current_app.debug)
    )
    counts = {grade: sum(point.grade is grade for point in points) for grade in Grade}
    return render_template("admin/security.html", points=points, counts=counts)


@blueprint.get("/-/admin/settings")
def show_settings() -> ResponseReturnValue:
    """Show the settings of this wiki."""
    return render_template("admin/settings.html", found=list_settings(settings(), actor()))
