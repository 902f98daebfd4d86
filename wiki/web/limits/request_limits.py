"""Limits on the length and number of things in one request, with a message for each.

The gateway limits a request's head and body (``wiki/web/server``), and the routes limit
their own input. The limits here apply in between, on any WSGI server.
"""

from __future__ import annotations

import io
from typing import IO, Any

from flask import Flask, Request, request
from werkzeug.exceptions import RequestEntityTooLarge, RequestURITooLarge
from werkzeug.formparser import FormDataParser

from wiki.i18n import lazy_gettext

MOST_OF_PATH = 8 * 1024
MOST_OF_QUERY = 16 * 1024
MOST_ASKED = 500  # parameters behind the question mark
MOST_FIELDS = 5000  # of a plain form: the largest conflict has some hundred
MOST_PARTS = 1000  # of a form with files


class TooManyFields(RequestEntityTooLarge):
    """A form with more fields than any form of the wiki has."""

    sentence = lazy_gettext(
        "A form can have up to %(fields)s fields, or %(parts)s with files.",
        fields=MOST_FIELDS,
        parts=MOST_PARTS,
    )


class TooMuchAsked(RequestURITooLarge):
    """An address that is too long or has too many parameters."""

    sentence = lazy_gettext(
        "An address can have up to %(path)s characters, and after the question mark %(query)s and "
        "%(parameters)s parameters.",
        path=MOST_OF_PATH,
        query=MOST_OF_QUERY,
        parameters=MOST_ASKED,
    )


class _Forms(FormDataParser):
    """A form parser that rejects a plain form with too many fields before parsing it, because a
    field costs far more memory than the one byte that sends it."""

    def _parse_urlencoded(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str],
    ) -> Any:
        body = stream.read()
        if body.count(b"&") >= MOST_FIELDS:
            raise TooManyFields
        return super()._parse_urlencoded(io.BytesIO(body), mimetype, content_length, options)


class BoundedRequest(Request):
    """A request with a limited number of form fields."""

    form_data_parser_class = _Forms
    max_form_parts = MOST_PARTS


def init_app(app: Flask) -> None:
    """Refuse requests beyond the limits before any view runs."""
    app.request_class = BoundedRequest
    app.config["MAX_FORM_PARTS"] = MOST_PARTS

    @app.before_request
    def bounded() -> None:
        query = request.query_string
        if (
            len(request.path) > MOST_OF_PATH
            or len(query) > MOST_OF_QUERY
            or query.count(b"&") >= MOST_ASKED
        ):
            raise TooMuchAsked
