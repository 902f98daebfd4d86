"""What another site's page sends is refused: the first of two checks, beside the form's token."""

from __future__ import annotations

from flask import Flask, request

from wiki.errors import Forbidden
from wiki.web.request import is_api, is_foreign

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask) -> None:
    """Refuse what another site's page sends, before anything of it is shown or kept.

    This comes before the sign-in is asked for: a browser sends no cookie along then, and an answer
    that sets one would replace that of whoever is signed in.
    """

    @app.before_request
    def come_from_here() -> None:
        if request.method in SAFE_METHODS or is_api():  # the API takes no cookies
            return
        if is_foreign():
            raise Forbidden("This form was sent from another site, so nothing was done.")
