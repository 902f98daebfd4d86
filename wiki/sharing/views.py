"""Views of share links for users: creating and listing them."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.pages.models import Page
from wiki.pages.page_context import frame, live_page, page_frame, place_at
from wiki.people.passwords import hash_password
from wiki.rules.access import May
from wiki.sharing import actions, queries
from wiki.sharing.actions import Wish
from wiki.sharing.queries import LinkSeen, label_of
from wiki.sharing.shown import exposed_by
from wiki.spaces.queries import see_space
from wiki.web.errors import flash
from wiki.web.paging import decode_cursor, encode_cursor
from wiki.web.request import actor, reading, settings, writing
from wiki.web.urls import local_url, verb

blueprint = Blueprint("sharing", __name__)

PER_SCREEN = 50


@blueprint.app_template_global()
def can_share_by_link() -> bool:
    """Return whether the settings permit share links and the user may create any."""
    return label_of(settings()) is not None and actor().is_member


@blueprint.app_template_global()
def links_without_account(page: Page) -> list[LinkSeen]:
    """Return the links by which a page can be read now, for users who may edit it. Guests get none,
    so that they do not see for whom the links are."""
    if not actor().is_member:
        return []
    reaching = queries.links_reaching(reading(), page, label_of(settings()))
    return [seen for seen in reaching if seen.is_live]


@verb(blueprint, "share")
def share(slug: str, path: str) -> ResponseReturnValue:
    """Show what a link to the page would show, the form to create one, and the existing ones."""
    return _screen(slug, path)


@verb(blueprint, "share", methods=["POST"], endpoint="make")
def make(slug: str, path: str) -> ResponseReturnValue:
    """Create a link; only this response shows it."""
    page = live_page(place_at(slug, path))
    try:
        wish = _wish()
        with writing() as session:
            row, address = actions.make_link(session, actor(), settings(), page.id, wish)
    except Invalid as refused:
        return _screen(slug, path, error=refused)
    return _screen(slug, path, made=address, mailed=row.email or "")


def _wish() -> Wish:
    form = request.form
    password = form.get("password", "")
    return Wish(
        subtree=form.get("what") == "subtree",
        days=_number("days"),
        recipient=form.get("recipient", ""),
        email=form.get("email", ""),
        password_hash=hash_password(password) if password else None,
        max_views=_number("max_views"),
    )


def _number(name: str) -> int | None:
    """Return a typed number, or None if nothing was typed."""
    typed = request.form.get(name, "").strip()
    if not typed:
        return None
    if not typed.isdecimal() or len(typed) > 9:
        raise Invalid(_("Enter a whole number."), field=name)
    return int(typed)


def _screen(
    slug: str, path: str, *, made: str = "", mailed: str = "", error: Invalid | None = None
) -> ResponseReturnValue:
    session, up_to = reading(), label_of(settings())
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)
    decision = queries.may_share_page(session, actor(), place.space, page, up_to)
    exposed = None
    if decision and up_to is not None:
        exposed = exposed_by(session, actor(), page, up_to)
    sent = request.form if error else {}
    body = render_template(
        "sharing/share.html",
        **page_frame(place, page),
        decision=decision,
        exposed=exposed,
        up_to=up_to,
        links=queries.links_reaching(session, page, up_to) if actor().is_member else [],
        can_manage=bool(place.seen.may(May.MANAGE)),
        made=made,
        mailed=mailed,
        sent=sent,
        days=settings().share_days,
        most_days=settings().share_max_days,
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200, {"Cache-Control": "no-store"} if made else {}


@blueprint.get("/<space:slug>/-/shares")
def of_space(slug: str) -> ResponseReturnValue:
    """List all links to pages of a space, for its leads."""
    seen = see_space(reading(), actor(), slug)
    rows, older = _some(
        queries.links_in(
            reading(), seen, label_of(settings()), before=_before(), limit=PER_SCREEN + 1
        )
    )
    return render_template(
        "sharing/of_space.html",
        **frame(seen, ""),
        links=rows,
        older=older,
        after=request.args.get("after"),
    )


@blueprint.get("/-/me/shares")
def mine() -> ResponseReturnValue:
    """List the links that the user has created."""
    rows, older = _some(
        queries.links_by(
            reading(), actor(), label_of(settings()), before=_before(), limit=PER_SCREEN + 1
        )
    )
    return render_template(
        "sharing/mine.html", links=rows, older=older, after=request.args.get("after")
    )


def _before() -> int | None:
    cursor = decode_cursor(request.args.get("after"), (int,))
    return cursor[0] if cursor else None


def _some(rows: list[LinkSeen]) -> tuple[list[LinkSeen], str]:
    """Return the rows of one screen, and the cursor of the next one."""
    more, rows = len(rows) > PER_SCREEN, rows[:PER_SCREEN]
    return rows, encode_cursor([rows[-1].link.id]) if more else ""


@blueprint.post("/-/shares/<int:share_id>/revoke")
def revoke(share_id: int) -> ResponseReturnValue:
    """Revoke a link."""
    with writing() as session:
        actions.revoke_link(session, actor(), settings(), share_id)
    flash(_("Link revoked. It no longer works."))
    return redirect(local_url(request.form.get("back") or "/-/me/shares"), 303)


@blueprint.post("/-/shares/<int:share_id>/resume")
def resume(share_id: int) -> ResponseReturnValue:
    """Resume a suspended link."""
    with writing() as session:
        actions.resume_link(session, actor(), settings(), share_id)
    flash(_("Link resumed."))
    return redirect(local_url(request.form.get("back") or "/-/me/shares"), 303)
