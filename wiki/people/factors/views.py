"""Views of a user's own second factors: authenticator apps, passkeys, recovery codes."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wiki.errors import Invalid, TooMany
from wiki.i18n import gettext as _
from wiki.people.factors import authenticators, challenges, passkeys
from wiki.people.factors import queries as factors
from wiki.people.factors.challenges import Purpose
from wiki.people.factors.mfa_policy import must_have_factor
from wiki.people.factors.models import Authenticator, Passkey
from wiki.people.models import Person
from wiki.people.signin import limiting, second_factor, sign_in
from wiki.people.signin.devices import device
from wiki.people.signin.reauthentication import confirm_first
from wiki.web.errors import flash
from wiki.web.request import actor, reading, settings, writing
from wiki.web.urls import local_url

blueprint = Blueprint("security", __name__, url_prefix="/-/me/security")

# Cookie key of the page that a user wanted before they had to set up a factor.
WANTED = "wanted"
HERE = "/-/me/security"


@blueprint.get("")
def screen() -> ResponseReturnValue:
    """Show the user's factors and the ways to add one."""
    if "next" in request.args:
        cookie[WANTED] = local_url(request.args["next"])
        return redirect(HERE)
    return _screen()


@blueprint.post("/authenticators")
@confirm_first
def begin() -> ResponseReturnValue:
    """Begin to set up an authenticator app."""
    try:
        with writing() as session:
            row = authenticators.begin_authenticator(
                session,
                actor(),
                settings(),
                _myself(session),
                name=request.form.get("factor_name", ""),
            )
    except Invalid as error:
        return _screen(error)
    return redirect(f"{HERE}/authenticators/{row.id}", 303)


@blueprint.route("/authenticators/<int:id>", methods=["GET", "POST"])
@confirm_first
def authenticator(id: int) -> ResponseReturnValue:
    """Show an authenticator's secret until a code has proven it; after that, its name."""
    mine = factors.factors_of(reading(), actor().person_id or 0).authenticators
    proven = next((one for one in mine if one.id == id), None)
    if proven is not None:
        return _factor("authenticators", proven)
    row = authenticators.unproven(reading(), actor(), id)
    if request.method == "GET":
        return _setting_up(id)
    counters = limiting.factor_counters(row.person_id, request.remote_addr or "")
    try:
        with writing() as session:
            limiting.spend(session, counters)
        with writing() as session:
            codes = authenticators.prove_authenticator(
                session,
                actor(),
                settings(),
                _myself(session),
                id,
                request.form.get("code", ""),
            )
            limiting.give_back(session, counters[1:], forgotten=counters[:1])
    except (Invalid, TooMany) as error:
        return _setting_up(id, error)
    return _added(_("“%(name)s” was added as a second factor.", name=row.name), codes)


@blueprint.get("/authenticators/<int:id>/code.svg")
@confirm_first
def picture(id: int) -> ResponseReturnValue:
    """Serve the QR code of an authenticator that is being set up."""
    row = authenticators.unproven(reading(), actor(), id)
    address = authenticators.address_of(settings(), _myself(reading()), row)
    svg = authenticators.picture_of(address)
    return Response(svg, mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})


@blueprint.get("/passkeys/new")
@confirm_first
def new_passkey() -> ResponseReturnValue:
    """Show the screen on which the browser creates a passkey."""
    return _new_passkey()


@blueprint.post("/passkeys/options")
@confirm_first
def passkey_options() -> ResponseReturnValue:
    """Return the options for the browser to create a passkey."""
    with writing() as session:
        challenge = challenges.new_challenge(session, Purpose.ADD, actor().person_id)
    cookie[second_factor.CHALLENGE] = challenge
    return jsonify(passkeys.options_to_add(reading(), settings(), _myself(reading()), challenge))


@blueprint.post("/passkeys")
@confirm_first
def add_passkey() -> ResponseReturnValue:
    """Add the passkey that the browser created."""
    try:
        answer = request.form.get("passkey", "")
        challenge = second_factor.take_challenge(Purpose.ADD, actor().person_id)
        with writing() as session:
            row, codes = passkeys.add_passkey(
                session,
                actor(),
                settings(),
                _myself(session),
                challenges.SignedChallenge(challenge, answer),
                name=request.form.get("factor_name", ""),
            )
    except Invalid as error:
        return _new_passkey(error)
    return _added(_("“%(name)s” was added as a second factor.", name=row.name), codes)


@blueprint.get("/passkeys/<int:id>")
def passkey(id: int) -> ResponseReturnValue:
    """Show one passkey, with forms to rename and remove it."""
    return _factor("passkeys", factors.own_factor(reading(), actor(), "passkey", id))


