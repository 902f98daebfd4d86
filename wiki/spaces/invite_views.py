"""Views of invitations: created by leads and admins, accepted by the user with the link."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid, require_allowed
from wiki.people import actions as people
from wiki.people.signin import sign_in
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
                    request.form.get("email"),
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
    flash("Invitation revoked. Its link no longer works.", "good")
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
                    invitations.Invited(_site_role(), request.form.get("email")),
                )
        except Invalid as refused:
            error = refused
    body = render_template(
        "admin/invitations.html",
        invitations=invitations.open_of_site(reading(), actor()),
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
    flash("Invitation revoked. Its link no longer works.", "good")
    return redirect("/-/admin/invitations", 303)


@blueprint.route("/-/invite/<token>", methods=["GET", "POST"])
@public
def accept(token: str) -> ResponseReturnValue:
    """Accept an invitation with a new account, or with the one that is signed in."""
    invitation = invitations.find_invitation(reading(), token)
    if not actor().is_anonymous:
        return _accept_as_myself(token, invitation)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            hashed = people.hash_password(request.form.get("password", ""))
            with writing() as session:
                person, used = invitations.accept_as_new(
                    session,
                    token,
                    handle=request.form.get("handle", ""),
                    name=request.form.get("name", ""),
                    email=request.form.get("email"),
                    password_hash=hashed,
                )
                signed_in = sign_in.begin(session, person)
                url = _destination(used)
        except Invalid as refused:
            error = refused
        else:
            sign_in.enter(signed_in)
            flash("Welcome! Your account is ready, and you are signed in.", "good")
            return redirect(url, 303)
    sent = request.form
    body = render_template(
        "spaces/invite.html",
        invitation=invitation,
        role=_word(invitation),
        name=sent.get("name", ""),
        handle=sent.get("handle") or invitations.suggested_handle(reading(), invitation.email),
        email=sent.get("email", ""),
        least=people.MIN_PASSWORD,
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


def _accept_as_myself(token: str, invitation: Invitation) -> ResponseReturnValue:
    if request.method == "GET":
        return render_template(
            "spaces/invite_accept.html", invitation=invitation, role=_word(invitation)
        )
    with writing() as session:
        url = _destination(invitations.accept_as(session, actor(), token))
    flash("Invitation accepted.", "good")
    return redirect(url, 303)


def _destination(invitation: Invitation) -> str:
    return page_url(invitation.space.slug, "") if invitation.space else "/"


def _word(invitation: Invitation) -> str:
    return Role(invitation.role or 0).word


def _role() -> Role:
    try:
        return Role.named(request.form.get("role", ""))
    except KeyError:
        raise Invalid("This role doesn’t exist.", field="role") from None


def _site_role() -> SiteRole:
    role = request.form.get("site_role", SiteRole.GUEST.value)
    if role not in (SiteRole.GUEST, SiteRole.MEMBER, SiteRole.ADMIN):
        raise Invalid("This role doesn’t exist.", field="site_role")
    return SiteRole(role)
