"""Whoever must have a second factor and has none gets nowhere but to where one is set up."""

from __future__ import annotations

from flask import Flask, request
from flask_login import current_user

from wiki.errors import FactorRequired
from wiki.people.signin.sign_in import SignedIn
from wiki.web.request import is_api

# What it takes to set one up, to sign out or in, and what shows nothing of the wiki.
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
    }
)
OPEN_ROOM = "security."


def is_open(endpoint: str) -> bool:
    """Whether somebody who is held may go there."""
    return endpoint in OPEN or endpoint.startswith(OPEN_ROOM)


def init_app(app: Flask) -> None:
    """Hold them before every other view, public ones too: those show what the one who asks may
    read. The API knows its callers by itself, and holds them there."""

    @app.before_request
    def factor_first() -> None:
        if request.endpoint is None or is_open(request.endpoint) or is_api():
            return
        user = current_user._get_current_object()
        if isinstance(user, SignedIn) and user.held:
            raise FactorRequired
