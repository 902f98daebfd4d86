"""Confirmation of the user's identity before sensitive changes, in case a browser was left open.

Apply :func:`confirm_first` below the route of every view that changes how a user signs in, or what
others may do. Unless the password or a factor was given in this sign-in within the last 15 minutes,
a form asks for it and then continues with the original request and all its form fields.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import update

from wiki.db import now
from wiki.errors import Forbidden, Invalid, TooMany
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.people import passwords
from wiki.people.factors import challenges
from wiki.people.factors import queries as factors
from wiki.people.factors.challenges import Purpose
from wiki.people.models import LoginSession, Person
from wiki.people.oidc import identities
from wiki.people.signin import limiting, second_factor, sign_in
from wiki.web.errors import wants_json
from wiki.web.request import reading, settings, writing
from wiki.web.urls import local_url, split_url, this_url

View = TypeVar("View", bound=Callable[..., Any])

blueprint = Blueprint("confirming", __name__)

LASTS = timedelta(minutes=15)
PREFIX = "confirm."
WRONG = lazy_gettext("Incorrect password.")
NOTHING = lazy_gettext("Confirm that it’s you first.")


def confirm_first(view: View) -> View:
    """Require a recent confirmation before this view is called."""

    @wraps(view)
    def ask_first(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        asked = ask()
        return view(*args, **kwargs) if asked is None else asked

    return ask_first  # type: ignore[return-value]


def ask() -> ResponseReturnValue | None:
    """Require a recent confirmation inside a view; return the response that asks for it, or None to
    go on.

    Do not use it for forms with files: the asking form carries only the fields that were sent.
    """
    if not is_confirmed() and not _can_confirm():
        return _ask_provider()
    error: Invalid | TooMany | None = None
    if not is_confirmed() and any(request.form.get(PREFIX + one) for one in _WAYS):
        try:
            _confirm()
        except (Invalid, TooMany) as refused:
            error = refused
    elif any(PREFIX + one in request.form for one in _WAYS):
        error = Invalid(NOTHING)
    if is_confirmed():
        return None
    if wants_json():
        raise Forbidden(_("Reload this page to confirm that it’s you."))
    if request.method == "GET" and request.endpoint != f"{blueprint.name}.confirm":
        return redirect(url_for("confirming.confirm", next=this_url()))
    return _form(error)


_WAYS = ("password", "code", "passkey")


def _can_confirm() -> bool:
    """Return whether the signed-in user has a password or a factor."""
    person = reading().get_one(Person, sign_in.current().actor.person_id)
    return person.password_hash is not None or factors.holds_factor(reading(), person.id)


def is_confirmed() -> bool:
    """Return whether the user gave their password or a factor in this sign-in recently."""
    if g.get("confirmed"):
        return True
    at = sign_in.current().confirmed_at
    # A time later than now was written before the clock was set back.
    return at is not None and now() - LASTS < at <= now()


def _ask_provider() -> ResponseReturnValue:
    """Ask a user without password and factor to sign in again at the OpenID provider, and then
    return to the screen where they were. A form that was sent has to be sent again.

    :raises Forbidden: if the user has no identity there either.
    """
    person = reading().get_one(Person, sign_in.current().actor.person_id)
    if not settings().provider or not identities.count_of(reading(), settings(), person):
        raise Forbidden(
            _(
                "You can’t confirm that it’s you, because your account has no password and no "
                "second factor. Ask an admin to give it a password."
            )
        )
    if wants_json():
        raise Forbidden(_("Reload this page to confirm that it’s you."))
    body = render_template(
        "people/confirm.html", provider=settings().provider, back=_where_they_were(), errors={}
    )
    return body, 200 if request.method == "GET" else 403, {"Cache-Control": "no-store"}


def _where_they_were() -> str:
    """Return the requested screen, or the one with the form that was sent."""
    if request.endpoint == f"{blueprint.name}.confirm":
        return local_url(request.values.get("next"))
    if request.method == "GET":
        return this_url()
    sent_from = split_url(request.referrer or "")
    own = sent_from.netloc == request.host
    return local_url(sent_from.path) if own and sent_from.path else "/-/me"


@blueprint.route("/-/confirm", methods=["GET", "POST"])
@confirm_first
def confirm() -> ResponseReturnValue:
    """Only ask for confirmation; then redirect to a screen."""
    return redirect(local_url(request.values.get("next")), 303)


@blueprint.post("/-/confirm/passkey")
def ask_passkey() -> ResponseReturnValue:
    """Return the options for the browser to ask for a passkey of the signed-in user."""
    return jsonify(second_factor.ask_passkey(Purpose.CONFIRM, sign_in.current().actor.person_id))


def _confirm() -> None:
    """Check the password or factor, and record the time in the sign-in.

    :raises Invalid: if it is wrong.
    :raises TooMany: after too many guesses.
    """
    me = sign_in.current()
    person = reading().get_one(Person, me.actor.person_id)
    if password := request.form.get(f"{PREFIX}password", ""):
        counters = limiting.own_password_counters(person.id)
    else:
        counters = limiting.factor_counters(person.id, request.remote_addr or "")
    limiting.refuse_if_spent(reading(), counters)
    with writing() as session:
        limiting.spend(session, counters)
    what: second_factor.Given | None = None
    if password:
        if not passwords.check_password(person, password):
            raise Invalid(WRONG, field="password")
    else:
        what = second_factor.given(Purpose.CONFIRM, person, prefix=PREFIX)
    with writing() as session:
        row = session.get_one(Person, person.id)
        if row.password_hash != person.password_hash:
            raise Invalid(WRONG, field="password")
        if what is not None:
            second_factor.use(session, row, what, recovery=False)
        session.execute(
            update(LoginSession).where(LoginSession.id == me.session_id).values(confirmed_at=now())
        )
        if password:
            limiting.forget(session, counters)
        else:
            limiting.give_back(session, counters[1:], forgotten=counters[:1])
    g.confirmed = True


def _form(error: Invalid | TooMany | None) -> ResponseReturnValue:
    person = reading().get_one(Person, sign_in.current().actor.person_id)
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != "csrf_token" and not name.startswith(PREFIX)
    ]
    if request.method == "GET":
        kept.append(("next", local_url(request.args.get("next"))))
    own = factors.factors_of(reading(), person.id)
    ways = {
        "password": person.password_hash is not None,
        "code": bool(own.authenticators),
        "passkey": bool(own.passkeys) and challenges.party(settings()) is not None,
    }
    field = (error and error.field) or "password"
    body = render_template(
        "people/confirm.html",
        person=person,
        action=request.path,
        kept=kept,
        prefix=PREFIX,
        has_password=ways["password"],
        has_codes=ways["code"],
        has_passkeys=ways["passkey"],
        errors={PREFIX + field if ways.get(field) else "": error.sentence} if error else {},
    )
    headers = {"Cache-Control": "no-store"}  # the carried fields may contain a new password
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after)
    status = error.status if error else 200 if request.method == "GET" else 403
    return body, status, headers
