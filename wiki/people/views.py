"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from wiki.people import actions, sign_in
from wiki.web.public import public
from wiki.web.request import reading, settings, writing

blueprint = Blueprint("people", __name__)


@blueprint.route("/-/login", methods=["GET", "POST"])
@public
def login() -> ResponseReturnValue:
    """Sign in with a user name or address, and a password."""
    error = ""
    if request.method == "POST":
        person = actions.find_person(reading(), request.form.get("login", ""))
        right = actions.check_password(person, request.form.get("password", ""))
        if person is not None and right:
            with writing() as session:
                signed_in = sign_in.open_session(
                    session,
                    person,
                    days=settings().session_days,
                    address=request.remote_addr or "",
                    user_agent=request.user_agent.string,
                )
            login_user(signed_in, remember=False)
            return redirect(safe_next(request.args.get("next")), 303)
        error = "That name and password do not go together."
    return render_template("people/login.html", error=error), 422 if error else 200


@blueprint.post("/-/logout")
def logout() -> ResponseReturnValue:
    """Sign out: the session ends on the server too."""
    with writing() as session:
        sign_in.close_session(session, sign_in.current().session_id)
    logout_user()
    return redirect("/", 303)


def safe_next(url: str | None) -> str:
    """``url`` if it leads to this wiki, else the start."""
    if url and url.startswith("/") and not url.startswith(("//", "/\\")) and "\n" not in url:
        return url
    return "/"
