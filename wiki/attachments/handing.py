"""Handing out the bytes of a file over HTTP: typed, sandboxed, conditional, in ranges."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator
from io import BufferedReader
from urllib.parse import quote

from flask import Response, request
from werkzeug.http import parse_range_header

from wiki.attachments.kinds import TEXT, is_shown, policy_for
from wiki.attachments.queries import FileSeen
from wiki.attachments.storage import DamagedFile, Storage
from wiki.errors import WikiError
from wiki.text.paths import name_of

log = logging.getLogger(__name__)
PIECE = 64 * 1024
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._ -]+")


class FileDamaged(WikiError):
    """The row is there and the bytes are not."""

    status = 500
    title = "This file is damaged"

    def __init__(self) -> None:
        super().__init__(
            "The bytes of this file are missing on the server; an administrator can bring them "
            "back from a backup."
        )


def hand_out(storage: Storage, found: FileSeen) -> Response:
    """The answer to this request for a file that the asker may read.

    :raises FileDamaged: when its bytes are missing or cut.
    """
    file = found.file
    response = Response(mimetype=file.content_type)
    response.headers["Content-Disposition"] = _disposition(
        name_of(file.name), shown=is_shown(file.content_type)
    )
    response.headers["Content-Security-Policy"] = policy_for(file.content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Kept by the reader's browser alone, and asked for again each time: who may read can change.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Accept-Ranges"] = "bytes"
    response.set_etag(file.sha256)
    response.make_conditional(request)
    del response.headers["Date"]  # the server writes one
    if response.status_code != 200:
        return response
    part = _asked_range(file.size, file.sha256)
    begin, end = part or (0, file.size)
    if part and begin >= end:
        response.status_code = 416
        response.mimetype = TEXT
        response.headers["Content-Range"] = f"bytes */{file.size}"
        response.set_data(b"There are no such bytes in this file.\n")
        return response
    try:
        stream = storage.open(file.sha256, file.size)
    except DamagedFile as error:
        log.error("file %s cannot be handed out: %s", file.id, error)
        raise FileDamaged from None
    if part:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {begin}-{end - 1}/{file.size}"
    response.content_length = end - begin
    response.response = _pieces(stream, begin, end)
    response.call_on_close(stream.close)
    return response


def _asked_range(size: int, etag: str) -> tuple[int, int] | None:
    """First byte asked for and the byte after the last; None when the whole file is wanted.

    A Range header that is malformed, names several ranges or belongs to another version is
    ignored, as RFC 9110 allows. A range without bytes is beyond the end of the file.
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
    """A header after RFC 6266: a plain name for those who know no better, then the real one."""
    kind = "inline" if shown else "attachment"
    if _PLAIN_NAME.fullmatch(name):
        return f'{kind}; filename="{name}"'
    ascii = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ -]+", "_", ascii)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
