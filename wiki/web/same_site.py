"""Refusal of requests sent by pages of other sites: the first CSRF check, beside the form's
token."""

from __future__ import annotations

from flask import Flask, request

from wiki.errors import Forbidden
from wiki.web.request import is_api, is_foreign

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask) -> None:
    """Refuse requests from other sites before anything of them is shown or kept.

    This check comes before the sign-in check. On such requests browsers send no cookie, and a
    response that sets one would replace the user's session cookie.
    """

    @app.before_request
    def come_from_here() -> None:
        if request.method in SAFE_METHODS or is_api():  # the API accepts no cookies
            return
        if is_foreign():
            raise Forbidden("This form was sent from another site, so nothing was done.")
