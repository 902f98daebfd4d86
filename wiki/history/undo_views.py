"""The screen that undoes one change of a page."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid
from wiki.history.undo import compare_with, merge_of, undo_edit
from wiki.pages import queries
from wiki.pages.access.access_log import log_read
from wiki.pages.access.label_policy import ShowsRestricted
from wiki.pages.conflicts.views import conflict_screen, refusal_shown
from wiki.pages.forms import form_of
from wiki.pages.merging import Text
from wiki.pages.page_context import page_frame, past_at, place_at
from wiki.pages.saving.edit import Saved
from wiki.pages.saving.form_saves import max_bytes, save_form, show_saved
from wiki.pages.saving.submit import Conflict, MovedOn
from wiki.pages.secrets import SecretsFound
from wiki.rules.access import May
from wiki.web.errors import flash
from wiki.web.rate_limit import costs
from wiki.web.request import reading
from wiki.web.urls import verb

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
    error: SecretsFound | ShowsRestricted | Invalid | MovedOn | None = None
    if request.method == "POST":
        try:
            saved = save_form(
                past.seen,
                replace(edit, head=_positive("head") or None, max_bytes=max_bytes()),
                page,
            )
        except Conflict:
            past = past_at(slug, path, 0)
        except (SecretsFound, ShowsRestricted, Invalid, MovedOn) as refused:
            error = refused
            past = past_at(slug, path, 0)
        else:
            return _done(saved, number)
    merge = merge_of(reading(), past.page, edit)
    log_read(past.seen, past.page, number - 1, past.page.head)
    if not merge.clean:
        head = queries.head_of(reading(), past.page)
        form = form_of(edit.text or Text("", ""), number, edit.message)
        conflict = Conflict(number, head, merge)
        return conflict_screen(place_at(slug, path), past.page, form, conflict, undone=number)
    refused_for = error if isinstance(error, SecretsFound | ShowsRestricted) else None
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


def _done(saved: Saved, number: int) -> ResponseReturnValue:
    if saved.changed:
        flash(f"Undid revision {number} in revision {saved.revision.number}.")
    else:
        flash("The page no longer has this change, so nothing was saved.", "note")
    return show_saved(saved)


def _positive(name: str) -> int:
    """Return a number with at most nine digits in a parameter of the request, else 0."""
    raw = request.values.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0
