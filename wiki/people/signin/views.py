"""Views of signing in and out."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, g, jsonify, redirect, render_template, request, url_for
from flask import session as cookie
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from wiki.disk import use_reserve
from wiki.errors import Invalid, TooMany
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.actions import publish
from wiki.people.factors import challenges
from wiki.people.factors import queries as factors
from wiki.people.factors.challenges import Purpose
from wiki.people.models import Person
from wiki.people.signin import first_admin, limiting, second_factor, sign_in
from wiki.people.signin.events import SignedOut
from wiki.people.signin.steps import (
    PENDING,
    by_passkey,
    by_password,
    by_second_factor,
    pending_person,
)
from wiki.web.errors import flash
from wiki.web.public import public
from wiki.web.reauth_form import PREFIX, Kept, carried, keeps_text, show_again, sign_in_page
from wiki.web.request import actor, reading, settings, writing
from wiki.web.urls import local_url

blueprint = Blueprint("people", __name__)


@blueprint.before_request
def use_what_is_kept_for_sign_ins() -> None:
    """Use the disk reserve for sign-ins, so that users can sign in and read while the disk is
    full."""
    if request.method == "POST":
        use_reserve(settings().data_dir)
        g.uses_reserve = True


# Paths that are no destination after a sign-in.
WAYS_IN = ("/-/login", "/-/logout", "/-/forgot", "/-/reset/", "/-/setup")
WRONG = lazy_gettext("Incorrect user name or password.")
TOO_LATE = lazy_gettext("That took too long or was already completed. Sign in again.")


@blueprint.record_once
def say_whether_passkeys_work(state: BlueprintSetupState) -> None:
    """Tell templates whether browsers allow passkeys for this site."""
    found = challenges.party(state.app.extensions["wiki"].settings)
    state.app.jinja_env.globals["passkeys_work"] = found is not None


def destination(url: str | None) -> str:
    """Return the URL to go to after a sign-in: a path of this wiki other than the sign-in
    screens."""
    url = local_url(url)
    return "/" if url.startswith(WAYS_IN) else url


def _login_again(sent: Mapping[str, str]) -> ResponseReturnValue:
    """Show the sign-in form again with its content after a CSRF token of another session."""
    url = destination(sent.get("next"))
    kept = carried(url)
    if actor().is_anonymous:
        return sign_in_page(url, kept, login=sent.get("login", "")), 400
    return show_again(kept) if kept else redirect(url, 303)


@blueprint.route("/-/login", methods=["GET", "POST"])
@keeps_text(_login_again)
@public
def login() -> ResponseReturnValue:
    """Sign in with a user name or address and a password, or with a passkey alone."""
    url = destination(request.values.get("next"))
    if request.method == "GET":
        if not actor().is_anonymous:
            return redirect(url)
        return sign_in_page(url, begun=first_admin.has_admin(reading()))
    kept = carried(url)
    if "again" in request.form and kept and not actor().is_anonymous:
        return show_again(kept)  # signed in meanwhile, in another tab
    typed, answer = request.form.get("login", ""), request.form.get("passkey", "")
    try:
        if answer:
            return _enter(by_passkey(answer), url, kept)
        found = by_password(typed, request.form.get("password", ""))
    except TooMany as error:
        body = sign_in_page(url, kept, login=typed, error=error.sentence)
        return body, error.status, {"Retry-After": str(error.retry_after)}
    except Invalid as error:
        return sign_in_page(url, kept, login=typed, error=error.sentence), error.status
    if found is None:
        return sign_in_page(url, kept, login=typed, error=WRONG), 422
    if isinstance(found, str):
        cookie[PENDING] = found
        if kept is None:
            return redirect(url_for("people.second", next=url), 303)
        return _second_page(pending_person(), url, kept)
    return _enter(found, url, kept)


@blueprint.route("/-/login/second", methods=["GET", "POST"])
@keeps_text(_login_again)
@public
def second() -> ResponseReturnValue:
    """Ask for the second factor of a user whose password was right."""
    url = destination(request.values.get("next"))
    kept, person = carried(url), pending_person()
    if person is None or not factors.holds_factor(reading(), person.id):
        return sign_in_page(url, kept, error=TOO_LATE), 422
    if request.method == "GET":
        return _second_page(person, url)
    try:
        signed_in = by_second_factor(person)
    except TooMany as error:
        headers = {"Retry-After": str(error.retry_after)}
        return _second_page(person, url, kept, error), error.status, headers
    except Invalid as error:
        return _second_page(person, url, kept, error), error.status
    if signed_in is None:
        return sign_in_page(url, kept, error=TOO_LATE), 422
    return _enter(signed_in, url, kept)


@blueprint.post("/-/login/passkey")
@public
def ask_passkey() -> ResponseReturnValue:
    """Return the options for a browser to ask for any passkey that it has for this site."""
    counters = limiting.challenge_counters(request.remote_addr or "")
    with writing() as session:
        limiting.spend(session, counters)
    return jsonify(second_factor.ask_passkey(Purpose.SIGN_IN, None))


@blueprint.post("/-/login/second/passkey")
@public
def ask_passkey_second() -> ResponseReturnValue:
    """Return the options for a browser to ask for a passkey of a user whose password was right."""
    person = pending_person()
    if person is None:
        raise Invalid(TOO_LATE)
    return jsonify(second_factor.ask_passkey(Purpose.SECOND, person.id))


def _enter(signed_in: sign_in.SignedIn, url: str, kept: Kept | None = None) -> ResponseReturnValue:
    sign_in.enter(signed_in)
    if kept is None:
        return redirect(url, 303)
    flash(_("You’re signed in again. Your text is here, but it isn’t saved yet."), "warn")
    return show_again(kept)


def _second_page(
    person: Person | None,
    url: str,
    kept: Kept | None = None,
    error: Invalid | TooMany | None = None,
) -> str:
    if person is None:
        return sign_in_page(url, kept, error=TOO_LATE)
    own = factors.factors_of(reading(), person.id)
    return render_template(
        "people/second.html",
        next=url,
        kept=kept,
        prefix=PREFIX,
        has_codes=bool(own.authenticators),
        has_passkeys=bool(own.passkeys) and challenges.party(settings()) is not None,
        codes_left=own.codes_left,
        errors={error.field or "code": error.sentence} if error else {},
    )


@blueprint.post("/-/logout")
def logout() -> ResponseReturnValue:
    """Sign out and end the session on the server."""
    with writing() as session:
        sign_in.close_session(session, sign_in.current().session_id)
        publish(session, actor(), SignedOut(sign_in.current().actor.person_id or 0))
    sign_in.leave()
    return redirect("/", 303)
