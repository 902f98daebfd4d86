"""Redirects that never depend on the Host header, and that scripts can read instead of
following."""

from __future__ import annotations

from flask import Flask, Response, request

from wiki.web.urls import local_url

ASKED = "Wiki-Redirect"
"""Request header: ``tell`` requests the address instead of a redirect. Response header: the
address."""


def init_app(app: Flask) -> None:
    """Answer 204 with the address instead of a redirect, where the request asks for it.

    A browser's ``fetch`` either follows a redirect, which would use up the message for the next
    screen, or hides its address.
    """

    @app.after_request
    def stay_here(response: Response) -> Response:
        # Routing's own redirects, such as those to a trailing slash, contain the request's Host
        # header.
        if response.location and response.location.startswith(request.host_url):
            response.location = local_url(f"/{response.location.removeprefix(request.host_url)}")
            response.set_data(b"")
        return response

    @app.after_request
    def tell(response: Response) -> Response:
        if request.headers.get(ASKED) == "tell" and response.location:
            response.headers[ASKED] = response.headers.pop("Location")
            response.status_code = 204
            response.set_data(b"")
        return response
