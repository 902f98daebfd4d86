"""Views of requests for access: asking, and for leads the list, granting and declining."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Forbidden, Invalid
from wiki.i18n import gettext as _
from wiki.requests import actions, queries
from wiki.rules.roles import Role
from wiki.spaces.queries import see_space
from wiki.web.errors import flash
from wiki.web.request import actor, reading, settings, writing
from wiki.web.urls import space_url

blueprint = Blueprint("requests", __name__)

SENT = "/-/request-access/sent"


@blueprint.app_template_global()
def requestable(address: str) -> bool:
    """Return whether the user is offered to request access to an address. It depends on the form of
    the address and on the user alone."""
    return actor().is_member and actions.place_named(address) is not None


@blueprint.get("/-/request-access")
def form() -> ResponseReturnValue:
    """Show the form that requests access to an address."""
    address = request.args.get("at", "")
    if not actor().is_member:
        raise Forbidden(_("Only members of the organisation can request access."))
    if actions.place_named(address) is None:
        return _form_screen(address, Invalid(_("This isn’t the address of a page or space.")))
    return _form_screen(address)


@blueprint.post("/-/request-access")
def ask() -> ResponseReturnValue:
    """Request access to an address."""
    address = request.values.get("at", "")
    try:
        with writing() as session:
            actions.ask(session, actor(), address, request.form.get("message", ""))
    except Invalid as error:
        return _form_screen(address, error)
    # No message on the next screen: it would make the answer to another request differ.
    return redirect(SENT, 303)


@blueprint.get(SENT)
def sent() -> ResponseReturnValue:
    """Say that a request was sent."""
    return render_template("requests/sent.html")


def _form_screen(address: str, error: Invalid | None = None) -> ResponseReturnValue:
    place = actions.place_named(address)
    body = render_template(
        "requests/form.html",
        address=address if place else "",
        known=place and queries.known_at(reading(), actor(), place[0]),
        message=request.form.get("message", ""),
        longest=actions.LONGEST_MESSAGE,
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


@blueprint.get("/<space:slug>/-/requests")
def waiting(slug: str) -> ResponseReturnValue:
    """List the requests for access to a space, for its leads."""
    return _list_screen(slug)


@blueprint.post("/<space:slug>/-/requests")
def decide(slug: str) -> ResponseReturnValue:
    """Grant or decline a request for access."""
    number = request.form.get("request", 0, type=int)
    try:
        with writing() as session:
            seen = see_space(session, actor(), slug)
            if "decline" in request.form:
                person = actions.decline(session, seen, number)
                told = _("You declined the request. %(name)s isn’t notified.", name=person.name)
            else:
                role = _role(request.form.get("role", ""))
                person = actions.grant(session, settings(), seen, number, role)
                told = _(
                    "%(name)s now has access to %(space)s.",
                    name=person.name,
                    space=seen.space.title,
                )
    except Invalid as error:
        return _list_screen(slug, error)
    flash(told)
    return redirect(space_url(slug, "requests"), 303)


def _list_screen(slug: str, error: Invalid | None = None) -> ResponseReturnValue:
    seen = see_space(reading(), actor(), slug)
    body = render_template(
        "requests/list.html",
        space=seen.space,
        seen=seen,
        waiting=queries.list_waiting(reading(), seen),
        roles=actions.ROLES,
        days=actions.KEPT.days,
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


def _role(word: str) -> Role:
    try:
        return Role.named(word)
    except KeyError:
        return Role.NONE
