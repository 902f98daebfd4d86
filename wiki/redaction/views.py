"""Views of redaction: a preview to confirm, and the tombstone with the people who could read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from wiki.attachments.queries import get_file, place_of
from wiki.attachments.views import storage
from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.pages.access.access_log import log_read
from wiki.pages.models import Page
from wiki.pages.page_context import Past, frame, page_frame
from wiki.pages.rendering.stored import ensure_heads
from wiki.pages.revisions import get_revision
from wiki.pages.saving.submit import MovedOn
from wiki.pages.texts.stored import get_text
from wiki.purging.actions import forget_memory
from wiki.redaction.actions import lift, redact_file, redact_revision, redact_span
from wiki.redaction.models import Redaction
from wiki.redaction.past import get_redaction, list_redactions, told
from wiki.redaction.queries import preview
from wiki.redaction.targets import (
    FileTarget,
    RevisionTarget,
    SpanTarget,
    checked_reason,
    checked_span,
    page_to_redact,
    require_redactor,
)
from wiki.redaction.words import label_word, place_words, way_words
from wiki.spaces.queries import see_space
from wiki.text.paths import name_of
from wiki.web.errors import flash
from wiki.web.limits.rate_limit import costs
from wiki.web.request import actor, parts, reading, settings, writing

blueprint = Blueprint("redaction", __name__)


@dataclass(frozen=True)
class _Form:
    text: str
    reason: str
    only_titles: bool
    whole: bool
    others: tuple[int, ...]
    shown: bool


def _form() -> _Form:
    # The text must not be part of a URL, because browsers and proxies store URLs.
    return _Form(
        text=request.form.get("text", ""),
        reason=request.form.get("reason", ""),
        only_titles="titles" in request.values,
        whole="whole" in request.form,
        others=tuple(
            int(one) for one in request.form.getlist("other") if one.isdecimal() and len(one) < 16
        ),
        shown="confirm" in request.form,
    )


@blueprint.route("/-/p/<int:page_id>/redact", methods=["GET", "POST"])
@costs("comparisons")
def redact(page_id: int) -> ResponseReturnValue:
    """Redact a text on a page, or the content of one of its revisions."""
    page, seen = page_to_redact(reading(), actor(), page_id)
    past = Past(seen, page)
    if "revision" in request.values:
        return _revision(past)
    form, error, shown = _form(), None, None
    log_read(seen, page, request.args.get("source", page.head, type=int))
    if request.method == "POST":
        try:
            span = checked_span(form.text, whole=form.whole)
            checked_reason(form.reason, span)
            if form.shown:
                with writing() as session:
                    row = redact_span(
                        session,
                        actor(),
                        storage(),
                        SpanTarget(
                            form.text, [page_id, *form.others], form.only_titles, form.whole
                        ),
                        form.reason,
                        logged_from=settings().access_log_label,
                    )
                return _done(row, [page_id, *form.others])
            shown = preview(reading(), actor(), storage(), page, span, only_titles=form.only_titles)
        except Invalid as refused:
            error = refused
    body = render_template(
        "redaction/redact.html",
        **page_frame(past, page),
        form=form,
        preview=shown,
        place_words=place_words,
        errors=_errors(error),
        **_source(page),
    )
    return body, error.status if error else 200


def _source(page: Page) -> dict[str, Any]:
    """Return the text to select from: that of the newest revision, or of the one in the query
    string."""
    number = request.args.get("source", page.head, type=int)
    if not 1 <= number <= page.head:
        raise NotFound
    revision = get_revision(reading(), page, number)
    text = get_text(reading(), revision.content_hash)
    return {"source": text, "source_number": number}


def _revision(past: Past) -> ResponseReturnValue:
    page = past.page
    number = request.values.get("revision", 0, type=int)
    if not 1 <= number <= page.head:
        raise NotFound
    error: Invalid | MovedOn | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                row = redact_revision(
                    session,
                    actor(),
                    RevisionTarget(page.id, number, request.form.get("head", 0, type=int)),
                    request.form.get("reason", ""),
                    logged_from=settings().access_log_label,
                )
        except (Invalid, MovedOn) as refused:
            error = refused
            page, seen = page_to_redact(reading(), actor(), page.id)
            past = Past(seen, page)
        else:
            return _done(row, [page.id])
    body = render_template(
        "redaction/revision.html",
        **page_frame(past, page),
        revision=get_revision(reading(), page, number),
        reason=request.form.get("reason", ""),
        errors=_errors(error),
    )
    return body, error.status if error else 200


@blueprint.route("/-/f/<int:file_id>/redact", methods=["GET", "POST"])
def redact_one_file(file_id: int) -> ResponseReturnValue:
    """Delete the bytes of a version of a file, or of all versions."""
    found = get_file(reading(), actor(), file_id)
    require_redactor(found.seen)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                row = redact_file(
                    session,
                    actor(),
                    storage(),
                    FileTarget(file_id, "all" in request.form, "name" in request.form),
                    request.form.get("reason", ""),
                    logged_from=settings().access_log_label,
                )
        except Invalid as refused:
            error = refused
            found = get_file(reading(), actor(), file_id)
        else:
            return _done(row, [row.page_id] if row.page_id else [])
    page = found.file.page
    place = Past(found.seen, page) if page is not None else None
    around = page_frame(place, page) if place and page else frame(found.seen, "")
    body = render_template(
        "redaction/file.html",
        **around,
        file=found.file,
        name=name_of(place_of(found.file)),
        has_page=page is not None,
        reason=request.form.get("reason", ""),
        all="all" in request.form,
        name_too="name" in request.form,
        errors=_errors(error),
    )
    return body, error.status if error else 200


@blueprint.get("/<space:slug>/-/redactions")
def redactions(slug: str) -> ResponseReturnValue:
    """List what was redacted in a space."""
    seen = see_space(reading(), actor(), slug)
    require_redactor(seen)
    before = request.args.get("before", type=int)
    found = list_redactions(reading(), seen, before=before)
    return render_template(
        "redaction/redactions.html", space=seen.space, seen=seen, found=found, before=before
    )


@blueprint.get("/<space:slug>/-/redactions/<int:redaction_id>")
def redaction(slug: str, redaction_id: int) -> ResponseReturnValue:
    """Show a redaction: its progress, who could read what was removed, and who did."""
    seen = see_space(reading(), actor(), slug)
    require_redactor(seen)
    row = get_redaction(reading(), seen, redaction_id)
    return render_template(
        "redaction/redaction.html",
        space=seen.space,
        seen=seen,
        told=told(reading(), actor(), row),
        row=row,
        place_words=place_words,
        label_word=label_word,
        ways=list(map(way_words, row.could_read.get("via", ()))),
    )


@blueprint.post("/<space:slug>/-/redactions/<int:redaction_id>/lift")
def lift_redaction(slug: str, redaction_id: int) -> ResponseReturnValue:
    """Permit a redacted text to be written again."""
    with writing() as session:
        seen = see_space(session, actor(), slug)
        require_redactor(seen)
        lift(session, actor(), get_redaction(session, seen, redaction_id), seen)
    flash(_("The text is allowed again. Redacted content stays redacted."))
    return redirect(url_for("redaction.redaction", slug=slug, redaction_id=redaction_id), 303)


def _done(row: Redaction, page_ids: list[int]) -> ResponseReturnValue:
    """Clear this process's caches at once, and redirect to the tombstone."""
    forget_memory()
    ensure_heads(parts().database, page_ids)
    slug = reading().get_one(Redaction, row.id).space.slug
    return redirect(url_for("redaction.redaction", slug=slug, redaction_id=row.id), 303)


def _errors(error: Invalid | MovedOn | None) -> dict[str, str]:
    return {error.field or "": error.sentence} if error else {}
