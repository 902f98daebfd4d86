"""Views of signing in and out, password links, and the first admin."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, g, jsonify, redirect, render_template, request, url_for
from flask import session as cookie
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from wiki.disk import use_reserve
from wiki.errors import Invalid, TooMany
from wiki.outbox.actions import publish
from wiki.people import actions
from wiki.people.factors import passkeys
from wiki.people.factors import queries as factors
from wiki.people.factors.events import FactorRefused
from wiki.people.factors.passkeys import Purpose
from wiki.people.models import Person
from wiki.people.signin import limiting, pending, resets, second_factor, sign_in
from wiki.people.signin.events import SignedIn, SignedOut, SignInFailed
from wiki.rules.access import ANONYMOUS
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
WRONG = "Incorrect user name or password."
TOO_LATE = "That took too long or was already completed. Sign in again."
# Cookie key of the token of a sign-in that waits for its second factor.
PENDING = "pending"


@blueprint.record_once
def say_whether_passkeys_work(state: BlueprintSetupState) -> None:
    """Tell templates whether browsers allow passkeys for this site."""
    found = passkeys.party(state.app.extensions["wiki"].settings)
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
        return sign_in_page(url, begun=actions.has_admin(reading()))
    kept = carried(url)
    if "again" in request.form and kept and not actor().is_anonymous:
        return show_again(kept)  # signed in meanwhile, in another tab
    typed, answer = request.form.get("login", ""), request.form.get("passkey", "")
    try:
        if answer:
            return _enter(_sign_in_by_passkey(answer), url, kept)
        found = _sign_in(typed, request.form.get("password", ""))
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
        return _second_page(_pending_person(), url, kept)
    return _enter(found, url, kept)


@blueprint.route("/-/login/second", methods=["GET", "POST"])
@keeps_text(_login_again)
@public
def second() -> ResponseReturnValue:
    """Ask for the second factor of a user whose password was right."""
    url = destination(request.values.get("next"))
    kept, person = carried(url), _pending_person()
    if person is None or not factors.holds_factor(reading(), person.id):
        return sign_in_page(url, kept, error=TOO_LATE), 422
    if request.method == "GET":
        return _second_page(person, url)
    try:
        signed_in = _finish(person)
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
    person = _pending_person()
    if person is None:
        raise Invalid(TOO_LATE)
    return jsonify(second_factor.ask_passkey(Purpose.SECOND, person.id))


def _enter(signed_in: sign_in.SignedIn, url: str, kept: Kept | None = None) -> ResponseReturnValue:
    sign_in.enter(signed_in)
    if kept is None:
        return redirect(url, 303)
    flash("You’re signed in again. Your text is here, but it isn’t saved yet.", "warn")
    return show_again(kept)


def _sign_in(typed: str, password: str) -> sign_in.SignedIn | str | None:
    """Check a password and start a sign-in. Every step is the same for a name that does not exist.
    For a user with a second factor, return the token of a pending sign-in.

    :raises TooMany: if the limit is reached, even with the right password.
    """
    person = actions.find_person(reading(), typed)
    account = limiting.account_counter(person, actions.normal_login(typed))
    counters = [account, *limiting.address_counters(request.remote_addr or "")]
    limiting.refuse_if_spent(reading(), counters)
    with writing() as session:
        tries = limiting.spend(session, counters)[account.key]
    if not actions.check_password(person, password) or person is None:
        _note_failure(person, tries)
        return None
    signed_in = _begin(person, password, counters)
    if signed_in is None:
        _note_failure(person, tries)
    return signed_in


def _begin(
    person: Person, password: str, counters: list[limiting.Counter]
) -> sign_in.SignedIn | str | None:
    """Start the sign-in of a user whose password was right; return None if their account was
    disabled or their password changed meanwhile.

    :param counters: the counter of the account, which is reset, and those of the address, from
        which this attempt is subtracted.
    """
    renewed = actions.renewed_hash(person, password)
    with writing() as session:
        row = session.get_one(Person, person.id)
        if row.disabled_at is not None or row.password_hash != person.password_hash:
            return None
        if renewed is not None:
            row.password_hash = renewed
        limiting.give_back(session, counters[1:], forgotten=counters[:1])
        limiting.forget_past(session)
        if factors.holds_factor(session, row.id):
            return pending.open_pending(session, row)
        signed_in = sign_in.begin(session, row)
        publish(session, row.actor(), SignedIn(row.id))
    return signed_in


def _note_failure(person: Person | None, tries: int) -> None:
    """Record a failed sign-in: the first one with a name, and the last one before it has to wait.

    The timing does not depend on whether the name exists. The typed name is not recorded, because
    users also type their password there.
    """
    last = tries >= limiting.SIGN_IN_ACCOUNT.most
    if tries != 1 and not last:
        return
    with writing() as session:
        if not last:
            try:
                limiting.spend(session, limiting.failure_counters())
            except TooMany:
                return
        publish(session, ANONYMOUS, SignInFailed(person.id if person else None, tries))


def _sign_in_by_passkey(answer: str) -> sign_in.SignedIn:
    """Sign in the owner of a passkey that has verified them by finger, face or PIN: two factors in
    one.

    :raises Invalid: if the passkey is not accepted.
    :raises TooMany: after too many attempts from an address.
    """
    counters = limiting.address_counters(request.remote_addr or "")
    limiting.refuse_if_spent(reading(), counters)
    with writing() as session:
        limiting.spend(session, counters)
    used = second_factor.check_passkey(Purpose.SIGN_IN, None, answer)
    with writing() as session:
        person = session.get_one(Person, used.passkey.person_id)
        if person.disabled_at is not None:
            raise Invalid(passkeys.REFUSED)
        passkeys.note_use(session, used)
        limiting.give_back(session, counters)
        limiting.forget_past(session)
        signed_in = sign_in.begin(session, person)
        publish(session, person.actor(), SignedIn(person.id, "passkey"))
    return signed_in


def _finish(person: Person) -> sign_in.SignedIn | None:
    """Finish the sign-in with a second factor; return None if another request was faster or the
    account was disabled.

    :raises Invalid: if the factor is wrong.
    :raises TooMany: after too many guesses.
    """
    counters = limiting.factor_counters(person.id, request.remote_addr or "")
    limiting.refuse_if_spent(reading(), counters)
    with writing() as session:
        limiting.spend(session, counters)
    try:
        what = second_factor.given(Purpose.SECOND, person)
        with writing() as session:
            row = session.get_one(Person, person.id)
            if row.disabled_at is not None or not pending.use_pending(session, _token()):
                return None
            by = second_factor.use(session, row, what)
            limiting.give_back(session, counters[1:], forgotten=counters[:1])
            signed_in = sign_in.begin(session, row)
            publish(session, row.actor(), SignedIn(row.id, by))
    except Invalid:
        with writing() as session:
            publish(session, ANONYMOUS, FactorRefused(person.id))
        raise
    return signed_in


def _token() -> str:
    return str(cookie.get(PENDING, ""))


def _pending_person() -> Person | None:
    return pending.find_pending(reading(), _token())


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
        has_passkeys=bool(own.passkeys) and passkeys.party(settings()) is not None,
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
        error = "Enter your user name or email."
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
    """Choose a new password with a mailed link."""
    person = resets.person_of(reading(), token)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            hashed = actions.hash_password(request.form.get("password", ""))
        except Invalid as refused:
            error = refused
        else:
            with writing() as session:
                limiting.forget(session, [limiting.account_counter(person, "")])
                resets.use_link(session, settings(), token, hashed)
            sign_in.leave()
            flash("Your new password is set. Use it to sign in.", "good")
            return redirect("/-/login", 303)
    body = render_template(
        "people/reset.html", person=person, errors=_errors(error), least=actions.MIN_PASSWORD
    )
    return body, error.status if error else 200


@blueprint.route("/-/setup", methods=["GET", "POST"])
@public
def setup() -> ResponseReturnValue:
    """Make the first admin with the link that the terminal shows."""
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
            flash("Welcome. You’re the admin of this wiki. Create its first space.", "good")
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
