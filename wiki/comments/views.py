"""Views of comments: the screen of a page's threads, and the forms on it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from wiki.comments import actions
from wiki.comments.access import see_commented_page, see_thread
from wiki.comments.composing import compose
from wiki.comments.models import Message
from wiki.comments.quoting import about_passage, quoted_in, suggestion_in
from wiki.comments.screen import (
    Typed,
    list_screen,
    message_of,
    reply_to_form,
    thread_of,
    thread_screen,
)
from wiki.errors import Invalid, TooLarge
from wiki.i18n import gettext as _
from wiki.pages.page_context import Past, past_at
from wiki.rules.access import May
from wiki.web.errors import flash
from wiki.web.limits.rate_limit import costs
from wiki.web.public import public
from wiki.web.reauth_form import keeps_text
from wiki.web.request import actor, positive_number, reading, writing
from wiki.web.response_cache import cached
from wiki.web.urls import local_url, verb, verb_of_past

blueprint = Blueprint("comments", __name__)


@verb_of_past(blueprint, "comments")
@public
@cached
def comments(slug: str = "", path: str = "", page_id: int = 0) -> ResponseReturnValue:
    """Show the threads of a page; with ``thread`` or ``message``, one of them."""
    past = past_at(slug, path, page_id)
    message_id, thread_id = positive_number("message"), positive_number("thread")
    if message_id:
        message = message_of(past, message_id)
        thread = thread_of(past, message.thread_id)
        return thread_screen(past, thread, Typed(thread_id=thread.id), number=message.number)
    if thread_id:
        thread = thread_of(past, thread_id)
        answers = positive_number("answers") or 0
        typed = reply_to_form(thread, answers, quote="quote" in request.args)
        return thread_screen(past, thread, typed, number=answers)
    return list_screen(past, Typed())


def _new_again(sent: Mapping[str, str], *, slug: str, path: str) -> ResponseReturnValue:
    page, seen = see_commented_page(reading(), actor(), slug, path)
    seen.require(May.COMMENT)
    typed = Typed(sent.get("body", ""), quoted=quoted_in(sent), suggestion=suggestion_in(sent))
    return list_screen(Past(seen, page), typed)


@verb(blueprint, "comments", methods=["POST"], endpoint="open_thread")
@keeps_text(_new_again)
@costs("comments")
def open_thread(slug: str, path: str) -> ResponseReturnValue:
    """Open a thread on a page."""
    body, quoted = request.form.get("body", ""), quoted_in(request.form)
    suggested = suggestion_in(request.form)
    page, seen = see_commented_page(reading(), actor(), slug, path)
    try:
        seen.require(May.COMMENT)
        composed = compose(body, seen.space.slug, page)
        composed = about_passage(composed, page, seen.space.slug, quoted, suggested)
        with writing() as session:
            message = actions.open_thread(session, actor(), slug, path, composed)
    except (Invalid, TooLarge) as error:
        typed = Typed(body, error=error, quoted=quoted, suggestion=suggested)
        return list_screen(Past(seen, page), typed)
    past = Past(seen, page)
    home = past.url() if request.form.get("back") == "page" else past.url("comments")
    return redirect(f"{home}#m{message.id}", 303)


def _reply_again(sent: Mapping[str, str], *, thread_id: int) -> ResponseReturnValue:
    found = see_thread(reading(), actor(), thread_id)
    found.seen.require(May.COMMENT)
    typed = Typed(sent.get("body", ""), thread_id, _number(sent.get("answers", "")))
    return thread_screen(Past(found.seen, found.page), found.thread, typed)


@blueprint.post("/-/threads/<int:thread_id>/reply")
@keeps_text(_reply_again)
@costs("comments")
def reply(thread_id: int) -> ResponseReturnValue:
    """Add a message to a thread."""
    body, answers = request.form.get("body", ""), _number(request.form.get("answers", ""))
    found = see_thread(reading(), actor(), thread_id)
    past = Past(found.seen, found.page)
    try:
        past.seen.require(May.COMMENT)
        composed = compose(body, past.space.slug, found.page)
        with writing() as session:
            message = actions.reply(session, actor(), thread_id, composed, answers)
    except (Invalid, TooLarge) as error:
        found = see_thread(reading(), actor(), thread_id)
        typed = Typed(body, thread_id, answers, error=error)
        return thread_screen(past, found.thread, typed, number=answers)
    return redirect(_back(past, message), 303)


@blueprint.post("/-/threads/<int:thread_id>/state")
def set_state(thread_id: int) -> ResponseReturnValue:
    """Resolve a thread, or open it again."""
    resolved, reason = "resolve" in request.form, request.form.get("reason", "")
    found = see_thread(reading(), actor(), thread_id)
    past = Past(found.seen, found.page)
    try:
        with writing() as session:
            changed = actions.set_state(
                session, actor(), thread_id, resolved=resolved, reason=reason
            )
    except Invalid as error:
        found = see_thread(reading(), actor(), thread_id)
        typed = Typed(thread_id=thread_id, reason=reason, error=error)
        return thread_screen(past, found.thread, typed)
    if changed:
        flash(_("Discussion resolved.") if resolved else _("Discussion reopened."))
    else:
        flash(_("Nothing was changed."), "note")
    return redirect(past.url("comments", f"thread={thread_id}"), 303)


def _back(past: Past, message: Message) -> str:
    """Return the address to show a new message at: the list from which it was sent, or the thread
    alone."""
    back = local_url(request.form.get("back"))
    if back == "/" or "/-/comments" not in back or "thread=" in back or "message=" in back:
        back = past.url("comments", f"message={message.id}")
    return f"{back.partition('#')[0]}#m{message.id}"


def _number(raw: str) -> int:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0
