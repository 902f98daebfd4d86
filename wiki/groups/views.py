"""Views of groups: the list, one group with its people and uses, and changes by admins.

Guests and anonymous users get the same response as for an address that does not exist.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wiki.errors import Invalid, require_allowed
from wiki.groups import actions as grouping
from wiki.groups.usage import meaning_of, roles_of
from wiki.i18n import gettext as _
from wiki.people.groups import actions as groups
from wiki.people.groups import members as group_members
from wiki.people.models import Group, Person
from wiki.rules.access import may_administer
from wiki.spaces.who import find_who
from wiki.web.errors import flash
from wiki.web.public import public
from wiki.web.request import actor, reading, writing

blueprint = Blueprint("groups", __name__)


@blueprint.get("/-/groups")
@public
def index() -> ResponseReturnValue:
    """List all groups by name."""
    return _list("groups/groups.html")


@blueprint.route("/-/admin/groups", methods=["GET", "POST"])
def administration() -> ResponseReturnValue:
    """Create a group, and list all groups."""
    require_allowed(may_administer(actor()))
    error: Invalid | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                made = groups.create_group(
                    session,
                    actor(),
                    handle=request.form.get("handle", ""),
                    name=request.form.get("name", ""),
                    description=request.form.get("description", ""),
                )
        except Invalid as refused:
            error = refused
        else:
            flash(_("Group %(name)s created. Add people to it.", name=made.name), "good")
            return redirect(_url(made), 303)
    return _list("admin/groups.html", error)


@blueprint.get("/-/groups/<handle>")
@public
def group(handle: str) -> ResponseReturnValue:
    """Show a group's people, the groups inside and around it, and its uses."""
    found = groups.see_group(reading(), actor(), handle)
    if found.handle != handle:
        return redirect(_url(found), 301)
    return _screen(found)


@blueprint.route("/-/groups/<handle>/edit", methods=["GET", "POST"])
def edit(handle: str) -> ResponseReturnValue:
    """Change a group's name and description."""
    found = groups.see_group(reading(), actor(), handle)
    require_allowed(may_administer(actor()))
    error: Invalid | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                groups.change_group(
                    session,
                    actor(),
                    groups.see_group(session, actor(), handle),
                    name=request.form.get("name", ""),
                    description=request.form.get("description", ""),
                )
        except Invalid as refused:
            error = refused
        else:
            flash(_("Group saved."), "good")
            return redirect(_url(found), 303)
    body = render_template(
        "groups/group_edit.html",
        group=found,
        name=request.form.get("name", found.name),
        description=request.form.get("description", found.description),
        errors=_errors(error),
    )
    return body, error.status if error else 200


@blueprint.route("/-/groups/<handle>/delete", methods=["GET", "POST"])
def delete(handle: str) -> ResponseReturnValue:
    """Delete a group, after showing the consequences."""
    found = groups.see_group(reading(), actor(), handle)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                gone = groups.see_group(session, actor(), handle)
                grouping.delete_group(session, actor(), gone)
        except Invalid as refused:
            error = refused
        else:
            flash(
                _(
                    "Group %(name)s deleted. The accounts of its people aren’t affected.",
                    name=found.name,
                ),
                "good",
            )
            return redirect("/-/groups", 303)
    body = render_template(
        "groups/group_delete.html",
        group=found,
        people=group_members.count_people(reading(), [found.id])[found.id],
        wholes=groups.wholes_of(reading(), found),
        meaning=meaning_of(reading(), actor(), found),
        errors=_errors(error),
    )
    return body, error.status if error else 200


@blueprint.route("/-/groups/<handle>/leave", methods=["GET", "POST"])
def leave(handle: str) -> ResponseReturnValue:
    """Leave a group, after showing the consequences."""
    found = groups.see_group(reading(), actor(), handle)
    if not group_members.is_member(reading(), found, actor().person_id):
        flash(_("You’re not a direct member of %(name)s.", name=found.name))
        return redirect(_url(found), 303)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                own = session.get_one(Person, actor().person_id)
                left = groups.see_group(session, actor(), handle)
                grouping.set_member(session, actor(), left, own, member=False)
        except Invalid as refused:
            error = refused
        else:
            flash(_("You left %(name)s.", name=found.name), "good")
            return redirect(_url(found), 303)
    body = render_template(
        "groups/group_leave.html",
        group=found,
        wholes=groups.wholes_of(reading(), found),
        roles=roles_of(reading(), actor(), found),
        errors=_errors(error),
    )
    return body, error.status if error else 200


@blueprint.post("/-/groups/<handle>/put")
def put(handle: str) -> ResponseReturnValue:
    """Add a person or another group to a group."""
    return _move(handle, inside=True)


@blueprint.post("/-/groups/<handle>/take")
def take(handle: str) -> ResponseReturnValue:
    """Remove a person or another group from a group."""
    return _move(handle, inside=False)


def _move(handle: str, *, inside: bool) -> ResponseReturnValue:
    found = groups.see_group(reading(), actor(), handle)
    require_allowed(may_administer(actor()))
    try:
        with writing() as session:
            into = groups.see_group(session, actor(), handle)
            name = _moved(session, into, request.form.get("who", ""), inside=inside)
    except Invalid as refused:
        error = Invalid(refused.sentence, field="who")
        return _screen(groups.see_group(reading(), actor(), handle), error)
    flash(
        _("%(name)s was added to %(group)s.", name=name, group=found.name)
        if inside
        else _("%(name)s was removed from %(group)s.", name=name, group=found.name),
        "good",
    )
    return redirect(_url(found), 303)


def _moved(session: Session, into: Group, typed: str, *, inside: bool) -> str:
    who = find_who(session, actor(), typed, field="who")
    if who is None:
        raise Invalid(_("No person or group has that name, user name or address."), field="who")
    if isinstance(who, Group):
        grouping.set_part(session, actor(), into, who, inside=inside)
    else:
        grouping.set_member(session, actor(), into, who, member=inside)
    return who.name


def _screen(found: Group, error: Invalid | None = None) -> ResponseReturnValue:
    session = reading()
    after = request.args.get("after")
    body = render_template(
        "groups/group.html",
        group=found,
        people=group_members.count_people(session, [found.id])[found.id],
        within=group_members.people_within(session, found, after=after),
        first=not after,
        parts=groups.parts_of(session, found),
        wholes=groups.wholes_of(session, found),
        roles=roles_of(session, actor(), found),
        mine=group_members.is_member(session, found, actor().person_id),
        can_change=bool(may_administer(actor())),
        who=request.form.get("who", "") if error else "",
        errors=_errors(error),
    )
    return body, error.status if error else 200


def _list(template: str, error: Invalid | None = None) -> ResponseReturnValue:
    query, after = request.args.get("q", ""), request.args.get("after")
    body = render_template(
        template,
        found=groups.list_groups(reading(), actor(), query=query, after=after),
        query=query,
        first=not after,
        can_change=bool(may_administer(actor())),
        sent=request.form,
        errors=_errors(error),
    )
    return body, error.status if error else 200


def _url(group: Group) -> str:
    return f"/-/groups/{group.handle}"


def _errors(error: Invalid | None) -> dict[str, str]:
    return {error.field or "": error.sentence} if error else {}