@blueprint.post("/<any(authenticators, passkeys):kind>/<int:id>/rename")
def rename(kind: str, id: int) -> ResponseReturnValue:
    """Rename a factor."""
    name = request.form.get("factor_name", "")
    try:
        with writing() as session:
            name = factors.rename_factor(session, actor(), _singular(kind), id, name).name
    except Invalid as error:
        return _factor(kind, factors.own_factor(reading(), actor(), _singular(kind), id), error)
    flash(_("Renamed to “%(name)s”.", name=name), "good")
    return redirect(HERE, 303)


@blueprint.post("/<any(authenticators, passkeys):kind>/<int:id>/remove")
@confirm_first
def remove(kind: str, id: int) -> ResponseReturnValue:
    """Remove a factor."""
    try:
        with writing() as session:
            me = _myself(session)
            row = factors.remove_factor(session, actor(), settings(), me, _singular(kind), id)
            name = row.name
    except Invalid as error:
        return _screen(error)
    flash(_("“%(name)s” was removed from your second factors.", name=name), "good")
    return redirect(HERE, 303)


def _singular(kind: str) -> str:
    """Return the name of a kind of factor for its plural in a URL."""
    return kind.removesuffix("s")


@blueprint.post("/recovery-codes")
@confirm_first
def renew_codes() -> ResponseReturnValue:
    """Replace the recovery codes; only this response shows the new ones."""
    try:
        with writing() as session:
            codes = factors.renew_codes(session, actor(), settings(), _myself(session))
    except Invalid as error:
        return _screen(error)
    return _codes(_("Your previous recovery codes no longer work."), codes)


@blueprint.post("/recovery-codes/file")
def codes_file() -> ResponseReturnValue:
    """Serve the codes on the screen as a file. The form sends them, since only hashes are
    stored."""
    codes = request.form.get("codes", "").split()
    if not factors.are_codes(codes):
        raise Invalid(_("These aren’t recovery codes."))
    first = _(
        "Recovery codes of %(handle)s for %(site)s. Each code works once.",
        handle=actor().handle,
        site=settings().site_name,
    )
    headers = {
        "Content-Disposition": 'attachment; filename="recovery-codes.txt"',
        "Cache-Control": "no-store",
    }
    body = "\n".join([first, "", *codes, ""])
    return Response(body, mimetype="text/plain", headers=headers)


def _factor(
    kind: str, factor: Authenticator | Passkey, error: Invalid | None = None
) -> ResponseReturnValue:
    body = render_template(
        "people/factor.html",
        kind=kind,
        factor=factor,
        name=request.form.get("factor_name", factor.name),
        errors=_errors(error),
    )
    return body, error.status if error else 200


def _added(sentence: str, codes: list[str]) -> ResponseReturnValue:
    if codes:
        return _codes(sentence, codes)
    flash(sentence, "good")
    return redirect(cookie.pop(WANTED, HERE), 303)


def _codes(sentence: str, codes: list[str]) -> ResponseReturnValue:
    body = render_template(
        "people/codes.html", sentence=sentence, codes=codes, next=cookie.pop(WANTED, HERE)
    )
    return body, 200, {"Cache-Control": "no-store"}


def _screen(error: Invalid | None = None) -> ResponseReturnValue:
    person = _myself(reading())
    body = render_template(
        "people/security.html",
        factors=factors.factors_of(reading(), person.id),
        must_have=must_have_factor(reading(), person),
        name=request.form.get("factor_name", ""),
        most=factors.CODES,
        possible=challenges.party(settings()) is not None,
        errors=_errors(error),
    )
    return body, error.status if error else 200


def _setting_up(id: int, error: Invalid | TooMany | None = None) -> ResponseReturnValue:
    row = authenticators.unproven(reading(), actor(), id)
    secret = authenticators.secret_of(settings(), row)
    body = render_template(
        "people/authenticator.html",
        factor=row,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        address=authenticators.address_of(settings(), _myself(reading()), row),
        errors=_errors(error),
    )
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after)
    return body, error.status if error else 200, headers


def _new_passkey(error: Invalid | None = None) -> ResponseReturnValue:
    body = render_template(
        "people/passkey.html",
        name=request.form.get("factor_name") or device(request.user_agent.string),
        possible=challenges.party(settings()) is not None,
        errors=_errors(error),
    )
    return body, error.status if error else 200


def _errors(error: Invalid | TooMany | None) -> dict[str, str]:
    if error is None:
        return {}
    return {error.field or ("code" if isinstance(error, TooMany) else ""): error.sentence}


def _myself(session: Session) -> Person:
    return session.get_one(Person, sign_in.current().actor.person_id)
