"""Form text that is kept through a sign-in when the author's session has ended.

A view that takes long text is marked with :func:`keeps_text`. If a signed-out user sends such a
form, the answer is the sign-in form, with the sent fields as hidden fields. After the sign-in the
first form is shown again with the text, to be reviewed and sent. Nothing is stored on the server,
and nothing is saved before its author has seen it.
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
    """A form that was sent to ``url``: its fields in order, without the CSRF token."""

    url: str
    fields: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The longest of the fields, for an author who has to copy it."""
        return max((value for _, value in self.fields), key=len, default="")


def keeps_text(again: Again) -> Callable[[View], View]:
    """Keep what is sent to this view through a sign-in.

    :param again: a function that shows the view's form with the sent text. It is called with the
        sent fields (a mapping) and the view's arguments by name, and makes the same access check as
        the view.
    """

    def mark(view: View) -> View:
        view.shows_again = again  # type: ignore[attr-defined]
        return view

    return mark


def kept_of_request() -> Kept | None:
    """Return the form that this request sent, if its view keeps text; None otherwise."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method != "POST" or not hasattr(view, "shows_again"):
        return None
    return Kept(this_url(), _without_token(request.form.items(multi=True)))


def carried(url: str) -> Kept | None:
    """Return the form for ``url`` that the submitted sign-in form contains, or None."""
    fields = [
        (name.removeprefix(PREFIX), value)
        for name, value in request.form.items(multi=True)
        if name.startswith(PREFIX)
    ]
    return Kept(url, _without_token(fields)) if fields else None


def _without_token(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in fields if not name.endswith("csrf_token"))


def show_again(kept: Kept) -> ResponseReturnValue:
    """Return the form that ``kept`` was sent to, with its text. If it cannot be shown, return the
    text alone and the reason."""
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
    """Return the sign-in form, which leads to ``url`` and contains the form kept for it.

    :param begun: whether the wiki has an admin; if not, the form says how to become the first.
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
        open_domains=settings().open_domains,
    )
