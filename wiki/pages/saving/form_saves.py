"""Saves of edits that a form sent: the steps that all such views share."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from flask import redirect, request
from werkzeug import Response

from wiki.pages.forms import label_from, override_from
from wiki.pages.links.views import say_gone, say_unseen
from wiki.pages.models import Page
from wiki.pages.rendering.stored import ensure_head
from wiki.pages.saving.edit import Edit, Saved
from wiki.pages.saving.prescan import prescan
from wiki.pages.saving.submit import submit
from wiki.spaces.queries import SpaceAccess
from wiki.web.rate_limit import requester
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


def show_saved(saved: Saved) -> Response:
    """Redirect to the saved page, with notices of what the author should look at."""
    say_gone(saved)
    say_unseen(saved)
    answer = redirect(page_url(saved.page.space.slug, saved.page.path), 303)
    # The save is committed; derived data is computed after the response.
    afterwards(answer, partial(ensure_head, parts().database, saved.page.id, requester()))
    return answer
