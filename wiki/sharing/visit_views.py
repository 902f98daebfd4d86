"""Views for visitors of share links, without an account: the shared pages, and nothing of the wiki
around them.

A link that shows nothing (any more) and one that never existed get the same response.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from secrets import token_hex
from urllib.parse import quote, unquote

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
from wiki.attachments.models import Picture
from wiki.attachments.queries import FileSeen, pictures_of
from wiki.attachments.showing import dressed, key_of_address
from wiki.attachments.storage import Storage
from wiki.errors import TooMany
from wiki.kind import kind_named
from wiki.pages.access.access_log import log_read
from wiki.pages.models import Page
from wiki.pages.queries import head_of, see_page
from wiki.pages.rendering.including import find_included, has_includes
from wiki.pages.rendering.stored import ensure_head, read_rendering
from wiki.people.actions import is_password
from wiki.rules.labels import Label
from wiki.sharing import queries
from wiki.sharing.actions import count_visit, give_back_guess, spend_guess
from wiki.sharing.queries import LinkSeen, State, label_of
from wiki.sharing.shown import (
    Listed,
    files_shown,
    links_within,
    list_shown,
    names_within,
    shown_at,
    shown_by,
)
from wiki.text.markdown.markup import Marks, mark
from wiki.text.markdown.public_html import for_outsiders
from wiki.text.paths import (
    PathError,
    ancestors_of,
    join,
    name_of,
    normalise_path,
    parent_of,
    path_key,
)
from wiki.web.public import public
from wiki.web.request import finish_reading, parts, reading, settings, writing
from wiki.web.urls import split_url

blueprint = Blueprint("shared", __name__)

COOKIE = "wiki-visit"
LASTS = timedelta(hours=12)
"""The time for which a browser is not counted again after a visit."""

_FILES = re.compile(r'"(/[^"]*-/files/[^"]*)"')


class Nowhere(Exception):
    """A link shows nothing. Visitors do not learn why."""


@blueprint.errorhandler(Nowhere)
def nowhere(_: Nowhere) -> ResponseReturnValue:
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
            return _door(seen, "Incorrect password.", 422)
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
        html=_html(session, place, page, rendering.html, up_to),
        rendering=rendering,
        nodes=_tree(place, list_shown(session, seen, up_to), page),
        home=place.page(seen.page.path),
        is_home=page.id == seen.page.id,
    )


def _note(session: Session, seen: LinkSeen, page: Page, number: int) -> None:
    """Record the read, if the settings require it even for labels that links can show."""
    since = settings().access_log_label
    if since is not None and since <= Label.INTERNAL and seen.maker is not None:
        log_read(see_page(session, seen.maker.actor(), page), page, number)


@dataclass(frozen=True)
class Place:
    """URLs of the pages and files of a link, for its visitors."""

    token: str
    seen: LinkSeen

    def page(self, path: str) -> str:
        """Return the URL of a page at or below the shared one."""
        return f"/-/s/{self.token}/{quote(self._below(path))}"

    def file(self, key: str) -> str:
        """Return the URL of the file at a place at or below the shared page."""
        below = self._below(key)
        folder = parent_of(below) or ""
        return (
            f"/-/s/{self.token}/{quote(folder)}{'/' if folder else ''}-/files/"
            f"{quote(name_of(below))}"
        )

    def _below(self, path: str) -> str:
        # Counted in segments, because a key may be longer than its path.
        segments = path.split("/") if path else []
        depth = len(self.seen.page.path.split("/")) if self.seen.page.path else 0
        return "/".join(segments[depth:])


_NONE: tuple[Marks, dict[tuple[str, str], str]] = (Marks(), {})


def _html(session: Session, place: Place, page: Page, html: str, up_to: Label | None) -> str:
    """Return a page's HTML for visitors of a link: its links lead only to what the link shows, or
    to other hosts."""
    seen, slug = place.seen, place.seen.space.slug
    marks, named = names_within(session, seen, page, up_to) if "wl-" in html else _NONE
    html = mark(html, marks)
    if has_includes(html) and seen.maker is not None:
        shown = shown_by(seen, up_to)
        included = find_included(session, seen.maker.actor(), html, among=shown)
        html = included.put_into(html, page.id)
    found = {unescape(address).partition("?")[0] for address in _FILES.findall(html)}
    at = {address.partition("#")[0]: "" for address in found}
    keys = {address: key for address in at if (key := key_of_address(address, slug))}
    files = files_shown(session, seen, set(keys.values()), up_to) if keys else {}
    pictures = pictures_of(session, files.values()) if files else {}

    def measured(wanted: set[str]) -> dict[str, Picture]:
        return {
            key: pictures[files[key].sha256]
            for key in wanted
            if key in files and files[key].sha256 in pictures
        }

    links = links_within(session, seen, page, up_to) | named if "<a " in html else {}
    own_host = split_url(settings().base_url).netloc

    def address(written: str) -> str | None:
        if not written.startswith("/"):
            return "" if split_url(written).netloc in (own_host, request.host) else None
        path, mark, fragment = written.partition("#")
        key = keys.get(path.partition("?")[0])
        if key is not None:
            return place.file(key) if key in files else ""
        target = links.get(_spot(path))
        return "" if target is None else place.page(target) + mark + fragment

    return for_outsiders(dressed(html, slug, measured), address)


def _spot(path: str) -> tuple[str, str]:
    """Return the slug and key of a page's path in the wiki, or two empty strings if it is none."""
    slug, _, rest = path.removeprefix("/").partition("/")
    try:
        return unquote(slug), path_key(normalise_path(unquote(rest)))
    except PathError:
        return "", ""


@dataclass
class Node:
    """A line of the tree beside a shared page."""

    title: str
    url: str
    current: bool = False
    open: bool = False
    more: bool = False
    children: list[Node] = field(default_factory=list)


def _tree(place: Place, listed: list[Listed], page: Page) -> list[Node]:
    """Return the tree of pages that a link shows, opened on the way to the current page."""
    nodes = {
        one.path_key: Node(one.title, place.page(one.path), one.path_key == page.path_key)
        for one in listed
    }
    way = {*ancestors_of(page.path_key), page.path_key}
    tops: list[Node] = []
    for one in listed:
        above = [key for key in ancestors_of(one.path_key) if key in nodes]
        if not above:
            tops.append(nodes[one.path_key])
        elif above[-1] in way:
            nodes[above[-1]].children.append(nodes[one.path_key])
        else:
            nodes[above[-1]].more = True
    for key, node in nodes.items():
        node.open = key in way
        node.children.sort(key=lambda child: child.title.casefold())
    return tops
