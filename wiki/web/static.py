"""Delivery of the built front end: URLs of its files, and compressed copies, cached for ever if the
file name has a hash."""

from __future__ import annotations

import json
import mimetypes
import re
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from werkzeug.exceptions import NotFound

from wiki.resources import STATIC
from wiki.web.compress import best_encoding
from wiki.web.public import public

PREFIX = "/-/static"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+")
_HASHED = re.compile(r"-[A-Z0-9]{8}\.[a-z]+(?:\.map)?$")
# Content encoding -> extension of the compressed copy from the build.
_COPIES = {"br": ".br", "gzip": ".gz"}


class NotBuilt(Exception):
    """The front end has not been built; the message says how to build it."""


class _SessionsOfScreens(SecureCookieSessionInterface):
    """Cookie sessions that do not affect static files. Otherwise files would vary with the cookie,
    and browsers would fetch them again after every sign-in or message."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "static":
            super().save_session(app, session, response)


def init_app(app: Flask, folder: Path = STATIC) -> None:
    """Serve ``folder``, which contains the built front end, below ``/-/static/``.

    :param app: an app created without a static folder of its own.
    """
    _add_asset_function(app)
    app.session_interface = _SessionsOfScreens()

    @lru_cache(maxsize=256)
    def read(name: str) -> bytes:
        return (folder / name).read_bytes()

    @app.get(f"{PREFIX}/<filename>", endpoint="static")
    @public
    def static(filename: str) -> Response:
        hidden = filename.endswith(tuple(_COPIES.values()))
        if hidden or not _NAME.fullmatch(filename) or not (folder / filename).is_file():
            raise NotFound
        response = Response(content_type=_content_type(filename))
        hashed = _HASHED.search(filename)
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if hashed else "no-cache"
        )
        offered = tuple(name for name in _COPIES if (folder / (filename + _COPIES[name])).is_file())
        if offered:
            response.vary.add("Accept-Encoding")
        encoding = best_encoding(request.headers.get("Accept-Encoding", ""), offered)
        if encoding:
            response.content_encoding = encoding
            filename += _COPIES[encoding]
        response.set_data(read(filename))
        return response


def _add_asset_function(app: Flask) -> None:
    """Add the template function ``asset("app.css")``, which returns the URL of a built file."""
    urls: dict[str, str] = {}
    path = STATIC / "manifest.json"

    def asset(name: str) -> str:
        if name not in urls:
            try:
                manifest = json.loads(path.read_text())
            except FileNotFoundError:
                raise NotBuilt("The front end is not built: run `make setup` first.") from None
            urls.update({one: url_for("static", filename=manifest[one]) for one in manifest})
        return urls[name]

    app.add_template_global(asset)


def _content_type(name: str) -> str:
    if name.endswith((".map", ".json")):
        return "application/json"
    if name.endswith(".js"):
        return "text/javascript; charset=utf-8"  # some systems guess an older name
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
