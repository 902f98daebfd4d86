"""Views of password links, and of the link that creates the first admin."""

from __future__ import annotations

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid, TooMany
from wiki.i18n import gettext as _
from wiki.people import names, passwords
from wiki.people.signin import first_admin, limiting, resets, sign_in, views
from wiki.web.errors import flash
from wiki.web.public import public
from wiki.web.request import reading, settings, writing

blueprint = views.blueprint


@blueprint.route("/-/forgot", methods=["GET", "POST"])
@public
def forgot() -> ResponseReturnValue:
    """Ask for a password link. The response is the same whether or not the account exists."""
    typed = request.form.get("login", "")
    if request.method == "GET":
        return render_template(
            "people/forgot.html", login="", asked="asked" in request.args, error=""
        )
    if not typed.strip():
        error = _("Enter your user name or email.")
        return render_template("people/forgot.html", login="", asked=False, error=error), 422
    counters = limiting.reset_counters(names.normal_login(typed), request.remote_addr or "")
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
    """Choose a new password with a mailed link."""
    person = resets.person_of(reading(), token)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            hashed = passwords.hash_password(request.form.get("password", ""))
        except Invalid as refused:
            error = refused
        else:
            with writing() as session:
                limiting.forget(session, [limiting.account_counter(person, "")])
                resets.use_link(session, settings(), token, hashed)
            sign_in.leave()
            flash(_("Your new password is set. Use it to sign in."), "good")
            return redirect("/-/login", 303)
    body = render_template(
        "people/reset.html", person=person, errors=_errors(error), least=passwords.MIN_PASSWORD
    )
    return body, error.status if error else 200


@blueprint.route("/-/setup", methods=["GET", "POST"])
@public
def setup() -> ResponseReturnValue:
    """Make the first admin with the link that the terminal shows."""
    token = request.values.get("token", "")
    first_admin.check_setup(reading(), token)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            hashed = passwords.hash_password(request.form.get("password", ""))
            with writing() as session:
                person = first_admin.create_first_admin(
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
            flash(_("Welcome. You’re the admin of this wiki."), "good")
            return redirect("/", 303)
    body = render_template(
        "people/setup.html",
        token=token,
        sent=request.form,
        errors=_errors(error),
        least=passwords.MIN_PASSWORD,
    )
    return body, error.status if error else 200


def _errors(error: Invalid | None) -> dict[str, str]:
    return {error.field or "": error.sentence} if error else {}
