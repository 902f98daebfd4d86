"""Redirects: never to what a request calls our host; and for scripts, which learn where a form that
they sent leads without going there."""

from __future__ import annotations

from flask import Flask, Response, request

from wiki.web.urls import local_url

ASKED = "Wiki-Redirect"
"""Request header: ``tell`` asks to be told the address. Answer header: the address."""


def init_app(app: Flask) -> None:
    """Answer 204 with the address instead of a redirect, where that was asked for.

    A browser's ``fetch`` either follows a redirect unseen, which would use up the message that
    the next screen is to show, or hides where it leads.
    """

    @app.after_request
    def stay_here(response: Response) -> Response:
        # Routing's own redirects, as to a slash at the end, are made of the Host header.
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
