"""Signing in and out, choosing a new password, and making the first admin."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid, TooMany
from wiki.outbox.actions import announce
from wiki.outbox.events import SignedIn, SignedOut
from wiki.people import actions, limiting, resets, sign_in
from wiki.people.models import Person
from wiki.web.errors import say
from wiki.web.kept import carried, keeps_text, show_again, sign_in_page
from wiki.web.public import public
from wiki.web.request import actor, reading, settings, writing
from wiki.web.urls import local_url

blueprint = Blueprint("people", __name__)

# What one is not led to once one is in.
WAYS_IN = ("/-/login", "/-/logout", "/-/forgot", "/-/reset/", "/-/setup")
WRONG = "That name and password do not go together."


def destination(url: str | None) -> str:
    """Where to go after a sign-in: an address of this wiki, and none of those that lead in."""
    url = local_url(url)
    return "/" if url.startswith(WAYS_IN) else url


def _login_again(sent: Mapping[str, str]) -> ResponseReturnValue:
    """The sign-in form came with the token of another session: ask once more, keep what it had."""
    url = destination(sent.get("next"))
    kept = carried(url)
    if actor().is_anonymous:
        return sign_in_page(url, kept, login=sent.get("login", "")), 400
    return show_again(kept) if kept else redirect(url, 303)


@blueprint.route("/-/login", methods=["GET", "POST"])
@keeps_text(_login_again)
@public
def login() -> ResponseReturnValue:
    """Sign in with a user name or address, and a password."""
    url = destination(request.values.get("next"))
    if request.method == "GET":
        if not actor().is_anonymous:
            return redirect(url)
        return sign_in_page(url, begun=actions.has_admin(reading()))
    kept = carried(url)
    if "again" in request.form and kept and not actor().is_anonymous:
        return show_again(kept)  # signed in meanwhile, in another tab
    typed = request.form.get("login", "")
    try:
        signed_in = _sign_in(typed, request.form.get("password", ""))
    except TooMany as error:
        body = sign_in_page(url, kept, login=typed, error=error.sentence)
        return body, error.status, {"Retry-After": str(error.retry_after)}
    if signed_in is None:
        return sign_in_page(url, kept, login=typed, error=WRONG), 422
    sign_in.enter(signed_in)
    if kept is None:
        return redirect(url, 303)
    say("You are signed in again. This is your text; it is not saved yet.", "warn")
    return show_again(kept)


def _sign_in(typed: str, password: str) -> sign_in.SignedIn | None:
    """Check and begin; every step is the same for a name that does not exist.

    :raises TooMany: also when the password is right.
    """
    name, address = limiting.sign_in_counters(
        actions.normal_login(typed), request.remote_addr or ""
    )
    limiting.refuse_if_spent(reading(), [name, address])
    with writing() as session:
        limiting.spend(session, [name, address])
    person = actions.find_person(reading(), typed)
    if not actions.check_password(person, password) or person is None:
        return None
    renewed = actions.renewed_hash(person, password)
    with writing() as session:
        row = session.get_one(Person, person.id)
        if row.disabled_at is not None or row.password_hash != person.password_hash:
            return None
        if renewed is not None:
            row.password_hash = renewed
        limiting.forget(session, [name])
        limiting.give_back(session, [address])
        limiting.forget_past(session)
        signed_in = sign_in.begin(session, row)
        announce(session, row.actor(), SignedIn(row.id))
    return signed_in


@blueprint.post("/-/logout")
def logout() -> ResponseReturnValue:
    """Sign out: the session ends on the server too."""
    with writing() as session:
        sign_in.close_session(session, sign_in.current().session_id)
        announce(session, actor(), SignedOut(sign_in.current().actor.person_id or 0))
    sign_in.leave()
    return redirect("/", 303)


@blueprint.route("/-/forgot", methods=["GET", "POST"])
@public
def forgot() -> ResponseReturnValue:
    """Ask for a link to a new password. The answer is the same for everybody."""
    typed = request.form.get("login", "")
    if request.method == "GET":
        return render_template(
            "people/forgot.html", login="", asked="asked" in request.args, error=""
        )
    if not typed.strip():
        error = "Type your user name or e-mail."
        return render_template("people/forgot.html", login="", asked=False, error=error), 422
    counters = limiting.reset_counters(actions.normal_login(typed), request.remote_addr or "")
    try:
        limiting.refuse_if_spent(reading(), counters)
        with writing() as session:
            limiting.spend(session, counters)
            resets.ask_for_link(session, typed)
    except TooMany as error:
        body = render_template("people/forgot.html", login=typed, asked=False, error=error.sentence)
        return body, error.status, {"Retry-After": str(error.retry_after)}
    return redirect("/-/forgot?asked=1", 303)


@blueprint.route("/-/reset/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> ResponseReturnValue:
    """Choose a new password by a mailed link."""
    person = resets.person_of(reading(), token)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            hashed = actions.hash_password(request.form.get("password", ""))
        except Invalid as refused:
            error = refused
        else:
            with writing() as session:
                for name in (person.handle, person.email or ""):
                    limiting.forget(session, limiting.sign_in_counters(name, "")[:1])
                resets.use_link(session, settings(), token, hashed)
            sign_in.leave()
            say("Your new password is set. Sign in with it.", "good")
            return redirect("/-/login", 303)
    body = render_template(
        "people/reset.html", person=person, errors=_errors(error), least=actions.MIN_PASSWORD
    )
    return body, error.status if error else 200


@blueprint.route("/-/setup", methods=["GET", "POST"])
@public
def setup() -> ResponseReturnValue:
    """Make the first admin by the link that the terminal shows."""
    token = request.values.get("token", "")
    actions.check_setup(reading(), token)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            hashed = actions.hash_password(request.form.get("password", ""))
            with writing() as session:
                person = actions.create_first_admin(
                    session,
                    token,
                    handle=request.form.get("handle", ""),
                    name=request.form.get("name", ""),
                    email=request.form.get("email") or None,
                    password_hash=hashed,
                )
                signed_in = sign_in.begin(session, person)
        except Invalid as refused:
            error = refused
        else:
            sign_in.enter(signed_in)
            say("Welcome. You administer this wiki; make its first space.", "good")
            return redirect("/-/spaces", 303)
    body = render_template(
        "people/setup.html",
        token=token,
        sent=request.form,
        errors=_errors(error),
        least=actions.MIN_PASSWORD,
    )
    return body, error.status if error else 200


def _errors(error: Invalid | None) -> dict[str, str]:
    return {error.field or "": error.sentence} if error else {}
