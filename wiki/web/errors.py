"""Error pages: one sentence each, and identical bytes for hidden and missing pages."""

from __future__ import annotations

import logging
from urllib.parse import quote

from flask import (
    Flask,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import flash as show_on_next_page
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from wiki.disk import DiskFull, is_full
from wiki.errors import Busy, FactorRequired, NotFound, SignInRequired, TooMany, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.web.limits.request_limits import MOST_PARTS, TooManyFields, TooMuchAsked
from wiki.web.reauth_form import kept_of_request, show_again, sign_in_page
from wiki.web.request import is_api, is_foreign, settings
from wiki.web.secret_paths import path_to_log
from wiki.web.urls import local_url, this_url

log = logging.getLogger(__name__)

SENTENCES = {
    400: (
        lazy_gettext("Bad request"),
        lazy_gettext("We couldn’t understand this address or form. Check it and try again."),
    ),
    403: (lazy_gettext("Not allowed"), lazy_gettext("You don’t have permission to do that.")),
    404: (NotFound.title, NotFound().sentence),
    405: (
        lazy_gettext("Method not allowed"),
        lazy_gettext("This address can’t be used in that way."),
    ),
    413: (
        lazy_gettext("Too large"),
        lazy_gettext("What you sent is larger than this wiki accepts."),
    ),
    414: (lazy_gettext("Address too long"), lazy_gettext("This address is too long.")),
    415: (
        lazy_gettext("Unsupported data"),
        lazy_gettext("This address doesn’t accept that kind of data."),
    ),
    429: (lazy_gettext("Too many attempts"), lazy_gettext("Please wait a moment and try again.")),
    500: (
        lazy_gettext("Something went wrong"),
        lazy_gettext(
            "The error is on our side and has been logged. Everything saved before is safe."
        ),
    ),
    503: (
        lazy_gettext("Back in a moment"),
        lazy_gettext("The wiki is busy or under maintenance. Please try again in a moment."),
    ),
    507: (DiskFull.title, DiskFull().sentence),
}


AGAIN = frozenset({400, 401, 429, 500, 503, 507})
"""Statuses after which sending the same form again may succeed."""


def wants_json() -> bool:
    """Return whether the client expects JSON: always under the API, elsewhere if its ``Accept``
    header prefers it."""
    kinds = ["text/html", "application/json"]
    return is_api() or request.accept_mimetypes.best_match(kinds) == kinds[1]


def error_page(
    status: int, title: str | None = None, sentence: str | None = None, *, again: bool = False
) -> Response:
    """Return the page for an error, without repeating anything of the request."""
    usual = SENTENCES.get(status, SENTENCES[500 if status >= 500 else 400])
    body = render_template(
        "errors/error.html",
        status=status,
        title=title or usual[0],
        sentence=sentence or usual[1],
        unsent=unsent_text(),
        again=again or status in AGAIN,
    )
    return make_response(body, status)


def unsent_text() -> dict[str, str] | None:
    """Return the fields of a refused form that contained a page's text, to give back to its author;
    None for other requests."""
    if request.method != "POST" or is_foreign():
        return None
    try:
        fields = request.form.to_dict()
    except HTTPException:  # too large or malformed
        return None
    if not fields.get("body"):
        return None
    return {name: value for name, value in fields.items() if name != "csrf_token"}


def problem(status: int, title: str, detail: str, **more: object) -> Response:
    """Return an error as problem JSON (RFC 9457)."""
    response = jsonify(
        {"type": "about:blank", "title": str(title), "status": status, "detail": str(detail)} | more
    )
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def init_app(app: Flask) -> None:
    """Answer every error with a page, or with problem JSON for clients that expect JSON."""
    app.register_error_handler(WikiError, _answer_wiki_error)
    app.register_error_handler(CSRFError, _answer_csrf_error)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_unexpected)


