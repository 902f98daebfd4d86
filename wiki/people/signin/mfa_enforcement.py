"""Restriction of users without a required second factor to the screens where one is set up."""

from __future__ import annotations

from flask import Flask, request
from flask_login import current_user

from wiki.errors import FactorRequired
from wiki.people.signin.sign_in import SignedIn
from wiki.web.request import is_api

# The endpoints needed to set one up or to sign in or out, and those that show nothing of the wiki.
OPEN = frozenset(
    {
        "static",
        "home.health",
        "home.robots",
        "home.favicon",
        "people.login",
        "people.second",
        "people.ask_passkey_second",
        "people.ask_passkey",
        "people.logout",
        "confirming.confirm",
        "confirming.ask_passkey",
        # Users without a password confirm their identity at the OpenID provider.
        "oidc.start",
        "oidc.callback",
    }
)
OPEN_ROOM = "security."


def is_open(endpoint: str) -> bool:
    """Return whether a restricted user may go to this endpoint."""
    return endpoint in OPEN or endpoint.startswith(OPEN_ROOM)


def init_app(app: Flask) -> None:
    """Check before every other view, including public ones, because those show what the user may
    read. The API authenticates its callers itself and applies the restriction there."""

    @app.before_request
    def factor_first() -> None:
        if request.endpoint is None or is_open(request.endpoint) or is_api():
            return
        user = current_user._get_current_object()
        if isinstance(user, SignedIn) and user.held:
            raise FactorRequired
