"""Views of passages and suggestions: where passages are on a page, a new place for a lost one, and
the decision on a suggestion."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from wiki.comments import actions, queries, suggesting
from wiki.comments.access import see_thread
from wiki.comments.locating import locate
from wiki.comments.quoting import quoted_in
from wiki.comments.screen import Typed, thread_screen
from wiki.errors import Invalid, TooLarge
from wiki.i18n import gettext as _
from wiki.pages.conflicts.views import conflict_screen
from wiki.pages.forms import form_of
from wiki.pages.merging import Text
from wiki.pages.page_context import Past, live_page, place_at
from wiki.pages.saving.form_saves import max_bytes, show_saved
from wiki.pages.saving.submit import Conflict
from wiki.rules.access import May
from wiki.web.errors import flash
from wiki.web.public import public
from wiki.web.request import actor, reading, writing
from wiki.web.response_cache import cached
from wiki.web.urls import verb

blueprint = Blueprint("passages", __name__)


@verb(blueprint, "passages")
@public
@cached
def passages(slug: str, path: str) -> ResponseReturnValue:
    """Answer with the passages of open threads, for the script that marks them on the page."""
    page = live_page(place_at(slug, path))
    found = queries.passages_of(reading(), page)
    return jsonify(
        [
            {
                "thread": anchor.thread_id,
                "message": message_id,
                "words": anchor.words,
                "before": anchor.before,
                "after": anchor.after,
            }
            for anchor, message_id in found
        ]
    )


@blueprint.post("/-/threads/<int:thread_id>/passage")
def place(thread_id: int) -> ResponseReturnValue:
    """Say where the passage of a thread is now."""
    found = see_thread(reading(), actor(), thread_id)
    past, quoted = Past(found.seen, found.page), quoted_in(request.form)
    try:
        past.seen.require(May.COMMENT)
        if quoted is None:
            raise Invalid(_("Quote the passage as it is now."), field="quote")
        located = locate(reading(), found.page, past.space.slug, quoted)
        with writing() as session:
            actions.place_passage(session, actor(), thread_id, located)
    except (Invalid, TooLarge) as error:
        found = see_thread(reading(), actor(), thread_id)
        typed = Typed(thread_id=thread_id, quoted=quoted, error=error)
        return thread_screen(past, found.thread, typed)
    flash(_("The discussion is at its passage again."))
    return redirect(past.url("comments", f"thread={thread_id}"), 303)


@blueprint.post("/-/threads/<int:thread_id>/suggestion")
def settle_suggestion(thread_id: int) -> ResponseReturnValue:
    """Accept the suggestion of a thread as an edit of the page, or dismiss it with a reason."""
    found = see_thread(reading(), actor(), thread_id)
    past, reason = Past(found.seen, found.page), request.form.get("reason", "")
    try:
        if "accept" in request.form:
            with writing() as session:
                saved = suggesting.accept(session, actor(), thread_id, max_bytes())
            flash(_("Suggestion accepted."))
            return show_saved(saved)
        with writing() as session:
            suggesting.dismiss(session, actor(), thread_id, reason)
    except Conflict as conflict:
        return _conflict_screen(thread_id, conflict)
    except (Invalid, TooLarge) as error:
        found = see_thread(reading(), actor(), thread_id)
        return thread_screen(past, found.thread, Typed(thread_id=thread_id, error=error))
    flash(_("Suggestion dismissed."))
    return redirect(past.url("comments", f"thread={thread_id}"), 303)


def _conflict_screen(thread_id: int, conflict: Conflict) -> ResponseReturnValue:
    """Show the suggestion beside the present text, with which it cannot be merged."""
    found = see_thread(reading(), actor(), thread_id)
    edit = suggesting.suggested_edit(reading(), found, max_bytes())
    form = form_of(edit.text or Text("", ""), edit.base, edit.message)
    place = place_at(found.seen.space.slug, found.page.path)
    return conflict_screen(place, found.page, form, conflict)
