"""The form that moves and renames a page: its title, its address, its parent, its position."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid, NotFound, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import ngettext
from wiki.pages import below
from wiki.pages.access.label_policy import PlacesShowRestricted, ShowsRestricted
from wiki.pages.links.around import links_into
from wiki.pages.links.moves import Moved, checked_move
from wiki.pages.links.moving import plan_move
from wiki.pages.links.plans import MoveTo, Plan
from wiki.pages.links.views import Preview, preview_of
from wiki.pages.models import Page
from wiki.pages.ordering.actions import Rearranged, is_at, rearrange, reverse_of
from wiki.pages.page_context import live_page, page_frame, place_at
from wiki.pages.rendering.stored import ensure_head
from wiki.pages.revising import text_of
from wiki.pages.revisions import head_of
from wiki.pages.saving import checks
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.form_saves import max_bytes
from wiki.pages.saving.prescan import prescan
from wiki.pages.saving.secrets import SecretsFound
from wiki.pages.saving.unseen import unseen_in_path
from wiki.pages.tree import children_of
from wiki.rules.access import May
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess, list_editable_spaces, see_space
from wiki.text.paths import join, name_of, parent_of, path_key, slugify
from wiki.text.scan.unseen import notice
from wiki.web.errors import flash
from wiki.web.limits.lane import in_lane
from wiki.web.limits.rate_limit import requester
from wiki.web.request import actor, afterwards, parts, reading, writing
from wiki.web.urls import page_url, verb

blueprint = Blueprint("moving", __name__)

OFFERED = 200
"""Maximum number of siblings that the form offers as neighbours."""


@verb(blueprint, "move", methods=["GET", "POST"])
def move(slug: str, path: str) -> ResponseReturnValue:
    """Move a page, and the pages below it, to another place; change its title and its position."""
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)
    target = see_space(reading(), actor(), request.values.get("space", slug))
    target.require(May.EDIT)
    error: WikiError | None = None
    preview: Preview | None = None
    if request.method == "POST":
        try:
            to = _place_sent(page, target.space)
            if "preview" in request.form:
                with in_lane("moves"):
                    preview = _previewed(page, to)
            else:
                return _told(carry_out(place.seen, page, to), page)
        except (Invalid, SecretsFound, ShowsRestricted) as refused:
            error = refused
            page = live_page(place_at(slug, path))
    body = render_template(
        "pages/move.html",
        **page_frame(place, page),
        **_choices(target, page),
        spaces=list_editable_spaces(reading(), actor()),
        subtree=below.subtree_of(reading(), actor(), page),
        around=links_into(reading(), actor(), page),
        preview=preview,
        with_subtree=request.method == "GET" or "subtree" in request.form,
        repair=request.method == "GET" or "repair" in request.form,
        narrower=error if isinstance(error, PlacesShowRestricted) else None,
        errors={_field_of(error): error.sentence} if error else {},
    )
    return body, error.status if error else 200


def _place_sent(page: Page, space: Space) -> MoveTo:
    """Return the place that the form names: by its parent and name or, from programs, its path."""
    form = request.form
    title = " ".join(form.get("title", "").split())
    if "title" in form and not title:
        raise Invalid(_("A page needs a title."), field="title")
    if title == form.get("title_before", page.title):  # else another title was given meanwhile
        title = ""
    if "path" in form:
        path = form["path"]
    elif page.path:
        name = form.get("name", "").strip().strip("/") or slugify(title or page.title)
        path = join(form.get("parent", "").strip().strip("/"), name)
    else:
        path = ""
    return MoveTo(
        checks.checked_path(path),
        space,
        with_subtree="subtree" in form,
        repair="repair" in form,
        message=form.get("message", ""),
        spot=spot_sent(form.get("position", "")),
        title=title,
    )


def spot_sent(raw: str) -> str:
    """Return the spot that a form names, in the words of :func:`place`; an empty one leaves it
    open.

    :raises Invalid: for any other value.
    """
    if not re.fullmatch("(?:first|last|(?:before|after):[0-9]{1,15})?", raw, re.ASCII):
        raise Invalid(_("Choose a position from the list."), field="position")
    return raw


def _previewed(page: Page, to: MoveTo) -> Preview | None:
    """Return what a move changes; None if only the position or the title does."""
    return None if is_at(page, to) else preview_of(_plan(page, to))


def _plan(page: Page, to: MoveTo) -> Plan:
    path = checked_move(page, to.space or page.space, to.path, to.with_subtree)
    return plan_move(reading(), actor(), page, replace(to, path=path))


def carry_out(seen: SpaceAccess, page: Page, to: MoveTo) -> Rearranged:
    """Do what a form asks for. Slow work is done before the transaction.

    :raises Invalid: if there is nothing to do, and as :func:`rearrange` does.
    """
    repairs = None
    if to.title:
        text = replace(text_of(reading(), head_of(reading(), page)), title=to.title)
        edit = Edit(page.id, text, page.head, max_bytes=max_bytes())
        prescan(reading(), seen, edit, page, tells=False)
    if is_at(page, to):
        if not to.title and not to.spot:
            raise Invalid(_("Change the title, the address or the position first."), field="path")
    else:
        with in_lane("moves"):
            repairs = _plan(page, to).repairs
    with writing() as session:
        return rearrange(session, actor(), page.id, to, repairs)


def _told(done: Rearranged, before: Page) -> ResponseReturnValue:
    page, said = done.page, []
    if done.moved:
        said.append(moved_words(done.moved))
    elif done.placed:
        said.append(_("Position changed."))
    if done.retitled:
        said.append(_("Renamed to “%(title)s”.", title=page.title))
    flash(" ".join(map(str, said)) or _("Nothing was changed."), "info" if said else "note")
    if done.moved and done.moved.unclear:
        unclear = done.moved.unclear
        names = ", ".join(f"“{one.title}”" for one in unclear[:3])
        flash(
            ngettext(
                "Some links in %(names)s couldn’t be updated for the new address. Please check "
                "them.",
                "Some links in %(num)s pages couldn’t be updated for the new address, among them "
                "%(names)s. Please check them.",
                len(unclear),
                names=names,
            ),
            "warn",
        )
    unseen = notice(unseen_in_path(page.path, before.path))
    if unseen:
        flash(unseen, "note")
    answer = redirect(page_url(page.space.slug, page.path), 303)
    if done.retitled:
        afterwards(answer, partial(ensure_head, parts().database, page.id, requester()))
    return answer


def moved_words(moved: Moved) -> str:
    """Return what a move has done, in sentences."""
    said = [ngettext("Moved.", "Moved %(num)s pages.", len(moved.pages))]
    if moved.repaired:
        pages = len(moved.repaired)
        said.append(
            ngettext("Links in %(num)s page repaired.", "Links in %(num)s pages repaired.", pages)
        )
    said.append(_("Old addresses redirect to the new ones."))
    return " ".join(map(str, said))


def _field_of(error: WikiError) -> str:
    if isinstance(error, SecretsFound | ShowsRestricted):
        return "title"
    field = getattr(error, "field", None) or ""
    return "name" if field == "path" else field


def _choices(target: SpaceAccess, page: Page) -> dict[str, Any]:
    """Return the values of the form's fields and what they offer: the pages that may be the parent,
    and the positions below the one that is chosen."""
    sent, path = request.values, page.path
    if "path" in sent:
        path = sent["path"].strip("/")
    parent = sent.get("parent", parent_of(path) or "").strip().strip("/")
    key = path_key(parent)
    nodes = children_of(reading(), target, [key], limit=OFFERED)[key].nodes
    siblings = [one for one in nodes if one.page_id not in (None, page.id)]
    stays = (target.space.id, key) == (page.space_id, page.parent_key)
    positions = [
        ("", _("Keep the position") if stays else _("At the end, by title")),
        ("first", _("First")),
    ]
    positions += [
        (f"after:{one.page_id}", _("After “%(title)s”", title=one.title)) for one in siblings
    ]
    return {
        "parent": parent,
        "name": sent.get("name", name_of(path)),
        "title": sent.get("title", page.title),
        "title_before": sent.get("title_before", page.title),
        "position": sent.get("position", ""),
        "positions": positions,
        "target": target.space,
    }


@verb(blueprint, "move/undo", methods=["GET", "POST"], endpoint="undo_move")
def undo_move(slug: str, path: str) -> ResponseReturnValue:
    """Undo a move of a page, named by its event, after confirmation."""
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)
    event = request.values.get("event", 0, type=int) or 0
    if not 0 < event < 2**53:
        raise NotFound
    error: Invalid | None = None
    to: MoveTo | None = None
    try:
        to = reverse_of(reading(), actor(), page, event)
        if request.method == "POST":
            done = carry_out(place.seen, page, to)
            if done.changed:
                return _told(done, page)
            flash(_("The page is already there, so nothing was changed."), "note")
            return redirect(page_url(slug, page.path), 303)
    except Invalid as refused:
        error = refused
    body = render_template(
        "pages/undo_move.html",
        **page_frame(place, page),
        to=to,
        event=event,
        errors={"": error.sentence} if error else {},
    )
    return body, error.status if error else 200
