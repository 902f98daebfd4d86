"""Views of a user's own account: name, password, sign-ins."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wiki.errors import Invalid, NotFound, SignInRequired, TooMany
from wiki.i18n import gettext as _
from wiki.mail import messages as mails
from wiki.people import actions, names, passwords, queries, tokens
from wiki.people.factors import queries as factors
from wiki.people.imported import account_merge
from wiki.people.models import LoginSession, Person
from wiki.people.oidc import identities
from wiki.people.preferences import language_choices, preferences_of, zone_choices
from wiki.people.signin import limiting, sign_in
from wiki.people.signin import reauthentication as confirming
from wiki.people.signin.devices import device
from wiki.people.signin.reauthentication import confirm_first
from wiki.web.errors import flash
from wiki.web.request import actor, reading, settings, writing

blueprint = Blueprint("me", __name__)


@blueprint.get("/-/me")
def account() -> ResponseReturnValue:
    """Show the whole account on one screen."""
    return screen()


@blueprint.post("/-/me/profile")
def change_profile() -> ResponseReturnValue:
    """Change the name or the address. The address requires a recent confirmation, because password
    links are mailed to it."""
    try:
        person = myself(reading())
        before = person.email
        name, email = request.form.get("name", ""), request.form.get("email", before or "").strip()
        if email.lower() != (before or ""):
            asked = confirming.ask()
            if asked is not None:
                return asked
        with writing() as session:
            changed = actions.change_profile(
                session, actor(), myself(session), name=name, email=email
            )
            if "email" in changed:
                template = "people/mail/address_changed.txt"
                mails.post(session, settings(), actor(), before, template, name=person.name)
    except (Invalid, TooMany) as error:
        return screen(error)
    flash(_("Profile saved.") if changed else _("Nothing was changed."), "good")
    return redirect("/-/me", 303)


@blueprint.post("/-/me/address")
def write_again() -> ResponseReturnValue:
    """Let mails be sent again to an address that has failed."""
    with writing() as session:
        actions.confirm_address(session, actor())
    flash(_("Emails are sent to your address again."), "good")
    return redirect("/-/me", 303)


@blueprint.post("/-/me/password")
@confirm_first
def change_password() -> ResponseReturnValue:
    """Change the password, or set the first one; other sign-ins end."""
    try:
        hashed = passwords.hash_password(request.form.get("new_password", ""), field="new_password")
        with writing() as session:
            person = myself(session)
            is_first = person.password_hash is None
            actions.set_password(
                session, actor(), person, hashed, keep_session=sign_in.current().session_id
            )
            template = "people/mail/password_changed.txt"
            mails.post(session, settings(), actor(), person, template)
    except (Invalid, TooMany) as error:
        return screen(error)
    if is_first:
        done = _("Your password is set. You were signed out everywhere else.")
    else:
        done = _("Your password was changed. You were signed out everywhere else.")
    flash(done, "good")
    return redirect("/-/me", 303)


@blueprint.post("/-/me/claims")
def claim_address() -> ResponseReturnValue:
    """Claim an address. The response is the same whether or not it has imported work."""
    typed = request.form.get("claim_address", "")
    try:
        counters = limiting.claim_counters(
            actor().person_id or 0, names.checked_email(typed, field="claim_address")
        )
        limiting.refuse_if_spent(reading(), counters)
        with writing() as session:
            limiting.spend(session, counters)
            account_merge.ask_for_link(session, actor(), typed)
    except (Invalid, TooMany) as error:
        return screen(error)
    flash(
        _(
            "If any work was imported under that address, we’ve sent a link to it. "
            "The link works once and expires in a day."
        ),
        "good",
    )
    return redirect("/-/me#imported", 303)


@blueprint.post("/-/me/sign-ins/<int:session_id>/end")
def end_sign_in(session_id: int) -> ResponseReturnValue:
    """Sign out on one device."""
    with writing() as session:
        row = session.get(LoginSession, session_id)
        if row is None or row.person_id != actor().person_id:
            raise NotFound
        sign_in.close_session(session, session_id)
    if session_id == sign_in.current().session_id:
        sign_in.leave()
        return redirect("/", 303)
    flash(_("That device was signed out."), "good")
    return redirect("/-/me#sign-ins", 303)


@blueprint.post("/-/me/sign-ins/end-others")
def end_other_sign_ins() -> ResponseReturnValue:
    """Sign out everywhere else."""
    me = sign_in.current()
    with writing() as session:
        actions.end_sessions(session, me.actor, me.actor.person_id or 0, keep=me.session_id)
    flash(_("You were signed out everywhere else."), "good")
    return redirect("/-/me#sign-ins", 303)


def myself(session: Session) -> Person:
    """Return the person who is signed in.

    :raises SignInRequired: if nobody is.
    """
    if actor().is_anonymous:
        raise SignInRequired
    return session.get_one(Person, actor().person_id)


def screen(error: Invalid | TooMany | None = None) -> ResponseReturnValue:
    """Render the whole account, with the form values sent if there was an error."""
    session = reading()
    person = myself(session)
    values: dict[str, Any] = {
        "person": person,
        "name": request.form.get("name", person.name),
        "email": request.form.get("email", person.email or ""),
        "preferences": preferences_of(person),
        "languages": language_choices(),
        "zones": zone_choices(),
        "offer": account_merge.claimable_by_email(session, actor()),
        "addresses": queries.addresses_of(session, actor(), person),
        "factors": factors.factors_of(session, person.id),
        "here": sign_in.current().session_id,
        "provider": settings().provider,
        "issuer": settings().oidc_issuer,
        "identities": identities.identities_of(session, actor()),
        "sign_ins": [(row, device(row.user_agent)) for row in queries.sign_ins(session, actor())],
        "tokens": tokens.tokens_of(session, actor(), person),
        "sent": request.form if error else {},
        "least": passwords.MIN_PASSWORD,
        "errors": {error.field or "": error.sentence} if error else {},
    }
    body = render_template("people/me.html", **values)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}
    return body, error.status if error else 200, headers
