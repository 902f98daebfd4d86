"""Views for visitors of share links, without an account: the shared pages, and nothing of the wiki
around them.

A link that shows nothing (any more) and one that never existed get the same response.
"""

from __future__ import annotations

from datetime import timedelta
from secrets import token_hex

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from wiki.attachments.handing import hand_out
from wiki.attachments.queries import FileSeen
from wiki.attachments.storage import Storage
from wiki.errors import TooMany
from wiki.i18n import gettext as _
from wiki.kind_registry import kind_named
from wiki.pages.access.access_log import log_read
from wiki.pages.models import Page
from wiki.pages.queries import see_page
from wiki.pages.rendering.reading import read_rendering
from wiki.pages.rendering.stored import ensure_head
from wiki.pages.revisions import head_of
from wiki.people.passwords import is_password
from wiki.rules.labels import Label
from wiki.sharing import queries
from wiki.sharing.actions import count_visit, give_back_guess, spend_guess
from wiki.sharing.queries import LinkSeen, State, label_of
from wiki.sharing.shown import (
    files_shown,
    list_shown,
    shown_at,
)
from wiki.sharing.visited_page import Place, html_for_visitors, tree_of
from wiki.text.paths import (
    PathError,
    join,
    normalise_path,
    path_key,
)
from wiki.web.public import public
from wiki.web.request import finish_reading, parts, reading, settings, writing

blueprint = Blueprint("shared", __name__)

COOKIE = "wiki-visit"
LASTS = timedelta(hours=12)
"""The time for which a browser is not counted again after a visit."""


class Nowhere(Exception):
    """A link shows nothing. Visitors do not learn why."""


@blueprint.errorhandler(Nowhere)
def nowhere(_error: Nowhere) -> ResponseReturnValue:
    """Show the same page for every link that shows nothing."""
    return render_template("sharing/nowhere.html"), 404


@blueprint.after_request
def keep_to_oneself(response: Response) -> Response:
    """Set headers that keep the URL and its content from spreading: they alone give access."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Cache-Control"] = "private, no-store"
    # The password form needs a referrer for the check of its origin; its screen has no links.
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


@blueprint.route("/-/s/<token>/", methods=["GET", "POST"], defaults={"below": ""})
@blueprint.route("/-/s/<token>/<page:below>", methods=["GET", "POST"])
@public
def read(token: str, below: str) -> ResponseReturnValue:
    """Show a shared page; before that, ask for the password or a click if the link has a password
    or a limited number of visits."""
    seen, up_to = _seen(token)
    page = shown_at(reading(), seen, below, up_to)
    if page is None:
        raise Nowhere
    if _has_come(seen):
        if request.method == "POST":
            return redirect(request.path, 303)
        return _page(token, seen, page, up_to)
    if seen.state is State.USED_UP:
        raise Nowhere
    if request.method == "POST":
        return _come_in(token, seen)
    if _has_door(seen):
        return _door(seen)
    if request.method == "GET":
        _count(seen)
        seen, up_to = _seen(token)
    response = make_response(_page(token, seen, page, up_to))
    return _let_in(response, token, seen) if request.method == "GET" else response


@blueprint.get("/-/s/<token>/-/files/<path:name>", defaults={"below": ""})
@blueprint.get("/-/s/<token>/<page:below>/-/files/<path:name>")
@public
def read_file(token: str, below: str, name: str) -> ResponseReturnValue:
    """Serve a picture or file of a shared page, for browsers that have opened the page."""
    seen, up_to = _seen(token)
    if not _has_come(seen):
        raise Nowhere
    try:
        key = path_key(normalise_path(join(join(seen.page.path, below), name)))
    except PathError:
        raise Nowhere from None
    session = reading()
    file = files_shown(session, seen, [key], up_to).get(key)
    if file is None or file.page is None or seen.maker is None:
        raise Nowhere
    as_maker = see_page(session, seen.maker.actor(), file.page)
    return hand_out(Storage(settings().data_dir), FileSeen(file, as_maker))


def _seen(token: str) -> tuple[LinkSeen, Label | None]:
    up_to = label_of(settings())
    seen = queries.find_link(reading(), token, up_to)
    if seen is None:
        raise Nowhere
    return seen, up_to


# Visits


def _has_door(seen: LinkSeen) -> bool:
    """Return whether a button has to be pressed first, so that a program that only follows the link
    does not use up a visit."""
    return seen.link.password_hash is not None or seen.link.max_views is not None


def _door(seen: LinkSeen, error: str = "", status: int = 200) -> Response:
    body = render_template(
        "sharing/door.html",
        locked=seen.link.password_hash is not None,
        errors={"password": error} if error else {},
    )
    response = make_response(body, status)
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _come_in(token: str, seen: LinkSeen) -> ResponseReturnValue:
    stored, address = seen.link.password_hash, request.remote_addr or ""
    if stored is not None:
        try:
            with writing() as session:
                still = spend_guess(session, settings(), seen, address)
        except TooMany as late:
            refused = _door(seen, late.sentence, 429)
            refused.headers["Retry-After"] = str(late.retry_after)
            return refused
        if not still:
            raise Nowhere
        if not is_password(stored, request.form.get("password", "")):
            return _door(seen, _("Incorrect password."), 422)
        with writing() as session:
            give_back_guess(session, seen, address)
    _count(seen)
    return _let_in(make_response(redirect(request.path, 303)), token, seen)


def _count(seen: LinkSeen) -> None:
    with writing() as session:
        counted = count_visit(session, settings(), seen)
    if not counted:
        raise Nowhere


def _signer(seen: LinkSeen) -> URLSafeTimedSerializer:
    # Not its id, which SQLite may reuse after the page of this link was purged.
    return URLSafeTimedSerializer(
        current_app.secret_key or "", salt=f"visit {seen.link.token_hash}"
    )


def _let_in(response: Response, token: str, seen: LinkSeen) -> Response:
    response.set_cookie(
        COOKIE,
        _signer(seen).dumps(token_hex(8)),
        max_age=LASTS,
        path=f"/-/s/{token}/",
        secure=settings().secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def _has_come(seen: LinkSeen) -> bool:
    """Return whether this browser has opened the link recently."""
    try:
        _signer(seen).loads(request.cookies.get(COOKIE, ""), max_age=int(LASTS.total_seconds()))
    except BadSignature:
        return False
    return True


# The page


def _page(token: str, seen: LinkSeen, page: Page, up_to: Label | None) -> str:
    session, slug = reading(), seen.space.slug
    revision = head_of(session, page)
    _note(session, seen, page, revision.number)
    rendering = read_rendering(session, slug, revision)
    if not (rendering.kept and page.rendered == page.head):
        finish_reading()
        ensure_head(parts().database, page.id)
        session = reading()
    place = Place(token, seen)
    return render_template(
        "sharing/page.html",
        seen=seen,
        kind=kind_named(page.kind),
        revision=revision,
        title=revision.title,
        description=revision.description,
        html=html_for_visitors(session, place, page, rendering.html, up_to),
        rendering=rendering,
        nodes=tree_of(place, list_shown(session, seen, up_to), page),
        home=place.page(seen.page.path),
        is_home=page.id == seen.page.id,
    )


def _note(session: Session, seen: LinkSeen, page: Page, number: int) -> None:
    """Record the read, if the settings require it even for labels that links can show."""
    since = settings().access_log_label
    if since is not None and since <= Label.INTERNAL and seen.maker is not None:
        log_read(see_page(session, seen.maker.actor(), page), page, number)