def _answer_wiki_error(error: WikiError) -> ResponseReturnValue:
    if wants_json():
        more: dict[str, object] = {"field": error.field} if error.field else {}
        response = problem(error.status, error.title, error.sentence, **more)
        if error.status == 401 and is_api():
            response.headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, SignInRequired):
        if request.method in ("GET", "HEAD"):
            return redirect(url_for("people.login", next=this_url()))
        kept = kept_of_request()
        if kept is not None:
            return sign_in_page(kept.url, kept), 401
        if unsent_text():
            return error_page(401, _("Please sign in again"), _("Your session has expired."))
        return redirect(url_for("people.login"))
    elif isinstance(error, FactorRequired) and not unsent_text():
        wanted = this_url() if request.method in ("GET", "HEAD") else None
        return redirect(url_for("security.screen", next=wanted), 303)
    else:
        again = isinstance(error, FactorRequired)
        response = error_page(error.status, error.title, error.sentence, again=again)
    if isinstance(error, (TooMany, Busy)):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _answer_csrf_error(_error: CSRFError) -> ResponseReturnValue:
    title = _("Please send this again")
    if is_api():
        return problem(400, title, _("Send a bearer token or an X-CSRFToken header."))
    if wants_json():
        return problem(
            400, title, _("This form was open for too long, or you signed in again since.")
        )
    kept = kept_of_request()
    if kept is not None:
        flash(
            _("You signed in again while this form was open. Nothing has been saved yet."), "warn"
        )
        response = make_response(show_again(kept))
        response.status_code = 400
        return response
    if not request.cookies:
        sentence = _(
            "Your browser didn’t send a cookie, which this needs. Allow cookies and open this wiki "
            "at %(url)s.",
            url=settings().base_url,
        )
    elif unsent_text():
        sentence = _("This form was open for too long, or you signed in again since.")
    else:
        sentence = _(
            "This form was open for too long, or you signed in again since. Go back, reload the "
            "page and send it again."
        )
    return error_page(400, title, sentence)


def _answer_http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    if status == 405 and _goes_to_page():
        return redirect(_page_around(request.path), 303)
    title, sentence = SENTENCES.get(status, SENTENCES[500 if status >= 500 else 400])
    if isinstance(error, (TooManyFields, TooMuchAsked)):
        sentence = error.sentence
    elif status == 413:
        limits = _(
            "Files can have up to %(size)s MiB. Forms can have up to %(number)s parts.",
            size=settings().max_file_mb,
            number=MOST_PARTS,
        )
        sentence = f"{sentence} {limits}"
    answer = problem if wants_json() else error_page
    response = answer(status, title, sentence)
    if status == 405 and error.get_response().headers.get("Allow"):
        response.headers["Allow"] = error.get_response().headers["Allow"]
    return response


def _goes_to_page() -> bool:
    """Return whether the wrong method was used by a browser at the address of a page or of one of
    its verbs, as after a reload of what a form answered. A text that was sent is given back."""
    return (
        request.method in ("GET", "HEAD", "POST")
        and "text/html" in request.headers.get("Accept", "")
        and not request.path.startswith("/-/")
        and not unsent_text()
    )


def _page_around(path: str) -> str:
    """Return the address of the page that an address of a page or of one of its verbs names."""
    home, verb, _rest = path.partition("/-/")
    if verb and home.count("/") == 1:  # the space itself
        home += "/"
    return local_url(quote(home, safe="/:@!$&'()*+,;=-._~"))


def _answer_unexpected(error: Exception) -> ResponseReturnValue:
    path = path_to_log(quote(request.path))
    if is_full(error, settings().data_dir):
        log.error("The disk is full: %s %s failed.", request.method, path)
        return _answer_wiki_error(DiskFull())
    log.error("unexpected error at %s %s", request.method, path, exc_info=error)
    if wants_json():
        return problem(500, *SENTENCES[500])
    return error_page(500)


def flash(message: str, kind: str = "done") -> None:
    """Show ``message`` on the next page; ``kind`` is ``done``, ``note`` or ``problem``."""
    show_on_next_page(str(message), kind)
