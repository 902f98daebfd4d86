"""Administration views of the self-check and the settings."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.config import SPACE_LABELS, Settings
from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.insights.configuration import list_settings
from wiki.insights.points import Grade
from wiki.insights.selfcheck import self_check
from wiki.people.models import Person
from wiki.people.preferences import language_choices, zone_choices
from wiki.people.signin.reauthentication import confirm_first
from wiki.people.site import NAMES, MailServer, Wanted, change_site, fixed_by, server_of
from wiki.rules.words import shown
from wiki.web.errors import flash
from wiki.web.limits.rate_limit import costs
from wiki.web.request import actor, parts, reading, settings, writing

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
    """Show what can be set in the browser, and the settings of the environment."""
    return settings_screen()


@blueprint.post("/-/admin/settings")
@confirm_first
def change_settings() -> ResponseReturnValue:
    """Change what can be set in the browser, except for the logo."""
    try:
        wanted = _wanted(request.form)
        with writing() as session:
            changed = change_site(session, actor(), parts().settings, wanted)
    except Invalid as error:
        return settings_screen(error), error.status
    flash(_("Settings saved.") if changed else _("Nothing was changed."), "good")
    return redirect("/-/admin/settings", 303)


def _wanted(form: Mapping[str, str]) -> Wanted:
    """Read the form.

    :raises Invalid: for a port that is no number.
    """
    port, is_encrypted = form.get("smtp_port", "").strip(), form.get("smtp_encryption") == "tls"
    if port and not (port.isascii() and port.isdigit() and len(port) < 6):
        raise Invalid(_("Enter a port from 1 to 65535."), field="smtp_port")
    server = MailServer(
        form.get("smtp_host", ""),
        int(port) if port else 465 if is_encrypted else 587,
        form.get("smtp_user", ""),
        is_encrypted,
    )
    defaults = Settings()
    texts = {name: form.get(name, getattr(defaults, name)) for name in NAMES if name != "smtp_url"}
    return Wanted(
        **texts,
        server=server,
        color=form.get("color", ""),
        password=form.get("smtp_password", ""),
        forgets_password="smtp_forget" in form,
    )


def settings_screen(error: Invalid | None = None) -> str:
    """Render the settings, with the form values sent if there was an error."""
    found = list_settings(parts().settings, actor())
    now = settings()
    kept = {name: getattr(now, name, "") for name in (*NAMES, "color")}
    person = reading().get(Person, actor().person_id)
    return render_template(
        "admin/settings.html",
        found=found,
        values=request.form if error and error.field != "logo" else kept,
        server=server_of(now),
        sent=request.form if error and error.field != "logo" else {},
        fixed=fixed_by(parts().settings),
        languages=language_choices(),
        zones=zone_choices(),
        labels=[(word, shown(word)) for word in SPACE_LABELS],
        oidc_domains=", ".join(sorted(now.oidc_email_domains)),
        provider=now.provider,
        can_test=bool(now.smtp_url and person and person.email),
        errors={error.field or "": error.sentence} if error else {},
    )
