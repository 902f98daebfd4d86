"""Sign-in requirement: every route needs a signed-in user unless its view is ``@public``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, request
from flask.typing import ResponseReturnValue

from wiki.errors import SignInRequired
from wiki.web.request import actor

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Allow anonymous access to this view. Its content is still subject to the access check."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def is_public(view: Callable[..., Any]) -> bool:
    """Return whether the view allows anonymous access."""
    return getattr(view, "is_public", False)


def init_app(app: Flask) -> None:
    """Require a sign-in for every view that is not public."""

    @app.before_request
    def closed_by_default() -> ResponseReturnValue | None:
        if request.endpoint is None:
            return None
        view = app.view_functions[request.endpoint]
        if not is_public(view) and actor().is_anonymous:
            raise SignInRequired
        return None
