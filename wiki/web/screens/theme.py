"""Light or dark: the account's choice or, without an account, that of the browser's cookie."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_login import current_user

from wiki.web.request import actor, settings

THEMES = ("light", "dark")
COOKIE = "wiki-theme"
_YEAR = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Add the template function ``theme``, which returns the choice; empty for the browser's."""
    app.jinja_env.globals["theme"] = theme


def theme() -> str:
    """Return the theme that the reader chose; empty if it follows their system."""
    if not actor().is_anonymous:
        return getattr(current_user, "theme", None) or ""
    kept = request.cookies.get(COOKIE, "")
    return kept if kept in THEMES else ""


def keep_theme(response: Response, chosen: str) -> Response:
    """Keep a choice in this browser, for when nobody is signed in."""
    if chosen:
        response.set_cookie(
            COOKIE, chosen, max_age=_YEAR, secure=settings().secure, httponly=True, samesite="Lax"
        )
    else:
        response.delete_cookie(COOKIE, secure=settings().secure, httponly=True, samesite="Lax")
    return response
