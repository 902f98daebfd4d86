"""HTTP responses with the content of a file: typed, sandboxed, conditional, in ranges."""

from __future__ import annotations

import logging
import os
import re
import unicodedata
from collections.abc import Iterator
from io import BufferedReader
from urllib.parse import quote

from flask import Response, request
from werkzeug.http import parse_range_header

from wiki.attachments.kinds import TEXT, is_shown, policy_for
from wiki.attachments.models import Attachment
from wiki.attachments.pictures.making import is_raster, thumb_of, thumbs_of
from wiki.attachments.pictures.thumbs import nearest_width
from wiki.attachments.queries import FileSeen
from wiki.attachments.storage import DamagedFile, Storage
from wiki.attachments.versions import picture_of
from wiki.errors import WikiError
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.pages.access.access_log import log_read
from wiki.text.paths import name_of
from wiki.web.request import reading

log = logging.getLogger(__name__)
PIECE = 64 * 1024
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._ -]+")


class FileDamaged(WikiError):
    """An error for a file whose row exists and whose content is missing."""

    status = 500
    title = lazy_gettext("This file is damaged")

    def __init__(self) -> None:
        super().__init__(
            _(
                "The content of this file is missing on the server. An administrator can restore "
                "it from a backup."
            )
        )


def hand_out(storage: Storage, found: FileSeen) -> Response:
    """Return the response for a file that the reader may read: its content or, if the request names
    a width, a thumbnail if there is one.

    :raises FileDamaged: when its content is missing or truncated.
    """
    file = found.file
    log_read(found.seen, file.page, file_id=file.id)
    width = request.args.get("width", type=int)
    thumb = _thumb(storage, file, width) if width is not None else None
    if thumb is None:
        return _hand_out(storage, file)
    stream, width = thumb
    name = name_of(file.name)
    response = _begin(
        "image/webp", f"{name.rpartition('.')[0] or name}.webp", f"{file.sha256}-{width}"
    )
    if response.status_code != 200:
        stream.close()
        return response
    return _with_bytes(response, stream, os.fstat(stream.fileno()).st_size)


def _hand_out(storage: Storage, file: Attachment) -> Response:
    response = _begin(file.content_type, name_of(file.name), file.sha256)
    if response.status_code != 200:
        return response
    try:
        stream = storage.open(file.sha256, file.size)
    except DamagedFile as error:
        log.error("file %s cannot be handed out: %s", file.id, error)
        raise FileDamaged from None
    return _with_bytes(response, stream, file.size)


def _thumb(storage: Storage, file: Attachment, asked: int) -> tuple[BufferedReader, int] | None:
    """Return an open thumbnail at least as wide as asked, and its width; None if there is none."""
    width = nearest_width(max(asked, 1))
    if width is None or not is_raster(file.content_type):
        return None
    path = storage.thumbs.path(file.sha256, width)
    if not path.exists():
        known = picture_of(reading(), file.sha256)
        if known is not None and (known.failure or width not in thumbs_of(known)):
            return None
        path = thumb_of(storage, file.sha256, file.size, file.content_type, width) or path
    try:
        return path.open("rb"), width
    except FileNotFoundError:
        return None


def _begin(content_type: str, name: str, etag: str) -> Response:
    """Return a response with the headers: typed, sandboxed, and 304 if the client's copy is
    current."""
    response = Response(mimetype=content_type)
    response.headers["Content-Disposition"] = _disposition(name, shown=is_shown(content_type))
    response.headers["Content-Security-Policy"] = policy_for(content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Cached by the reader's browser only, and revalidated each time, because permissions can
    # change.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Accept-Ranges"] = "bytes"
    response.set_etag(etag)
    response.make_conditional(request)
    del response.headers["Date"]  # the server adds one
    return response


def _with_bytes(response: Response, stream: BufferedReader, size: int) -> Response:
    """Return the response with the bytes of ``stream``: all, or the requested range."""
    part = _asked_range(size, response.get_etag()[0] or "")
    begin, end = part or (0, size)
    if part and begin >= end:
        stream.close()
        response.status_code = 416
        response.mimetype = TEXT
        response.headers["Content-Range"] = f"bytes */{size}"
        response.set_data(b"There are no such bytes in this file.\n")
        return response
    if part:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
    response.content_length = end - begin
    response.response = _pieces(stream, begin, end)
    response.call_on_close(stream.close)
    return response


def _asked_range(size: int, etag: str) -> tuple[int, int] | None:
    """Return the first requested byte and the one after the last; None for the whole file.

    A Range header that is malformed, names several ranges or belongs to another version is ignored,
    as RFC 9110 allows. A range without bytes is beyond the end of the file.
    """
    asked = parse_range_header(request.headers.get("Range"))
    if request.method != "GET" or not size:
        return None
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    if "If-Range" in request.headers and request.if_range.etag != etag:
        return None
    begin, end = asked.ranges[0]
    if begin < 0:
        return max(0, size + begin), size
    return begin, size if end is None else min(end, size)


def _pieces(stream: BufferedReader, begin: int, end: int) -> Iterator[bytes]:
    with stream:
        stream.seek(begin)
        while begin < end and (piece := stream.read(min(PIECE, end - begin))):
            begin += len(piece)
            yield piece


def _disposition(name: str, *, shown: bool) -> str:
    """Return a header as in RFC 6266: an ASCII name for old clients, then the real one."""
    kind = "inline" if shown else "attachment"
    if _PLAIN_NAME.fullmatch(name):
        return f'{kind}; filename="{name}"'
    ascii = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ -]+", "_", ascii)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
