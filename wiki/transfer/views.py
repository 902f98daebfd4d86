"""Views of imports: the form for a zip, and the page with the progress."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid, WikiError
from wiki.i18n import gettext as _
from wiki.rules.access import May
from wiki.spaces.queries import SpaceAccess, see_space
from wiki.transfer.actions import keep_upload, request_import
from wiki.transfer.git.mirrors import mirror_of
from wiki.transfer.models import Mirror
from wiki.transfer.queries import get_import, list_imports
from wiki.transfer.report import Report
from wiki.web.request import actor, reading, settings, writing
from wiki.web.urls import space_url

blueprint = Blueprint("transfer", __name__)
SHOWN = 200
"""Maximum number of problems of a kind on the page."""


@blueprint.url_value_preprocessor
def allow_large_zips(endpoint: str | None, values: dict[str, object] | None) -> None:
    """Raise the limit on the request size for zips, before the form is parsed."""
    if request.method == "POST":
        request.max_content_length = (settings().max_import_mb + 1) << 20


@blueprint.route("/<space:slug>/-/import", methods=["GET", "POST"])
def begin(slug: str) -> ResponseReturnValue:
    """Show the form for a zip, or store an uploaded one for the worker to import."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.MANAGE)
    if request.method == "GET":
        return _form(seen)
    upload = request.files.get("file")
    try:
        if upload is None or not upload.filename:
            raise Invalid(_("Choose a zip file."), field="file")
        file = keep_upload(settings(), upload.stream)
    except WikiError as refused:
        return _form(seen, refused)
    with writing() as session:
        row = request_import(
            session,
            see_space(session, actor(), slug),
            name=upload.filename,
            file=file,
            keep_outer="keep_outer" in request.form,
        )
        address = f"{space_url(slug, 'import')}/{row.id}"
    return redirect(address, 303)


@blueprint.get("/<space:slug>/-/import/<int:import_id>")
def status(slug: str, import_id: int) -> ResponseReturnValue:
    """Show the progress of an import; a script reloads the page until it is done."""
    seen = see_space(reading(), actor(), slug)
    row = get_import(reading(), seen, import_id)
    return render_template(
        "transfer/status.html",
        space=seen.space,
        seen=seen,
        row=row,
        report=Report.from_json(row.report),
        most=SHOWN,
    )


@blueprint.app_template_global()
def mirrored(seen: SpaceAccess) -> Mirror | None:
    """Return the space's mirror, for the page of its settings."""
    return mirror_of(reading(), seen)


def _form(seen: SpaceAccess, error: WikiError | None = None) -> ResponseReturnValue:
    body = render_template(
        "transfer/import.html",
        space=seen.space,
        seen=seen,
        imports=list_imports(reading(), seen),
        most_mb=settings().max_import_mb,
        errors={"file": error.sentence} if error else {},
    )
    return body, error.status if error else 200
