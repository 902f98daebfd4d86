"""Views of who can see a page and why, and of its label and restrictions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from wiki.access import space_access
from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.pages.access import restrictions
from wiki.pages.access.access_log import is_logged, readers_of
from wiki.pages.access.label_policy import PlacesShowRestricted
from wiki.pages.access.restrictions import AccessList
from wiki.pages.models import Page
from wiki.pages.page_context import live_page, page_frame, place_at
from wiki.people.models import Group, Person
from wiki.rules.access import May, clearance_of, may_administer, may_see_groups
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.rules.words import ROLES
from wiki.spaces.audience import audience_of, list_audience
from wiki.spaces.queries import (
    SpaceAccess,
    list_group_roles,
    list_members,
    restrictions_of,
    see_scope,
)
from wiki.spaces.who import known_person
from wiki.web.errors import flash
from wiki.web.request import actor, reading, settings, writing
from wiki.web.urls import access_url, verb

blueprint = Blueprint("access", __name__)

INHERIT = "inherit"
"""The choice for a page without a label of its own."""


@verb(blueprint, "access")
def access(slug: str, path: str) -> ResponseReturnValue:
    """Show who can see the page and why, with forms to change that for users who may edit it.

    At a space's own address this is about the space; its home page has ``?of=page``.
    """
    if not path and request.args.get("of") != "page":
        return space_access.screen(place_at(slug, ""))
    return _screen(slug, path)


@verb(blueprint, "access", methods=["POST"], endpoint="change")
def change(slug: str, path: str) -> ResponseReturnValue:
    """Change the page's own label, or a list of those who may read or edit it."""
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)  # before anybody is looked up
    try:
        said = _changed(page)
    except Invalid as refused:
        return _screen(slug, path, refused)
    flash(said)
    return redirect(access_url(slug, page.path), 303)


def _changed(page: Page) -> str:
    form = request.form
    if "label" in form:
        try:
            label = Label.PUBLIC if form["label"] == INHERIT else Label.named(form["label"])
        except KeyError:
            raise Invalid(_("This label doesn’t exist."), field="label") from None
        if page.label == label:
            return _("Nothing was changed.")
        with writing() as session:
            changed = restrictions.set_label(session, actor(), page.id, label)
            return restrictions.label_said(session, changed.space, changed)
    which = request.form.get("restriction", type=int)
    if "lift" in form and which is not None:
        with writing() as session:
            restrictions.lift(session, actor(), page.id, which)
        return _("Restriction removed.")
    may = May.EDIT if form.get("may") == May.EDIT.value else May.READ
    with writing() as session:
        held = next(
            (one for one in restrictions.own_restrictions(session, page) if one.id == which), None
        )
        if which is not None and held is None:
            raise NotFound
        people = {person.id for person in held.people} if held else set()
        groups = {group.id for group in held.groups} if held else set()
        if form.get("take"):
            kind, _dash, id = form["take"].partition("-")
            (people if kind == "person" else groups).discard(int(id) if id.isdecimal() else 0)
        else:
            found = _named(form.get("who", ""))
            if isinstance(found, Group):
                groups.add(found.id)
            else:
                people.add(found.id)
            if held is None:
                people |= _oneself(page)
        restrictions.restrict(
            session, actor(), page.id, AccessList(may, people, groups), restriction_id=which
        )
    return _("List updated.")


def _oneself(page: Page) -> set[int]:
    """Return the actor's id for a new list, so that it does not exclude them; nothing for a lead,
    who is exempt."""
    me = actor()
    role = see_scope(reading(), me, page.space_id, page.scope_id).role
    return {me.person_id} if me.person_id is not None and role is not Role.LEAD else set()


def _named(typed: str) -> Person | Group:
    """Return the person or group to add to a list.

    :raises Invalid: if there is none with this name.
    """
    name = typed.strip().removeprefix("@").strip()
    if not name:
        raise Invalid(_("Enter a user name, an email address or the name of a group."), field="who")
    if may_see_groups(actor()):
        group = reading().scalar(select(Group).where(Group.handle == name.lower()))
        if group is not None:
            return group
    person = known_person(reading(), actor(), name)
    if person is None:
        raise Invalid(
            _("There is no person or group called “%(name)s”.", name=name[:60]), field="who"
        )
    return person


def _screen(slug: str, path: str, error: Invalid | None = None) -> ResponseReturnValue:
    session = reading()
    place = place_at(slug, path)
    page = live_page(place)
    seen = place.seen
    space_access.require_panel(seen)
    may = May.EDIT if request.args.get("may") == May.EDIT.value else May.READ
    after = request.args.get("after")
    found = list_audience(session, place.space, page.scope_id, may, after=after)
    held = restrictions_of(session, [page.scope_id] if page.scope_id else [])
    asked = request.args.get("person", "")
    facts = place.space.facts(Role.NONE)
    inherited_label, label_from = restrictions.inherited_label(session, place.space, page)
    own_label = Label(page.label)
    body = render_template(
        "access/access.html",
        **page_frame(place, page),
        label=seen.label,
        all_of=ROLES,
        own_label=own_label,
        inherited_label=inherited_label,
        label_from=label_from,
        label_choices=[INHERIT, *_labels_to_choose(own_label, inherited_label)],
        clearances={role: clearance_of(role, facts) for role in list(Role)[1:]},
        own=restrictions.own_restrictions(session, page),
        inherited=[one for one in held if one.page_id != page.id],
        audience=audience_of(session, place.space, page.scope_id, may),
        may=may,
        rows=found.rows,
        after=after,
        older=found.after,
        members=list_members(session, place.space),
        group_roles=list_group_roles(session, place.space),
        asked=asked,
        told=space_access.told(page.space, page.scope_id, asked, page_id=page.id) if asked else [],
        knows_groups=bool(may_see_groups(actor())),
        narrower=error if isinstance(error, PlacesShowRestricted) else None,
        errors={error.field or "": error.sentence} if error else {},
        typed=request.form.get("who", ""),
        **_reads(seen, page),
    )
    return body, error.status if error else 200


def _labels_to_choose(own: Label, inherited: Label) -> list[Label]:
    """Return the labels that can be chosen for a page: its present one, and those not below the
    inherited label, which would have no effect."""
    return [one for one in Label if one > Label.PUBLIC and (one >= inherited or one is own)]


def _reads(seen: SpaceAccess, page: Page) -> dict[str, Any]:
    """Return who read the page, for leads of the space and admins."""
    if not (seen.may(May.MANAGE) or may_administer(actor())):
        return {}
    since = settings().access_log_label
    return {
        "readers": readers_of(reading(), page),
        "logged": is_logged(seen),
        "logged_from": since.word if since is not None else "",
    }
