"""Views of invitations: created by leads and admins, accepted by the user with the link."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid, NotFound, TooMany, require_allowed
from wiki.i18n import gettext as _
from wiki.people import passwords
from wiki.people.signin import limiting, sign_in
from wiki.rules.access import may_administer
from wiki.rules.roles import Role, SiteRole
from wiki.spaces import invitations
from wiki.spaces.models import Invitation
from wiki.spaces.queries import see_space
from wiki.spaces.views import members_screen
from wiki.web.errors import flash
from wiki.web.public import public
from wiki.web.request import actor, reading, settings, writing
from wiki.web.urls import page_url, space_url

blueprint = Blueprint("invitations", __name__)


@blueprint.post("/<space:slug>/-/invitations")
def invite_into_space(slug: str) -> ResponseReturnValue:
    """Create an invitation into a space; only this response shows the link."""
    see_space(reading(), actor(), slug)
    try:
        with writing() as session:
            _, link = invitations.invite(
                session,
                actor(),
                settings(),
                invitations.Invited(
                    _site_role(),
                    request.form.get("email", "").strip(),
                    see_space(session, actor(), slug),
                    _role(),
                ),
            )
    except Invalid as error:
        return members_screen(see_space(reading(), actor(), slug), error)
    return members_screen(see_space(reading(), actor(), slug), link=link)


@blueprint.post("/<space:slug>/-/invitations/<int:invitation_id>/revoke")
def revoke_of_space(slug: str, invitation_id: int) -> ResponseReturnValue:
    """Revoke an invitation into a space."""
    with writing() as session:
        seen = see_space(session, actor(), slug)
        row = invitations.get_of_space(session, seen, invitation_id)
        invitations.revoke(session, actor(), row)
    flash(_("Invitation revoked. Its link no longer works."), "good")
    return redirect(space_url(slug, "members"), 303)


@blueprint.route("/-/admin/invitations", methods=["GET", "POST"])
def site() -> ResponseReturnValue:
    """Invite guests, members and admins, and list open invitations."""
    require_allowed(may_administer(actor()))
    error: Invalid | None = None
    link = ""
    if request.method == "POST":
        try:
            with writing() as session:
                _, link = invitations.invite(
                    session,
                    actor(),
                    settings(),
                    invitations.Invited(_site_role(), request.form.get("email", "").strip()),
                )
        except Invalid as refused:
            error = refused
    body = render_template(
        "admin/invitations.html",
        invitations=invitations.open_of_site(reading(), actor(), settings().open_domains),
        link=link,
        email="" if link else request.form.get("email", ""),
        site_role=request.form.get("site_role", SiteRole.MEMBER.value),
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200, {"Cache-Control": "no-store"} if link else {}


@blueprint.post("/-/admin/invitations/<int:invitation_id>/revoke")
def revoke_of_site(invitation_id: int) -> ResponseReturnValue:
    """Revoke any invitation."""
    with writing() as session:
        row = invitations.get_of_site(session, actor(), invitation_id)
        invitations.revoke(session, actor(), row)
    flash(_("Invitation revoked. Its link no longer works."), "good")
    return redirect("/-/admin/invitations", 303)


@blueprint.route("/-/register", methods=["GET", "POST"])
@public
def register() -> ResponseReturnValue:
    """Ask for an account with an address at an open domain. The response is the same whether or not
    the address has an account."""
    domains, email = settings().open_domains, request.form.get("email", "")
    if not domains:
        raise NotFound
    if not actor().is_anonymous:
        return redirect("/")
    error: Invalid | TooMany | None = None
    if request.method == "POST":
        counters = limiting.registration_counters(email.strip().lower(), request.remote_addr or "")
        try:
            limiting.refuse_if_spent(reading(), counters)
            with writing() as session:
                limiting.spend(session, counters)
                invitations.ask_for_account(session, settings(), email)
        except (Invalid, TooMany) as refused:
            error = refused
        else:
            return redirect("/-/register?asked=1", 303)
    body = render_template(
        "spaces/register.html",
        domains=domains,
        email=email,
        asked="asked" in request.args,
        error=error.sentence if error else "",
    )
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}
    return body, error.status if error else 200, headers


@blueprint.route("/-/invite/<token>", methods=["GET", "POST"])
@public
def accept(token: str) -> ResponseReturnValue:
    """Accept an invitation with a new account, or with the one that is signed in."""
    domains = settings().open_domains
    invitation = invitations.find_invitation(reading(), token, domains)
    if not actor().is_anonymous:
        return _accept_as_myself(token, invitation)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            newcomer = invitations.Newcomer(
                handle=request.form.get("handle", ""),
                name=request.form.get("name", ""),
                email=request.form.get("email", "").strip(),
                password_hash=passwords.hash_password(request.form.get("password", "")),
            )
            with writing() as session:
                person, used = invitations.accept_as_new(session, token, newcomer, domains)
                signed_in = sign_in.begin(session, person)
                url = _destination(used)
        except Invalid as refused:
            error = refused
        else:
            sign_in.enter(signed_in)
            flash(_("Welcome! Your account is ready, and you are signed in."), "good")
            return redirect(url, 303)
    sent = request.form
    body = render_template(
        "spaces/invite.html",
        invitation=invitation,
        role=_word(invitation),
        name=sent.get("name", ""),
        handle=sent.get("handle") or invitations.suggested_handle(reading(), invitation.email),
        email=sent.get("email", ""),
        least=passwords.MIN_PASSWORD,
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


def _accept_as_myself(token: str, invitation: Invitation) -> ResponseReturnValue:
    if request.method == "GET":
        return render_template(
            "spaces/invite_accept.html", invitation=invitation, role=_word(invitation)
        )
    with writing() as session:
        url = _destination(invitations.accept_as(session, actor(), token, settings().open_domains))
    flash(_("Invitation accepted."), "good")
    return redirect(url, 303)


def _destination(invitation: Invitation) -> str:
    return page_url(invitation.space.slug, "") if invitation.space else "/"


def _word(invitation: Invitation) -> str:
    return Role(invitation.role or 0).word


def _role() -> Role:
    try:
        return Role.named(request.form.get("role", ""))
    except KeyError:
        raise Invalid(_("This role doesn’t exist."), field="role") from None


def _site_role() -> SiteRole:
    role = request.form.get("site_role", SiteRole.GUEST.value)
    if role not in (SiteRole.GUEST, SiteRole.MEMBER, SiteRole.ADMIN):
        raise Invalid(_("This role doesn’t exist."), field="site_role")
    return SiteRole(role)
