"""Views of photos: upload, removal and delivery."""

from __future__ import annotations

from typing import IO

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from wiki.attachments.pictures.making import fitted
from wiki.attachments.storage import Storage
from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.people import queries as people
from wiki.people.me import myself, screen
from wiki.photos.actions import remove_photo, set_photo
from wiki.photos.queries import see_photo
from wiki.web.errors import flash
from wiki.web.limits.rate_limit import costs
from wiki.web.request import actor, reading, settings, writing

blueprint = Blueprint("photos", __name__)

MAX_MB = 10
"""Maximum size of a picture that is sent, in MiB."""


@blueprint.get("/-/people/<handle>/photo/<sha256>")
def show(handle: str, sha256: str) -> Response:
    """Show a person's photo."""
    return hand_out_photo(handle, sha256)


def hand_out_photo(handle: str, sha256: str) -> Response:
    """Return a response with a person's photo. Its address contains its hash, so browsers and
    programs keep it.

    :raises NotFound: as :func:`see_photo`.
    """
    response = Response(see_photo(reading(), actor(), handle, sha256), mimetype="image/webp")
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.post("/-/me/photo")
@costs("files")
def change() -> ResponseReturnValue:
    """Set or replace the user's own photo."""
    sent = request.files.get("photo")
    try:
        if sent is None or not sent.filename:
            raise Invalid(_("Choose a picture first."), field="photo")
        square = square_of(sent.stream)
    except Invalid as error:
        return screen(error)
    with writing() as session:
        changed = set_photo(session, actor(), myself(session), square)
    flash(_("Photo saved.") if changed else _("Nothing was changed."), "good")
    return redirect("/-/me#profile", 303)


@blueprint.post("/-/me/photo/remove")
def remove() -> ResponseReturnValue:
    """Delete the user's own photo."""
    with writing() as session:
        removed = remove_photo(session, actor(), myself(session))
    flash(_("Photo removed.") if removed else _("Nothing was changed."), "good")
    return redirect("/-/me#profile", 303)


@blueprint.post("/-/admin/people/<handle>/remove-photo")
def remove_of_person(handle: str) -> ResponseReturnValue:
    """Delete the photo of a person, as an admin."""
    with writing() as session:
        removed = remove_photo(session, actor(), people.get_person(session, actor(), handle))
    flash(_("Photo removed.") if removed else _("Nothing was changed."), "good")
    return redirect(f"/-/admin/people/{handle}", 303)


def square_of(stream: IO[bytes]) -> bytes:
    """Return the photo that is made of a picture.

    :raises Invalid: :raises Busy: as :func:`fitted`.
    """
    most = min(MAX_MB, settings().max_file_mb) << 20
    return fitted(Storage(settings().data_dir), stream, "photo", most)
