"""Text that arrived when its author's sign-in had ended: kept in the form through the sign-in.

A view that takes long text says so with :func:`keeps_text`. When such a form is sent by somebody
who is no longer signed in, the answer is the sign-in form with the sent fields hidden in it; after
the sign-in the first form is shown again with the text, to be looked over and sent. Nothing is
kept on the server, and nothing is saved unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

from flask import current_app, render_template, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from wiki.errors import NotFound, WikiError
from wiki.web.request import settings
from wiki.web.urls import this_url

View = TypeVar("View", bound=Callable[..., Any])
Again = Callable[..., ResponseReturnValue]

PREFIX = "kept."


@dataclass(frozen=True)
class Kept:
    """A form that was sent to ``url``: its fields in order, but for the CSRF token."""

    url: str
    fields: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The longest of the fields, for a reader who has to copy it."""
        return max((value for _, value in self.fields), key=len, default="")


def keeps_text(again: Again) -> Callable[[View], View]:
    """Keep what is sent to this view through a sign-in.

    :param again: shows the view's form with what was sent: called with those fields (a mapping)
        and with the view's arguments by name. It passes the same gate as the view.
    """

    def mark(view: View) -> View:
        view.shows_again = again  # type: ignore[attr-defined]
        return view

    return mark


def kept_of_request() -> Kept | None:
    """What this request sent, if it goes to a view that keeps text."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method != "POST" or not hasattr(view, "shows_again"):
        return None
    return Kept(this_url(), _without_token(request.form.items(multi=True)))


def carried(url: str) -> Kept | None:
    """What the sign-in form that was sent has kept for ``url``."""
    fields = [
        (name.removeprefix(PREFIX), value)
        for name, value in request.form.items(multi=True)
        if name.startswith(PREFIX)
    ]
    return Kept(url, _without_token(fields)) if fields else None


def _without_token(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in fields if not name.endswith("csrf_token"))


def show_again(kept: Kept) -> ResponseReturnValue:
    """The form that ``kept`` was sent to, with its text, or the text alone and why."""
    try:
        again, arguments = _way_to(kept.url)
        return again(MultiDict(kept.fields), **arguments)
    except WikiError as error:
        return render_template("people/kept.html", kept=kept, sentence=error.sentence), error.status


def _way_to(url: str) -> tuple[Again, Mapping[str, Any]]:
    path, _, query = url.partition("?")
    if request_ctx.url_adapter is None:
        raise NotFound
    try:
        endpoint, arguments = request_ctx.url_adapter.match(
            unquote(path), method="POST", query_args=query
        )
    except HTTPException:
        raise NotFound from None
    again: Again | None = getattr(current_app.view_functions[endpoint], "shows_again", None)
    if again is None:
        raise NotFound
    return again, arguments


def sign_in_page(
    url: str, kept: Kept | None = None, *, login: str = "", error: str = "", begun: bool = True
) -> str:
    """The sign-in form, leading to ``url`` and carrying what is kept for it.

    :param begun: whether there is an admin yet; if not, the form says how to become the first.
    """
    return render_template(
        "people/login.html",
        next=url,
        kept=kept,
        prefix=PREFIX,
        login=login,
        error=error,
        begun=begun,
        provider=settings().provider,
    )
