"""The screen that undoes one change of a page."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid
from wiki.history.undo import compare_with, merge_of, undo_edit
from wiki.pages import queries
from wiki.pages.access.label_policy import ShowsNarrower
from wiki.pages.access_log import log_read
from wiki.pages.conflicts.views import conflict_screen, refusal_shown
from wiki.pages.edit import Edit, Saved
from wiki.pages.forms import form_of, label_from, override_from
from wiki.pages.links.views import say_unseen
from wiki.pages.merging import Text
from wiki.pages.page_context import Past, page_frame, past_at, place_at
from wiki.pages.prescan import prescan_edit
from wiki.pages.rendering.stored import keep_head
from wiki.pages.saving import Conflict, MovedOn, submit
from wiki.pages.secrets import SecretsFound
from wiki.pages.texts import get_text
from wiki.rules.access import May
from wiki.web.errors import flash
from wiki.web.rate_limit import costs, requester
from wiki.web.request import actor, afterwards, parts, reading, writing
from wiki.web.urls import page_url, verb

blueprint = Blueprint("undo", __name__)


@verb(blueprint, "undo", methods=["GET", "POST"])
@costs("comparisons")
def undo(slug: str, path: str) -> ResponseReturnValue:
    """Undo the change that one revision made, after showing what that changes now. If later
    revisions changed the same lines, ask for a decision in the form for conflicts."""
    past = past_at(slug, path, 0)
    past.seen.require(May.EDIT)
    page = past.page
    number = _positive("revision")
    edit = undo_edit(reading(), page, number, request.form.get("message", ""))
    error: SecretsFound | ShowsNarrower | Invalid | MovedOn | None = None
    if request.method == "POST":
        try:
            saved = _save(past, edit)
        except Conflict:
            past = past_at(slug, path, 0)
        except (SecretsFound, ShowsNarrower, Invalid, MovedOn) as refused:
            error = refused
            past = past_at(slug, path, 0)
        else:
            return _done(slug, saved, number)
    merge = merge_of(reading(), past.page, edit)
    log_read(past.seen, past.page, number - 1, past.page.head)
    if not merge.clean:
        head = queries.head_of(reading(), past.page)
        form = form_of(edit.text or Text("", ""), number, edit.message)
        conflict = Conflict(number, head, merge)
        return conflict_screen(place_at(slug, path), past.page, form, conflict, undone=number)
    refused_for = error if isinstance(error, SecretsFound | ShowsNarrower) else None
    body = render_template(
        "history/undo.html",
        **page_frame(past, past.page),
        comparison=compare_with(reading(), past.page, merge.resolve()),
        revision=queries.get_revision(reading(), past.page, number),
        view="auto",
        moved_on=isinstance(error, MovedOn),
        message=request.form.get("message", ""),
        errors={error.field or "": error.sentence} if isinstance(error, Invalid) else {},
        **refusal_shown(refused_for, ""),
    )
    return body, error.status if error else 200


def _save(past: Past, edit: Edit) -> Saved:
    prescan_edit(reading(), past.seen, past.page, edit.text or Text("", ""), edit.base)
    with writing() as session:
        return submit(
            session,
            actor(),
            replace(
                edit,
                head=_positive("head") or None,
                override=override_from(request.form),
                raise_to=label_from(request.form),
            ),
        )


def _done(slug: str, saved: Saved, number: int) -> ResponseReturnValue:
    if saved.changed:
        flash(f"Undid revision {number} in revision {saved.revision.number}.")
    else:
        flash("The page no longer has this change, so nothing was saved.", "note")
    say_unseen(saved, get_text(reading(), saved.revision.content_hash))
    done = redirect(page_url(slug, saved.page.path), 303)
    afterwards(done, partial(keep_head, parts().database, saved.page.id, requester()))
    return done


def _positive(name: str) -> int:
    """Return a number with at most nine digits in a parameter of the request, else 0."""
    raw = request.values.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0
