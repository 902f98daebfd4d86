"""Views of signing in through an OpenID provider, and of new accounts for its users."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, current_app, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from wiki.config import Settings
from wiki.errors import Ended, Forbidden, Invalid, NotFound, TooMany
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.actions import publish
from wiki.people import me
from wiki.people.factors import queries as factors
from wiki.people.oidc import identities, visits
from wiki.people.oidc.identities import CALLBACK
from wiki.people.oidc.visits import ProviderFailed, Stranger, Visit
from wiki.people.one_time import new_token
from wiki.people.signin import limiting, pending, reauthentication, sign_in
from wiki.people.signin.events import SignedIn
from wiki.people.signin.steps import PENDING
from wiki.people.signin.views import destination
from wiki.web.errors import flash
from wiki.web.public import public
from wiki.web.reauth_form import sign_in_page
from wiki.web.request import actor, finish_reading, reading, settings, writing

if TYPE_CHECKING:
    from wiki.people.oidc.provider import Provider

log = logging.getLogger(__name__)

blueprint = Blueprint("oidc", __name__)

DONE = "/-/login/oidc/done"
BROWSER = "browser"
LATE = lazy_gettext(
    "That sign-in was started in another browser, was already used or is older than 10 "
    "minutes. Sign in again."
)
NO_STORE = {"Cache-Control": "no-store"}


def connect(app: Flask, settings: Settings) -> None:
    """Give the app the provider, if the settings name one."""
    app.extensions["wiki.provider"] = None
    if settings.oidc_issuer:
        # Imported only if needed: cryptography and an HTTP client take a moment to load.
        from wiki.people.oidc.provider import Provider

        app.extensions["wiki.provider"] = Provider(settings)


@blueprint.post("/-/login/oidc")
@public
def start() -> ResponseReturnValue:
    """Send the user to the provider."""
    _provider()
    # Unsaved text stays in this tab, so the sign-in happens in another one.
    url = DONE if "kept" in request.form else destination(request.form.get("next"))
    try:
        return _leave(visits.new_visit(url), anew="anew" in request.form)
    except ProviderFailed as error:
        return _failed(_unreachable(error), url)
    except TooMany as error:
        body = sign_in_page(url, error=error.sentence)
        return body, error.status, {"Retry-After": str(error.retry_after)}


@blueprint.get(CALLBACK)
@public
def callback() -> ResponseReturnValue:
    """Handle the return from the provider."""
    provider = _provider()
    here = None if actor().is_anonymous else sign_in.current().session_id
    with writing() as session:
        visit = visits.end_visit(session, request.args.get("state", ""), cookie.get(BROWSER, ""))
    if visit is None:
        return redirect("/", 303) if here is not None else _failed(LATE, "/")
    if visit.session_id is not None and visit.session_id != here:
        return _failed(LATE, visit.next_url)
    if "error" in request.args:
        return _failed(_refusal(request.args["error"]), visit.next_url)
    finish_reading()  # no open transaction while the provider is asked
    try:
        stranger = provider.who_came(request.args.to_dict(), visit.nonce, visit.verifier)
    except ProviderFailed as error:
        log.warning("a sign-in by the OpenID provider failed: %s", error)
        sentence = _(
            "The sign-in information from %(provider)s couldn’t be verified. Try again.",
            provider=settings().provider,
        )
        return _failed(sentence, visit.next_url)
    if visit.session_id is not None:
        return _link_mine(stranger, visit.next_url)
    return _come_in(stranger, visit.next_url)


@blueprint.get(DONE)
@public
def done() -> ResponseReturnValue:
    """Show that the sign-in is done, in a tab beside the one with the text."""
    return render_template("people/oidc_done.html")


@blueprint.route("/-/login/oidc/new", methods=["GET", "POST"])
@public
def newcomer() -> ResponseReturnValue:
    """Create an account for a user of the provider who has none here."""
    _provider()
    key, browser = request.values.get("key", ""), cookie.get(BROWSER, "")
    found = visits.recall(reading(), settings(), key, browser) if browser else None
    if found is None:
        return _failed(LATE, "/")
    stranger, url = found
    error: Invalid | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                if visits.recall(session, settings(), key, browser, last=True) is None:
                    raise Ended(LATE)
                person = identities.join(
                    session,
                    settings(),
                    stranger,
                    handle=request.form.get("handle", ""),
                    name=request.form.get("name", ""),
                )
                signed_in = sign_in.begin(session, person)
                publish(session, person.actor(), SignedIn(person.id))
        except Invalid as refused:
            error = refused
        else:
            sign_in.enter(signed_in)
            flash(
                _(
                    "Welcome, %(name)s. You now sign in with %(provider)s.",
                    name=person.name,
                    provider=settings().provider,
                ),
                "good",
            )
            return redirect(url, 303)
    body = render_template(
        "people/oidc_new.html",
        provider=settings().provider,
        stranger=stranger,
        key=key,
        sent=request.form or {"name": stranger.name, "handle": _suggested(stranger)},
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200, NO_STORE


@blueprint.route("/-/me/identities/<key>", methods=["GET", "POST"])
def link_found(key: str) -> ResponseReturnValue:
    """Link an identity with the account that has proven the same address."""
    _provider()
    found = visits.recall(reading(), settings(), key)
    if found is None:
        raise Ended(LATE)
    stranger, url = found
    if not identities.is_same(me.myself(reading()), stranger):
        raise Forbidden(
            _(
                "That address belongs to a different account than the one you’re signed in to. "
                "Sign out, then sign in to that account."
            )
        )
    if request.method == "GET":
        person = me.myself(reading())
        return render_template(
            "people/oidc_link.html", provider=settings().provider, stranger=stranger, person=person
        )
    asked = reauthentication.ask()
    if asked is not None:
        return asked
    with writing() as session:
        if visits.recall(session, settings(), key, last=True) is None:
            raise Ended(LATE)
        identities.link(session, settings(), actor(), me.myself(session), stranger)
    flash(_("You can now sign in with %(provider)s.", provider=settings().provider), "good")
    return redirect(url, 303)


@blueprint.post("/-/me/identities")
def link_more() -> ResponseReturnValue:
    """Send the user to the provider to link their account with their identity there."""
    _provider()
    asked = reauthentication.ask()
    if asked is not None:
        return asked
    try:
        return _leave(visits.new_visit("/-/me#identities", sign_in.current().session_id))
    except (Invalid, TooMany) as error:
        return me.screen(error)
    except ProviderFailed as error:
        return _failed(_unreachable(error), "/-/me#identities")


@blueprint.post("/-/me/identities/<int:identity_id>/unlink")
@reauthentication.confirm_first
def unlink(identity_id: int) -> ResponseReturnValue:
    """Unlink an identity from the account."""
    try:
        with writing() as session:
            identities.unlink(session, settings(), actor(), identity_id)
    except Invalid as error:
        return me.screen(error)
    flash(_("The account was unlinked and can no longer be used to sign in."), "good")
    return redirect("/-/me#identities", 303)


def _provider() -> Provider:
    found: Provider | None = current_app.extensions["wiki.provider"]
    if found is None:
        raise NotFound
    return found


def _leave(visit: Visit, *, anew: bool = False) -> ResponseReturnValue:
    """Show a screen that forwards to the provider. A redirect would not work: the Content Security
    Policy restricts the targets of forms to this wiki."""
    counters = limiting.provider_counters(request.remote_addr or "")
    limiting.refuse_if_spent(reading(), counters)
    finish_reading()
    address = _provider().way_there(visit.key, visit.nonce, visit.verifier, anew=anew)
    if BROWSER not in cookie:
        cookie[BROWSER] = new_token()
    with writing() as session:
        limiting.spend(session, counters)
        visits.begin_visit(session, visit, cookie[BROWSER])
    body = render_template("people/oidc_leave.html", provider=settings().provider, address=address)
    return body, 200, {**NO_STORE, "Refresh": f"0; url={address}"}


def _come_in(stranger: Stranger, url: str) -> ResponseReturnValue:
    """Sign the user in, or redirect an unknown one to the possible next step."""
    provider, key = settings().provider, ""
    waits = ""
    with writing() as session:
        person = identities.person_of(session, stranger)
        if person is not None and person.disabled_at is None:
            if factors.holds_factor(session, person.id):
                waits = pending.open_pending(session, person)
            else:
                signed_in = sign_in.begin(session, person)
                publish(session, person.actor(), SignedIn(person.id))
        same = identities.owner_of(session, stranger.email, proven=True)
        taken = identities.owner_of(session, stranger.email, proven=False)
        if person is None and same is not None:
            key = visits.remember(session, stranger, url)
        elif person is None and taken is None and identities.may_join(settings(), stranger):
            key = visits.remember(session, stranger, url, cookie[BROWSER])
    if waits:
        cookie[PENDING] = waits
        return redirect(url_for("people.second", next=url), 303)
    if person is not None and person.disabled_at is None:
        sign_in.enter(signed_in)
        return redirect(url, 303)
    if person is not None:
        return _failed(_("Your account is disabled. Ask an admin to enable it."), url)
    if same is not None:
        if actor().is_anonymous:
            flash(
                _(
                    "An account here already uses %(email)s. Sign in with its password once "
                    "to link it with %(provider)s.",
                    email=stranger.email,
                    provider=provider,
                ),
                "note",
            )
        return redirect(url_for("oidc.link_found", key=key), 303)
    if key:
        return redirect(url_for("oidc.newcomer", key=key), 303)
    if identities.may_join(settings(), stranger):
        return _failed(
            _(
                "An account here uses %(email)s, but the address isn’t verified. Sign in with "
                "its password and link %(provider)s under Your account.",
                email=stranger.email,
                provider=provider,
            ),
            url,
        )
    return _failed(
        _(
            "Your %(provider)s account isn’t linked to an account here. If you have one, sign in "
            "with its password and link it under Your account. Otherwise, ask for an invitation.",
            provider=provider,
        ),
        url,
    )


def _link_mine(stranger: Stranger, url: str) -> ResponseReturnValue:
    """Link the identity with the account that began the visit."""
    try:
        with writing() as session:
            identities.link(session, settings(), actor(), me.myself(session), stranger)
    except Invalid as error:
        return _failed(error.sentence, url)
    flash(_("You can now sign in with %(provider)s.", provider=settings().provider), "good")
    return redirect(url, 303)


def _failed(sentence: str, url: str) -> ResponseReturnValue:
    """Show an error and return to the sign-in form, or for a signed-in user to where they were."""
    flash(sentence, "problem")
    if not actor().is_anonymous:
        return redirect(url, 303)
    return redirect(url_for("people.login", next=destination(url)), 303)


def _unreachable(error: ProviderFailed) -> str:
    log.warning("the OpenID provider cannot be used: %s", error)
    return _(
        "%(provider)s can’t be reached at the moment. Try again in a minute.",
        provider=settings().provider,
    )


def _refusal(code: str) -> str:
    provider = settings().provider
    if code == "access_denied":
        return _(
            "You weren’t signed in: the sign-in at %(provider)s was cancelled or refused.",
            provider=provider,
        )
    known = code if re.fullmatch(r"[a-z_]{1,40}", code) else "an error"
    log.warning("the OpenID provider answers with %s", known)
    return _("%(provider)s couldn’t sign you in. Try again.", provider=provider)


def _suggested(stranger: Stranger) -> str:
    """Suggest a user name from what the provider knows."""
    for name in (stranger.handle, (stranger.email or "").partition("@")[0]):
        handle = re.sub(r"[^a-z0-9._-]+", "", name.partition("@")[0].lower()).lstrip("._-")[:60]
        if handle:
            return handle
    return ""
