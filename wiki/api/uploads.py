"""Operations on uploads in pieces, in the style of tus 1.0: start, continue, inspect, cancel."""

from __future__ import annotations

import re
from wsgiref.handlers import format_date_time

from flask import Response, request, url_for

from wiki.api import wire
from wiki.api.resources import files as file_resources
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
from wiki.errors import Invalid
from wiki.rules.access import May
from wiki.spaces.queries import see_space
from wiki.text.paths import join
from wiki.web.errors import problem
from wiki.web.limits.rate_limit import costs
from wiki.web.operations import Answer, Query, answer, operation
from wiki.web.request import actor, finish_reading, parts, reading, settings, writing

AT = "/uploads/{upload}"
_COUNT = {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}
_CHECKSUM = {
    "type": "string",
    "pattern": "^(?:sha256 [A-Za-z0-9+/]{43}=|sha1 [A-Za-z0-9+/]{27}=)$",
}


@operation(
    "POST",
    "/uploads/{space}/{file}",
    "Start uploading a file in pieces.",
    {
        201: Answer(
            "The upload; `Location` is the address to send the pieces to.", file_resources.Upload
        )
    },
    headers=(Query("Upload-Length", "Size of the file in bytes.", _COUNT, required=True),),
    writes=True,
    problems=(403, 413, 429),
)
@costs("files")
def begin(slug: str, file: str) -> Response:
    """For files of more than a few megabytes: received data is kept for a day, whatever happens to
    the connection, the client or the server. Limits are checked now and again at the end."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    size = _count("Upload-Length")
    with writing() as session:
        begun = begin_upload(session, actor(), seen.space, UploadRequest(file, size), settings())
        response = _told(begun, 201)
    response.headers["Location"] = _url(begun)
    return response


@operation(
    "GET",
    AT,
    "Get the progress of an upload.",
    {200: Answer("The upload; `Upload-Offset` is its offset.", file_resources.Upload)},
)
def read_upload(upload: str) -> Response:
    """Use `HEAD` for the headers alone. Only the person who started an upload can access it."""
    return _told(see_upload(reading(), actor(), upload))


@operation(
    "PATCH",
    AT,
    "Send a piece of a file.",
    {
        204: Answer("The piece is stored; `Upload-Offset` is the offset of the next one."),
    },
    headers=(
        Query("Upload-Offset", "The offset of the piece in the file.", _COUNT, required=True),
        Query(
            "Upload-Checksum", "`sha256` (or `sha1`), a space and the digest in base64.", _CHECKSUM
        ),
    ),
    takes_bytes=True,
    writes=True,
    problems=(403, 409, 413, 460, 503),
)
@costs("files")
def send_piece(upload: str) -> Response:
    """The body is the piece. A piece counts once it has arrived completely, so a few megabytes are
    a good size. The file is attached when the last piece has arrived. If that fails (the page is
    full, for example), try again with an empty piece at its end."""
    offset = _count("Upload-Offset")
    checksum = request.headers.get("Upload-Checksum", "")
    finish_reading()
    wiki = parts()
    try:
        found = add_piece(
            wiki.database,
            wiki.settings,
            actor(),
            upload,
            Piece(offset, request.stream, checksum),
        )
    except WrongOffset as wrong:
        response = problem(wrong.status, wrong.title, wrong.sentence)
        response.headers["Upload-Offset"] = str(wrong.received)
        return response
    return _with_headers(Response(status=204), found)


@operation(
    "DELETE",
    AT,
    "Cancel an upload.",
    {204: Answer("The received data was discarded.")},
    writes=True,
)
@costs("files")
def give_up(upload: str) -> Response:
    """A file that is already attached is kept."""
    finish_reading()
    cancel_upload(parts().database, settings(), actor(), upload)
    return Response(status=204)


def _told(found: Uploading, status: int = 200) -> Response:
    row, file = found.row, found.row.attachment
    slug = file.page.space.slug if file and file.page else row.space.slug
    shape = file_resources.Upload(
        url=_url(found),
        path=join(row.page.path, row.name) if row.page else row.name,
        size=row.size,
        offset=row.received,
        expires_at=row.expires_at,
        file=wire.file(slug, file) if file else None,
    )
    return _with_headers(answer(shape, status), found)


def _with_headers(response: Response, found: Uploading) -> Response:
    response.headers["Upload-Offset"] = str(found.row.received)
    response.headers["Upload-Length"] = str(found.row.size)
    response.headers["Upload-Expires"] = format_date_time(found.row.expires_at.timestamp())
    response.headers["Tus-Resumable"] = "1.0.0"
    response.headers["Cache-Control"] = "no-store"
    return response


def _url(found: Uploading) -> str:
    return url_for("api.read_upload", upload=found.row.key)


def _count(header: str) -> int:
    """Return a number of bytes from a header.

    :raises Invalid: when it is missing or no such number.
    """
    raw = request.headers.get(header, "")
    if not re.fullmatch(r"[0-9]{1,15}", raw):
        raise Invalid(f"The header “{header}” must be a number of bytes.", field=header)
    return int(raw)
