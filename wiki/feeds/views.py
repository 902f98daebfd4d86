"""Views of feeds: the feeds themselves, and the screen with a user's own addresses of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from jinja2.runtime import Context, Undefined
from jinja2.utils import pass_context
from sqlalchemy.orm import Session

from wiki.errors import Invalid, NotFound
from wiki.feeds import actions
from wiki.feeds.atom import TYPE, document
from wiki.feeds.entries import read_feed, title_of
from wiki.feeds.models import FeedAddress
from wiki.feeds.subjects import Subject, subject_asked, subject_of
from wiki.i18n import gettext as _
from wiki.i18n import speaking, zone_named
from wiki.mail.messages import absolute
from wiki.pages.models import Page
from wiki.rules.access import Actor
from wiki.search.engine import IndexUnavailable
from wiki.search.listing import pages_by_id
from wiki.spaces.models import Space
from wiki.spaces.queries import list_spaces
from wiki.web.errors import flash
from wiki.web.limits.lane import in_lane
from wiki.web.limits.rate_limit import charge, costs
from wiki.web.public import public
from wiki.web.request import act_as, actor, parts, reading, settings, writing

blueprint = Blueprint("feeds", __name__)

LIST = "/-/me/feeds"
OWN = "/-/feed.atom"
RETRY_SECONDS = 60


@blueprint.get(OWN)
@costs("feeds")
def own() -> ResponseReturnValue:
    """Return the feed of a page, a space, a tag, a search or the user's home, for programs that
    share the browser's sign-in."""
    subject = subject_asked(reading(), actor(), request.args)
    body = _body(subject)
    return _answer(body, hashlib.sha256(body).hexdigest()).make_conditional(request)


@blueprint.get("/-/feeds/<token>")
@public
@costs("feeds")
def read(token: str) -> ResponseReturnValue:
    """Return a feed as the owner of its address may read it now. Unknown and revoked addresses, and
    those of what the owner may not read any more, get the same answer."""
    try:
        address = actions.find_address(reading(), token)
        person = address.person
        act_as(person.actor())
        charge("feeds")
        zone = zone_named(person.time_zone or settings().time_zone)
        with speaking(person.language or settings().language, zone):
            body = _body(subject_of(reading(), actor(), address))
    except NotFound:
        return Response(_("There is no such feed."), 404, mimetype="text/plain")
    version = actions.note_reading(parts().database, address, body)
    answer = _answer(body, version.digest)
    answer.last_modified = version.changed_at
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer.make_conditional(request)


def _body(subject: Subject) -> bytes:
    if not subject.question:
        return document(read_feed(reading(), actor(), settings(), subject), settings())
    with in_lane("searches"):
        return document(read_feed(reading(), actor(), settings(), subject), settings())


def _answer(body: bytes, digest: str) -> Response:
    answer = Response(body, content_type=f"{TYPE}; charset=utf-8")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(digest)
    return answer


@blueprint.errorhandler(IndexUnavailable)
def unavailable(_error: IndexUnavailable) -> ResponseReturnValue:
    """Ask feed programs to come back later while pages cannot be searched."""
    body = _("Search is unavailable at the moment.")
    return Response(body, 503, {"Retry-After": str(RETRY_SECONDS)}, mimetype="text/plain")


@dataclass(frozen=True)
class Listed:
    """An address on a screen. ``subject`` is None if its owner may not read it any more."""

    address: FeedAddress
    subject: Subject | None
    title: str


@blueprint.get(LIST)
def mine() -> ResponseReturnValue:
    """List the user's addresses, with a form to create one for the feed that the query names."""
    return _screen(subject_asked(reading(), actor(), request.args))


@blueprint.post(LIST)
def create() -> ResponseReturnValue:
    """Create an address; only this response shows it."""
    try:
        with writing() as session:
            subject = subject_asked(session, actor(), request.form)
            name = request.form.get("name", "")
            _row, token = actions.create_address(session, actor(), subject, name)
    except Invalid as refused:
        return _screen(subject_asked(reading(), actor(), request.form), error=refused)
    subject = subject_asked(reading(), actor(), request.form)
    return _screen(subject, made=absolute(settings(), f"/-/feeds/{token}"))


@blueprint.post("/-/me/feeds/<int:id>/revoke")
def revoke(id: int) -> ResponseReturnValue:
    """Revoke one of the user's addresses."""
    with writing() as session:
        name = actions.revoke_address(session, actor(), id)
    flash(_("The address “%(name)s” no longer works.", name=name), "good")
    return redirect(LIST, 303)


def _screen(subject: Subject, *, made: str = "", error: Invalid | None = None) -> Response:
    body = render_template(
        "feeds/mine.html",
        about=subject,
        title=title_of(subject, settings()),
        listed=_listed(reading(), actor()),
        made=made,
        name=request.form.get("name", "") if error else "",
        most=actions.LONGEST_NAME,
        errors={error.field or "": error.sentence} if error else {},
    )
    headers = {"Cache-Control": "no-store"} if made else {}
    return Response(body, error.status if error else 200, headers)


def _listed(session: Session, actor: Actor) -> list[Listed]:
    """Return the actor's addresses with their subjects, in a fixed number of queries."""
    rows = actions.addresses_of(session, actor)
    pages = pages_by_id(session, actor, {row.page_id for row in rows if row.page_id})
    spaces = {space.id: space for space in list_spaces(session, actor)}
    listed = []
    for row in rows:
        subject = _known(row, pages, spaces)
        listed.append(Listed(row, subject, title_of(subject, settings()) if subject else ""))
    return listed


def _known(row: FeedAddress, pages: dict[int, Page], spaces: dict[int, Space]) -> Subject | None:
    if row.page_id is not None:
        page = pages.get(row.page_id)
        return Subject(page.space, page) if page else None
    space = spaces.get(row.space_id or 0)
    if row.space_id is not None and space is None:
        return None
    return Subject(space, tag=row.tag or "", question=row.question or "")


@blueprint.app_template_global()
@pass_context
def feed_of_screen(context: Context) -> str:
    """Return the query of the feed that is about the same as a screen, for people who are signed
    in: of its page, its tag, its search or its space."""

    def variable(name: str) -> object:
        value = context.resolve(name)
        return None if isinstance(value, Undefined) else value

    page, space, tag = variable("page"), variable("space"), variable("tag")
    if isinstance(page, Page) and page.deleted_at is None:
        return Subject(page=page).query()
    if request.endpoint == "search.results":
        slug = variable("slug")
        words = [str(variable("q") or ""), f"space:{slug}" if slug else ""]
        return Subject(question=" ".join(filter(None, words))).query()
    found = space if isinstance(space, Space) else None
    return Subject(found, tag=str(getattr(tag, "name", ""))).query()
