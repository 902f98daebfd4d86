"""Saves of edits that a form sent: the steps that all such views share."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from flask import redirect, request
from markupsafe import Markup, escape
from werkzeug import Response

from wiki.i18n import ngettext
from wiki.pages.forms import label_from, override_from
from wiki.pages.links.around import links_to_sections
from wiki.pages.models import Page
from wiki.pages.rendering.stored import ensure_head
from wiki.pages.saving.edit import Edit, Saved
from wiki.pages.saving.prescan import prescan
from wiki.pages.saving.submit import submit
from wiki.pages.saving.unseen import unseen_notice
from wiki.spaces.queries import SpaceAccess
from wiki.web.errors import flash
from wiki.web.limits.rate_limit import requester
from wiki.web.request import actor, afterwards, parts, reading, settings, writing
from wiki.web.urls import page_url


def max_bytes() -> int:
    """Return the maximum size of a page's text."""
    return settings().max_page_kb * 1024


def save_form(seen: SpaceAccess, edit: Edit, page: Page | None = None) -> Saved:
    """Save an edit, with the author's answers to an earlier refusal that the form repeats. Slow
    work is done before the transaction.

    :param page: the page, unless it is a new one.
    :raises Conflict: and everything else that :func:`wiki.pages.saving.submit` raises.
    """
    form = request.form
    edit = replace(edit, override=override_from(form), raise_to=label_from(form))
    edit = prescan(reading(), seen, edit, page)
    with writing() as session:
        return submit(session, actor(), edit)


def show_saved(saved: Saved, fragment: str = "", *, attach: bool = False) -> Response:
    """Redirect to the saved page, or a section of it, with notices of what the author should look
    at; or, to attach files, to its editor."""
    _say_gone(saved)
    told = unseen_notice(reading(), saved)
    if told:
        flash(told, "note")
    slug, path = saved.page.space.slug, saved.page.path
    url = page_url(slug, path, "edit", attach=1) if attach else page_url(slug, path) + fragment
    answer = redirect(url, 303)
    # The save is committed; derived data is computed after the response.
    afterwards(answer, partial(ensure_head, parts().database, saved.page.id, requester()))
    return answer


def _say_gone(saved: Saved) -> None:
    """Offer to repair the links to sections that a save has renamed or removed."""
    if not saved.gone:
        return
    page = saved.page
    links = sum(links_to_sections(reading(), actor(), page, saved.gone).values())
    if links:
        home = page_url(page.space.slug, page.path)
        url = f"{home}{'/' if page.path else ''}-/repair?from={saved.revision.number - 1}"
        words = ngettext(
            "1 link leads to a section that this page no longer has. "
            '<a href="%(url)s">Repair it</a>',
            "%(num)s links lead to sections that this page no longer has. "
            '<a href="%(url)s">Repair them</a>',
            links,
            url=escape(url),
        )
        flash(Markup(words), "warn")  # noqa: S704 -- the address is escaped
