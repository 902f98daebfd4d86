"""Views of one message: editing, deletion, earlier versions and reactions."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.comments import actions, queries
from wiki.comments.access import see_message
from wiki.comments.composing import LONGEST, compose
from wiki.errors import Forbidden, Invalid, NotFound, TooLarge
from wiki.i18n import gettext as _
from wiki.pages.access.access_log import log_read
from wiki.pages.page_context import Past, page_frame
from wiki.rules.access import May
from wiki.web.errors import flash
from wiki.web.reauth_form import keeps_text
from wiki.web.request import actor, reading, writing
from wiki.web.urls import local_url

blueprint = Blueprint("messages", __name__)


def _edit_again(sent: Mapping[str, str], *, message_id: int) -> ResponseReturnValue:
    return _edit_screen(message_id, sent.get("body", ""))


@blueprint.get("/-/comments/<int:message_id>/edit")
def edit_form(message_id: int) -> ResponseReturnValue:
    """Show the form with which the author edits a message, or a lead deletes it."""
    return _edit_screen(message_id)


@blueprint.post("/-/comments/<int:message_id>/edit")
@keeps_text(_edit_again)
def edit(message_id: int) -> ResponseReturnValue:
    """Replace the text of a message."""
    body = request.form.get("body", "")
    message, found = see_message(reading(), actor(), message_id)
    past = Past(found.seen, found.page)
    try:
        composed = compose(body, past.space.slug, found.page)
        with writing() as session:
            changed = actions.edit_message(session, actor(), message_id, composed)
    except (Invalid, TooLarge) as error:
        return _edit_screen(message_id, body, error)
    if not changed:
        flash(_("Nothing was changed, so nothing was saved."), "note")
    return redirect(_place_of(past, message.id), 303)


def _edit_screen(
    message_id: int, body: str | None = None, error: Invalid | TooLarge | None = None
) -> ResponseReturnValue:
    message, found = see_message(reading(), actor(), message_id)
    is_own = message.author_id is not None and message.author_id == actor().person_id
    may_delete = actions.may_delete(found.seen, message)
    if message.deleted_at is not None:
        raise NotFound
    if not is_own and not may_delete:
        raise Forbidden(_("Only the author can edit a comment."))
    past = Past(found.seen, found.page)
    log_read(past.seen, found.page, found.page.head)
    screen = render_template(
        "comments/edit.html",
        **page_frame(past, found.page),
        message=message,
        body=message.text if body is None else body,
        may_write=is_own and bool(found.seen.may(May.COMMENT)),
        may_delete=may_delete,
        back=_place_of(past, message.id),
        longest=LONGEST,
        errors={error.field or "": error.sentence} if error else {},
    )
    return screen, error.status if error else 200


@blueprint.post("/-/comments/<int:message_id>/delete")
def delete(message_id: int) -> ResponseReturnValue:
    """Delete a message."""
    message, found = see_message(reading(), actor(), message_id)
    with writing() as session:
        actions.delete_message(session, actor(), message_id)
    flash(_("Comment deleted."))
    return redirect(_place_of(Past(found.seen, found.page), message.id), 303)


@blueprint.get("/-/comments/<int:message_id>/versions")
def versions(message_id: int) -> ResponseReturnValue:
    """Show the present and the earlier texts of a message."""
    message, found = see_message(reading(), actor(), message_id)
    past = Past(found.seen, found.page)
    log_read(past.seen, found.page, found.page.head)
    return render_template(
        "comments/versions.html",
        **page_frame(past, found.page),
        message=message,
        earlier=queries.earlier_texts(reading(), message),
        back=_place_of(past, message.id),
    )


@blueprint.post("/-/comments/<int:message_id>/react")
def react(message_id: int) -> ResponseReturnValue:
    """Add the user's reaction to a message, or remove it."""
    message, found = see_message(reading(), actor(), message_id)
    sign = request.form.get("sign", "")
    with writing() as session:
        on = not actions.has_reacted(session, actor(), message_id, sign)
        actions.react(session, actor(), message_id, sign, on=on)
    back = local_url(request.form.get("back")).partition("#")[0]
    if "/-/comments" not in back:
        return redirect(_place_of(Past(found.seen, found.page), message.id), 303)
    return redirect(f"{back}#m{message.id}", 303)


def _place_of(past: Past, message_id: int) -> str:
    return f"{past.url('comments', f'message={message_id}')}#m{message_id}"
