"""Views of the administration of spaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wiki.errors import NotFound, require_allowed
from wiki.i18n import gettext as _
from wiki.people.models import Person
from wiki.rules.access import Actor, may_administer
from wiki.rules.roles import Role
from wiki.spaces.actions import take_lead
from wiki.spaces.gate import spaces_with
from wiki.spaces.members import leads_of, spaces_without_lead
from wiki.spaces.models import GroupRole, Membership, Space
from wiki.web.errors import flash
from wiki.web.paging import Slice, slice_of
from wiki.web.request import actor, reading, writing
from wiki.web.urls import page_url

blueprint = Blueprint("admin_spaces", __name__)


@blueprint.app_template_global()
def led_by_nobody_else(person: Person) -> Sequence[Space]:
    """Return the spaces that have no lead without this person, for their administration screen.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor()))
    return spaces_without_lead(reading(), person)


@blueprint.get("/-/admin/spaces")
def spaces() -> ResponseReturnValue:
    """List all spaces, including those whose pages the admin may not read."""
    found = list_all(reading(), actor(), after=request.args.get("after"))
    return render_template("admin/spaces.html", found=found, after=request.args.get("after"))


@blueprint.post("/-/admin/spaces/<space:slug>/lead")
def lead(slug: str) -> ResponseReturnValue:
    """Take the lead role in a space. Everybody who may see its events sees this one."""
    with writing() as session:
        require_allowed(may_administer(actor()))
        space = session.scalar(select(Space).where(Space.slug == slug))
        if space is None:
            raise NotFound
        take_lead(session, actor(), space)
    flash(_("You are now a lead of %(title)s. This was logged.", title=space.title), "good")
    return redirect(page_url(slug, ""), 303)


@dataclass(frozen=True)
class SpaceRow:
    """A space as the administration lists it: only its name and members, never its content."""

    space: Space
    members: int
    groups: int
    leads: Sequence[Person]
    mine: bool


def list_all(
    session: Session, actor: Actor, *, after: str | None = None, limit: int = 50
) -> Slice[SpaceRow]:
    """Return every space by slug.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    counts = [
        select(func.count()).where(given.space_id == Space.id).correlate(Space).scalar_subquery()
        for given in (Membership, GroupRole)
    ]
    found = slice_of(session, select(Space, *counts), (Space.slug,), after, limit)
    leads = leads_of(session, [space.id for space, *_ in found.rows])
    mine = set(session.scalars(spaces_with(actor, Role.LEAD)))
    rows = [
        SpaceRow(
            space,
            members,
            groups,
            leads.get(space.id, []),
            space.id in mine,
        )
        for space, members, groups, _ in found.rows
    ]
    return Slice(rows, found.after)
