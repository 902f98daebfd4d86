"""Views of what a change exposes before it is made, and of changes that wait for a second
person."""

from __future__ import annotations

from flask import Blueprint, Flask, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import func, select

from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.people.models import Person
from wiki.reviews import approvals
from wiki.spaces.consent import ACTIONS, Change, NeedsConsent
from wiki.spaces.exposure import words_of
from wiki.web.errors import flash, problem, wants_json
from wiki.web.request import actor, reading, settings, writing
from wiki.web.urls import local_url

blueprint = Blueprint("reviews", __name__)
blueprint.add_app_template_filter(words_of, "exposure_words")

NAMED = 12
"""The maximum number of people named who could read more."""


def init_app(app: Flask) -> None:
    """Register the error handler that shows what a change exposes and asks for consent."""

    @app.errorhandler(NeedsConsent)
    def exposes(found: NeedsConsent) -> ResponseReturnValue:
        if wants_json():
            exposure = found.exposure
            return problem(
                found.status,
                found.title,
                found.sentence,
                people=len(exposure.people),
                everyone=exposure.everyone,
                pages=exposure.pages,
                files=exposure.files,
                revisions=exposure.revisions,
                consent=exposure.digest,
            )
        return _screen(found)


def _screen(found: NeedsConsent, error: Invalid | None = None) -> ResponseReturnValue:
    exposure, change = found.exposure, found.change
    session = reading()
    people = session.scalars(
        select(Person)
        .where(Person.id.in_(exposure.people[:1000]))
        .order_by(func.lower(Person.name), Person.id)
        .limit(NAMED)
    ).all()
    second = exposure.needs_second(settings().second_person_from)
    deciders = approvals.deciders(session, actor(), change) if second else ()
    body = render_template(
        "reviews/exposure.html",
        exposure=exposure,
        people=people if actor().is_member else (),
        newcomer=_newcomer(change),
        change=_signer().dumps([change.kind, change.payload, change.space_id]),
        second=bool(deciders),
        deciders=deciders[:NAMED],
        alone=second and not deciders,
        back=_back(),
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else found.status, {"Cache-Control": "no-store"}


def _newcomer(change: Change) -> str:
    """Return whom an invitation is for, in words."""
    return change.payload["email"] or _("Anyone with the link") if change.kind == "invite" else ""


def _back() -> str:
    """Return the URL of the form that requested the change."""
    return local_url(request.form.get("back") or request.path)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=f"change-{actor().person_id}")


def _sent() -> Change:
    try:
        kind, payload, space_id = _signer().loads(request.form.get("change", ""))
    except (BadSignature, ValueError):
        raise NotFound from None
    return Change(kind, payload, space_id)


@blueprint.post("/-/exposures")
def expose() -> ResponseReturnValue:
    """Make a change after its exposure was shown, or ask a second person to agree."""
    change = _sent()
    if "ask" in request.form:
        with writing() as session:
            row = approvals.ask(
                session, settings(), actor(), change, request.form.get("reason", "")
            )
        flash(_("Approval requested. Nothing changes until a second person approves it."), "note")
        return redirect(f"/-/approvals/{row.id}", 303)
    with writing() as session:
        done = approvals.agree(session, settings(), actor(), change, request.form.get("digest", ""))
    if done.link:
        body = render_template("reviews/link.html", done=done)
        return body, 200, {"Cache-Control": "no-store"}
    flash(done.said)
    return redirect(done.url, 303)


@blueprint.get("/-/approvals", endpoint="approvals")
def list_of_approvals() -> ResponseReturnValue:
    """List changes that wait for the user's decision, and those that they requested."""
    return render_template(
        "reviews/approvals.html",
        rows=approvals.list_approvals(reading(), actor()),
        may_decide=approvals.may_decide,
    )


@blueprint.route("/-/approvals/<int:approval_id>", methods=["GET", "POST"])
def approval(approval_id: int) -> ResponseReturnValue:
    """Show a waiting change and decide it."""
    error: Invalid | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                done = approvals.decide(
                    session, settings(), actor(), approval_id, approve="approve" in request.form
                )
        except NeedsConsent as found:
            error = Invalid(
                _(
                    "The effect of this change is different now: %(effect)s Ask for a new request.",
                    effect=found.exposure.words,
                )
            )
        except Invalid as refused:
            error = refused
        else:
            flash(done.said)
            return redirect(done.url, 303)
    row = approvals.see_approval(reading(), actor(), approval_id)
    body = render_template(
        "reviews/approval.html",
        row=row,
        title=ACTIONS[row.kind].title,
        may_decide=approvals.may_decide(actor(), row),
        errors={"": error.sentence} if error else {},
    )
    return body, error.status if error else 200
