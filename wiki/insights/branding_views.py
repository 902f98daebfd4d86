"""Views of the site's logo and color: delivery to everyone, upload and removal by admins."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from wiki.attachments.pictures.making import fitted
from wiki.attachments.storage import Storage
from wiki.errors import Invalid, NotFound, require_allowed
from wiki.i18n import gettext as _
from wiki.insights.selfcheck_views import settings_screen
from wiki.people.accent import HEX, style_of
from wiki.people.site import change_logo, logo_of
from wiki.rules.access import may_administer
from wiki.web.errors import flash
from wiki.web.limits.rate_limit import costs
from wiki.web.public import public
from wiki.web.request import actor, reading, settings, writing

blueprint = Blueprint("branding", __name__)

MAX_MB = 5
"""Maximum size of a logo that is sent, in MiB."""
_FOREVER = "public, max-age=31536000, immutable"


@blueprint.get("/-/logo/<sha256>")
@public
def logo(sha256: str) -> Response:
    """Show the logo. Its address contains its hash, so a browser keeps it."""
    data = logo_of(reading(), sha256)
    if data is None:
        raise NotFound
    response = Response(data, mimetype="image/webp")
    response.headers["Cache-Control"] = _FOREVER
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.get("/-/accent/1-<color>.css")
@public
def accent(color: str) -> Response:
    """Show the style sheet with the shades of a color. It follows from its address alone; the
    number in the address counts changes of the shades."""
    if not HEX.fullmatch(f"#{color}"):
        raise NotFound
    response = Response(style_of(f"#{color}"), content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = _FOREVER
    return response


@blueprint.post("/-/admin/settings/logo")
@costs("files")
def change() -> ResponseReturnValue:
    """Set or replace the logo."""
    require_allowed(may_administer(actor()))
    sent = request.files.get("logo")
    try:
        if sent is None or not sent.filename:
            raise Invalid(_("Choose a picture first."), field="logo")
        most = min(MAX_MB, settings().max_file_mb) << 20
        picture = fitted(Storage(settings().data_dir), sent.stream, "logo", most)
    except Invalid as error:
        return settings_screen(error), error.status
    return _change(picture, _("Logo saved."))


@blueprint.post("/-/admin/settings/logo/remove")
def remove() -> ResponseReturnValue:
    """Remove the logo."""
    return _change(b"", _("Logo removed."))


def _change(picture: bytes, done: str) -> ResponseReturnValue:
    with writing() as session:
        changed = change_logo(session, actor(), picture)
    flash(done if changed else _("Nothing was changed."), "good")
    return redirect("/-/admin/settings#logo", 303)
