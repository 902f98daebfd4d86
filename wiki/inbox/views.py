"""Views of the inbox: the list, what is done with notices, and the number of unread ones."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.inbox import actions, queries
from wiki.inbox.mail_preferences import preference_of, set_preference
from wiki.inbox.shown import sentence, url_of, why
from wiki.web.errors import flash
from wiki.web.request import actor, positive_number, reading, settings, writing
from wiki.web.response_cache import cached
from wiki.web.urls import local_url

blueprint = Blueprint("inbox", __name__)

LIST = "/-/inbox"


@blueprint.get(LIST)
@cached
def inbox() -> ResponseReturnValue:
    """List the user's notices."""
    show = next((one for one in queries.SHOWS if one == request.args.get("show")), "inbox")
    found = queries.list_notices(reading(), actor(), show, after=request.args.get("after"))
    unread = queries.count_unread(reading(), actor())
    return render_template(
        "inbox/inbox.html",
        groups=queries.grouped(found.rows),
        newest=max((one.notice.last_event for one in found.rows), default=0),
        after=found.after,
        show=show,
        unread=unread,
        most=queries.MOST_COUNTED,
        sentence=sentence,
        url_of=url_of,
        why=why,
    )


@blueprint.post("/-/inbox/<int:notice_id>")
def change(notice_id: int) -> ResponseReturnValue:
    """Carry out an action on a notice."""
    with writing() as session:
        actions.do(session, actor(), notice_id, request.form.get("do", ""))
    return redirect(_back(), 303)


@blueprint.post("/-/inbox/read")
def read_all() -> ResponseReturnValue:
    """Mark the notices as read that the user has seen in the list."""
    with writing() as session:
        actions.read_all(session, actor(), positive_number("until") or 0)
    return redirect(_back(), 303)


@blueprint.get("/-/inbox/unread")
@cached
def unread() -> Response:
    """Return the number of unread notices, as the badge shows it."""
    return jsonify(unread=queries.count_unread(reading(), actor()), most=queries.MOST_COUNTED)


@blueprint.get("/-/inbox/mail")
@cached
def mail() -> ResponseReturnValue:
    """Show which mails the user gets."""
    return _mail_screen()


@blueprint.post("/-/inbox/mail")
def set_mail() -> ResponseReturnValue:
    """Choose which mails the user gets."""
    form = request.form
    try:
        with writing() as session:
            set_preference(
                session,
                settings(),
                actor(),
                mentions="mentions" in form,
                changes=form.get("changes", ""),
                hour=form.get("hour", -1, type=int),
            )
    except Invalid as error:
        return _mail_screen(error)
    flash(_("Preferences saved."))
    return redirect("/-/inbox/mail", 303)


def _mail_screen(error: Invalid | None = None) -> ResponseReturnValue:
    body = render_template(
        "inbox/mail_form.html",
        preference=preference_of(reading(), actor().person_id),
        hours=[(hour, f"{hour:02}:00") for hour in range(24)],
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


def _back() -> str:
    back = local_url(request.form.get("back"))
    return back if back.startswith(LIST) else LIST
