"""Views of uploads in pieces, for the browser's scripts."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from wiki.attachments.links import described, links_from, plain_name
from wiki.attachments.uploading.actions import (
    Piece,
    Uploading,
    UploadRequest,
    WrongOffset,
    add_piece,
    begin_upload,
    cancel_upload,
    see_upload,
)
from wiki.attachments.views import say_unseen_names
from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.pages.page_context import place_at
from wiki.rules.access import May
from wiki.text.paths import join
from wiki.web.limits.rate_limit import costs
from wiki.web.request import actor, finish_reading, parts, reading, settings, writing
from wiki.web.urls import verb

OFFSET = "Upload-Offset"

blueprint = Blueprint("uploads", __name__)


@verb(blueprint, "uploads", methods=["POST"])
@costs("files")
def begin(slug: str, path: str) -> ResponseReturnValue:
    """Start the upload of a file of ``size`` bytes that is to be attached as ``name``."""
    place = place_at(slug, path)
    place.seen.require(May.EDIT)
    size = request.form.get("size", type=int)
    if size is None:
        raise Invalid(_("Enter the size of the file."), field="size")
    with writing() as session:
        begun = begin_upload(
            session,
            actor(),
            place.space,
            UploadRequest(
                join(place.path, plain_name(request.form.get("name", ""))),
                size,
                keep_both="replace" not in request.form,
            ),
            settings(),
        )
        return _told(begun), 201


@blueprint.get("/-/uploads/<key>")
def see(key: str) -> ResponseReturnValue:
    """Return the progress of an upload."""
    return _told(see_upload(reading(), actor(), key))


@blueprint.route("/-/uploads/<key>", methods=["PATCH"])
@costs("files")
def send(key: str) -> ResponseReturnValue:
    """Store the next piece."""
    offset = request.headers.get(OFFSET, type=int)
    if offset is None:
        raise Invalid(_("Send the offset at which the piece begins."), field=OFFSET)
    finish_reading()
    wiki = parts()
    try:
        found = add_piece(wiki.database, wiki.settings, actor(), key, Piece(offset, request.stream))
    except WrongOffset:
        finish_reading()
        return _told(see_upload(reading(), actor(), key)), 409
    finish_reading()
    seen = see_upload(reading(), actor(), found.row.key)
    if seen.row.attachment is not None:
        say_unseen_names(seen.row.attachment)
    return _told(seen)


@blueprint.route("/-/uploads/<key>", methods=["DELETE"])
@costs("files")
def cancel(key: str) -> ResponseReturnValue:
    """Cancel an upload."""
    finish_reading()
    cancel_upload(parts().database, settings(), actor(), key)
    return "", 204


def _told(found: Uploading) -> Response:
    row, file = found.row, found.row.attachment
    told: dict[str, object] = {
        "url": url_for("uploads.see", key=row.key),
        "size": row.size,
        "offset": row.received,
        "file": None,
    }
    if file is not None:
        slug = file.page.space.slug if file.page else row.space.slug
        told["file"] = described(slug, file, links_from(file.page))
    response = jsonify(told)
    response.headers["Cache-Control"] = "no-store"
    return response
