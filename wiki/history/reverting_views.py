"""The screens that restore an older revision of a page, and that undo one of its changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid
from wiki.history.comparison import Comparison, compare
from wiki.history.undo import compare_with, merge_of, undo_edit
from wiki.i18n import gettext as _
from wiki.pages import revisions
from wiki.pages.access.access_log import log_read
from wiki.pages.access.label_policy import ShowsRestricted
from wiki.pages.conflicts.views import conflict_screen, refusal_shown
from wiki.pages.forms import form_of
from wiki.pages.merging import Text
from wiki.pages.models import Action
from wiki.pages.page_context import Past, page_frame, past_at, place_at
from wiki.pages.revisions import NoSuchRevision
from wiki.pages.saving.edit import Edit, Saved
from wiki.pages.saving.form_saves import max_bytes, save_form, show_saved
from wiki.pages.saving.secrets import SecretsFound
from wiki.pages.saving.submit import Conflict, MovedOn
from wiki.rules.access import May
from wiki.web.errors import flash
from wiki.web.limits.rate_limit import costs
from wiki.web.request import actor, positive_number, reading
from wiki.web.urls import verb

blueprint = Blueprint("reverting", __name__)

Refusal: TypeAlias = SecretsFound | ShowsRestricted | Invalid | MovedOn


@verb(blueprint, "restore", methods=["GET", "POST"])
@costs("comparisons")
def restore(slug: str, path: str) -> ResponseReturnValue:
    """Restore an older revision as the newest one, after showing the changes."""
    past = past_at(slug, path, 0)
    past.seen.require(May.EDIT)
    number = positive_number("revision")
    if number is None or number > past.page.head:
        raise NoSuchRevision(past.page)
    message = request.form.get("message", "")
    edit = Edit(past.page.id, base=number, message=message, action=Action.REVERT)
    saved = _save(past, edit)
    if isinstance(saved, Saved):
        new = saved.revision.number
        return _done(
            saved,
            _("Restored revision %(number)s as revision %(new)s.", number=number, new=new),
            _("The page is already the same as that revision, so nothing was saved."),
        )
    if saved is not None:
        past = past_at(slug, path, 0)
    comparison = compare(reading(), actor(), past.page, past.page.head, number)
    log_read(past.seen, past.page, past.page.head, number)
    # Restoring a text changes neither the path of the page nor its files.
    values = tuple(v for v in comparison.values if v.name not in ("path", "kind", "files"))
    return _screen("restore", past, number, replace(comparison, values=values), saved)


@verb(blueprint, "undo", methods=["GET", "POST"])
@costs("comparisons")
def undo(slug: str, path: str) -> ResponseReturnValue:
    """Undo the change that one revision made, after showing what that changes now. If later
    revisions changed the same lines, ask for a decision in the form for conflicts."""
    past = past_at(slug, path, 0)
    past.seen.require(May.EDIT)
    number = positive_number("revision") or 0
    edit = undo_edit(reading(), past.page, number, request.form.get("message", ""))
    try:
        saved = _save(past, edit)
    except Conflict:
        saved = None
    if isinstance(saved, Saved):
        new = saved.revision.number
        return _done(
            saved,
            _("Undid revision %(number)s in revision %(new)s.", number=number, new=new),
            _("The page no longer has this change, so nothing was saved."),
        )
    if request.method == "POST":
        past = past_at(slug, path, 0)
    merge = merge_of(reading(), past.page, edit)
    log_read(past.seen, past.page, number - 1, past.page.head)
    if not merge.clean:
        head = revisions.head_of(reading(), past.page)
        form = form_of(edit.text or Text("", ""), number, edit.message)
        conflict = Conflict(number, head, merge)
        return conflict_screen(place_at(slug, path), past.page, form, conflict, undone=number)
    comparison = compare_with(reading(), past.page, merge.resolve())
    return _screen("undo", past, number, comparison, saved)


def _save(past: Past, edit: Edit) -> Saved | Refusal | None:
    """Save an edit if the form was sent, and return the outcome; None if it was not sent.

    :raises Conflict: as :func:`save_form` does.
    """
    if request.method != "POST":
        return None
    edit = replace(edit, head=positive_number("head"), max_bytes=max_bytes())
    try:
        return save_form(past.seen, edit, past.page)
    except (SecretsFound, ShowsRestricted, Invalid, MovedOn) as refusal:
        return refusal


def _done(saved: Saved, changed: str, unchanged: str) -> ResponseReturnValue:
    if saved.changed:
        flash(changed)
    else:
        flash(unchanged, "note")
    return show_saved(saved)


def _screen(
    task: Literal["restore", "undo"],
    past: Past,
    number: int,
    comparison: Comparison,
    refusal: Refusal | None,
) -> ResponseReturnValue:
    """Show what a task would change, and the form that confirms it, with the reason why it was
    refused before."""
    found = refusal if isinstance(refusal, SecretsFound | ShowsRestricted) else None
    invalid = refusal if isinstance(refusal, Invalid) and found is None else None
    body = render_template(
        "history/reverting.html",
        **page_frame(past, past.page),
        task=task,
        comparison=comparison,
        revision=revisions.get_revision(reading(), past.page, number),
        view="auto",
        moved_on=isinstance(refusal, MovedOn),
        message=request.form.get("message", ""),
        errors={invalid.field or "": invalid.sentence} if invalid else {},
        **refusal_shown(found, ""),
    )
    return body, refusal.status if refusal else 200
