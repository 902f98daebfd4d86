"""Views of purging: the extent is shown, and the page's name has to be typed as confirmation."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.i18n import ngettext
from wiki.pages.models import Page
from wiki.pages.page_context import Past, page_frame
from wiki.pages.revisions import get_revision
from wiki.pages.saving.submit import MovedOn
from wiki.purging.actions import forget_memory, page_to_purge, purge_page, purge_revisions
from wiki.purging.queries import going_with, sharing, tombstones
from wiki.spaces.queries import see_space_by_id
from wiki.web.errors import flash
from wiki.web.request import actor, reading, writing
from wiki.web.urls import page_url

blueprint = Blueprint("purging", __name__)


@blueprint.route("/-/p/<int:page_id>/purge", methods=["GET", "POST"])
def purge(page_id: int) -> ResponseReturnValue:
    """Purge a page, or the content of one of its revisions."""
    page = page_to_purge(reading(), actor(), page_id)
    if "revision" in request.values:
        return _purge_revision(page)
    error: Invalid | MovedOn | None = None
    if request.method == "POST":
        slug = page.space.slug
        try:
            _check_name(page)
            with writing() as session:
                purge_page(session, actor(), page_id, seen=_seen())
        except (Invalid, MovedOn) as refused:
            error = refused
            page = page_to_purge(reading(), actor(), page_id)
        else:
            forget_memory()
            flash(_("Page purged. Its freed disk space is being overwritten."))
            return redirect(page_url(slug, ""), 303)
    past = _past(page)
    body = render_template(
        "purging/page.html",
        **page_frame(past, page),
        going=going_with(reading(), actor(), page),
        name=request.form.get("name", ""),
        errors=_errors(error),
    )
    return body, error.status if error else 200


def _purge_revision(page: Page) -> ResponseReturnValue:
    number = request.values.get("revision", 0, type=int)
    if not 1 <= number <= page.head:
        raise NotFound
    past = _past(page)
    error: Invalid | MovedOn | None = None
    if request.method == "POST":
        try:
            _check_name(page)
            numbers = {number}
            if "same" in request.form:
                revision = get_revision(reading(), page, number)
                numbers |= set(sharing(reading(), actor(), page, revision).here)
            with writing() as session:
                purge_revisions(session, actor(), page.id, numbers, seen=_seen())
        except (Invalid, MovedOn) as refused:
            error = refused
            page = page_to_purge(reading(), actor(), page.id)
            past = _past(page)
        else:
            forget_memory()
            flash(
                ngettext(
                    "Revision %(number)s purged.",
                    "%(num)s revisions purged.",
                    len(numbers),
                    number=number,
                )
            )
            return redirect(past.url("history"), 303)
    revision = get_revision(reading(), page, number)
    body = render_template(
        "purging/revision.html",
        **page_frame(past, page),
        revision=revision,
        sharing=sharing(reading(), actor(), page, revision),
        same=request.method == "GET" or "same" in request.form,
        name=request.form.get("name", ""),
        errors=_errors(error),
    )
    return body, error.status if error else 200


@blueprint.get("/-/admin/purged")
def purged() -> ResponseReturnValue:
    """List what was purged, by whom and when."""
    before = request.args.get("before", type=int)
    found = tombstones(reading(), actor(), before=before)
    return render_template("purging/purged.html", found=found, before=before)


def _past(page: Page) -> Past:
    return Past(see_space_by_id(reading(), actor(), page.space_id), page)


def _check_name(page: Page) -> None:
    """Check that the user has typed the name of the page.

    :raises Invalid: if it is neither the title nor the path of the page.
    """
    typed = " ".join(request.form.get("name", "").split()).casefold()
    names = {" ".join(name.split()).casefold() for name in (page.title, page.path) if name}
    if typed not in names:
        raise Invalid(_("Type the page’s title or path exactly as shown."), field="name")


def _seen() -> int:
    return request.form.get("head", 0, type=int)


def _errors(error: Invalid | MovedOn | None) -> dict[str, str]:
    return {error.field or "": error.sentence} if error else {}
