"""Compression of text responses.

Compression can reveal a secret (BREACH) when a response contains both the secret and text chosen by
an attacker, who compares the lengths of many responses. No page contains a secret that stays the
same: CSRF tokens are signed anew every second, and the pages that show invitations and API tokens
repeat nothing from the request.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

import zstandard
from flask import Flask, Response, request
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

SMALLEST = 860  # bytes; smaller bodies fit one packet anyway
_TEXT = ("text/", "application/json", "application/problem+json", "application/atom+xml")


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(5, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def _zstd(data: bytes) -> bytes:
    # A compressor must not be shared by threads; making one takes a few microseconds.
    return zstandard.ZstdCompressor(level=5).compress(data)


# In order of preference: zstd takes a fifth of gzip's time here.
PACK = {"zstd": _zstd, "gzip": _gzip}


def compress(accepted: str, response: Response) -> Response:
    """Compress the body if that saves enough, with the best encoding that the client accepts.

    :param accepted: the request's ``Accept-Encoding``.
    """
    if (
        response.status_code not in (200, 404)
        or response.direct_passthrough
        or response.is_streamed
        or "Content-Encoding" in response.headers
        or not (response.content_type or "").startswith(_TEXT)
    ):
        return response
    response.vary.add("Accept-Encoding")
    data = response.get_data()
    if len(data) < SMALLEST:
        return response
    name = best_encoding(accepted, tuple(PACK))
    if name:
        response.set_data(PACK[name](data))
        response.headers["Content-Encoding"] = name
        tag, weak = response.get_etag()
        if tag and not weak:  # the bytes differ between encodings
            response.set_etag(tag, weak=True)
    return response


@lru_cache(maxsize=256)
def best_encoding(accepted: str, offered: tuple[str, ...]) -> str | None:
    """Return the first of the offered encodings that an ``Accept-Encoding`` accepts, or None."""
    takes = parse_accept_header(accepted, Accept)
    return next((name for name in offered if takes.quality(name) > 0), None)


def init_app(app: Flask) -> None:
    """Compress the responses of ``app``. Call this before other functions that register
    ``after_request`` handlers, so that compression comes last."""

    @app.after_request
    def pack(response: Response) -> Response:
        return compress(request.headers.get("Accept-Encoding", ""), response)
