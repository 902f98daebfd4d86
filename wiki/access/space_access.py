"""The access panel of a space: who can see it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flask import render_template, request
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from wiki.errors import NotFound
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext, listed, ngettext
from wiki.pages.models import Page
from wiki.pages.page_context import frame
from wiki.pages.queries import Place, live_for
from wiki.people.models import Person
from wiki.rules.access import Actor, May, clearance_of, is_open, may_see_groups
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.rules.words import shown
from wiki.spaces.audience import count_by_role, list_audience
from wiki.spaces.members import Standing, standings_in
from wiki.spaces.models import Scope, ScopeRestriction, Space
from wiki.spaces.queries import ScopedPage, SpaceAccess, list_group_roles, see_space_by_id, why
from wiki.spaces.who import known_person
from wiki.web.request import actor, reading

ASKED = (May.READ, May.COMMENT, May.EDIT)


class Choice(StrEnum):
    """The choice of people to list."""

    READ = "read"
    EDIT = "edit"
    GUESTS = "guests"

    @property
    def may(self) -> May:
        """The permission of the listed people."""
        return May.EDIT if self is Choice.EDIT else May.READ


@dataclass(frozen=True)
class Bounded:
    """The number of pages of a space with a label, and how many of them have reading restrictions.

    Only pages that the actor may read are counted.
    """

    label: Label
    pages: int
    restricted: int


def require_panel(seen: SpaceAccess) -> None:
    """Check that the actor may know who else has access: members, and guests who can edit here.

    :raises NotFound: for other actors.
    """
    if not seen.actor.is_member and not seen.may(May.EDIT):
        raise NotFound


def screen(place: Place) -> str:
    """Render the panel."""
    session, me, space = reading(), actor(), place.space
    # Regardless of the label and restrictions of the page at the space's address.
    seen = see_space_by_id(session, me, space.id)
    require_panel(seen)
    try:
        choice = Choice(request.args.get("show", Choice.READ.value))
    except ValueError:
        choice = Choice.READ
    found = list_audience(
        session,
        space,
        None,
        choice.may,
        guests=choice is Choice.GUESTS,
        after=request.args.get("after"),
    )
    counts = count_by_role(session, space)
    facts = space.facts(Role.NONE)
    asked = request.args.get("person", "")
    return render_template(
        "access/space_access.html",
        **frame(seen, ""),
        label=Label(space.label),
        roles=[
            (role, clearance_of(role, facts), *counts.get(role, (0, 0)))
            for role in reversed(list(Role)[1:])
        ],
        is_open=is_open(facts),
        member_role=Role(space.member_role),
        people=sum(people for people, _guests in counts.values()),
        guests=sum(guests for _people, guests in counts.values()),
        group_roles=list_group_roles(session, space),
        bounded=_bounded(session, me, space),
        choice=choice,
        rows=standings_in(session, space, [person for person, _ in found.rows]),
        after=request.args.get("after"),
        older=found.after,
        asked=asked,
        told=told(space, None, asked) if asked else [],
        knows_groups=bool(may_see_groups(me)),
        has_home=place.page is not None,
        can_manage=bool(seen.may(May.MANAGE)),
    )


def told(
    space: Space, scope_id: int | None, asked: str, *, page_id: int | None = None
) -> list[tuple[bool, str]]:
    """Return the decisions for a person whom the user asks about: what they may do in a space or
    with a page of it, and why."""
    session = reading()
    person = known_person(session, actor(), asked)
    if person is None:
        return [(False, _("There is no one called “%(name)s”.", name=asked.strip()[:60]))]
    if person.disabled_at is not None:
        return [(False, _("%(name)s’s account is disabled.", name=person.name))]
    page = ScopedPage(scope_id, page_id)
    said = [why(session, person.actor(), space, may, page) for may in ASKED]
    answers = [
        (bool(one), _("%(deed)s: %(reason)s", deed=_DEEDS[may], reason=one.reason))
        for may, one in zip(ASKED, said, strict=True)
    ]
    if scope_id is None and said[0]:
        answers.append((True, _by_what(session, space, person)))
    return answers


_DEEDS = {
    May.READ: lazy_gettext("Reading"),
    May.COMMENT: lazy_gettext("Commenting"),
    May.EDIT: lazy_gettext("Editing"),
}


def _by_what(session: Session, space: Space, person: Person) -> str:
    """Return the origin of a person's role, and what the role may read."""
    (standing,) = standings_in(session, space, [person])
    facts = space.facts(Role.NONE)
    label = shown(clearance_of(standing.role, facts).word)
    if standing.role is Role.LEAD:
        reads = _("Leads can read everything.")
    elif standing.role:
        reads = _(
            "This role can read pages up to the label %(label)s, unless a page is restricted.",
            label=label,
        )
    else:
        reads = _(
            "Everyone can read pages up to the label %(label)s, unless a page is restricted.",
            label=label,
        )
    knows_groups = bool(may_see_groups(actor()))
    source = _("Role from: %(origin)s.", origin=origin(standing, knows_groups))
    return f"{source} {reads}"


def origin(standing: Standing, knows_groups: bool) -> str:
    """Return the origin of a person's role in a few words."""
    if not standing.role:
        return _("everyone, because the space is public")
    ways = [_("added directly")] if standing.alone else []
    if standing.groups and knows_groups:
        names = listed([group.name for group in standing.groups])
        ways.append(
            ngettext("group %(names)s", "groups %(names)s", len(standing.groups), names=names)
        )
    elif standing.groups:
        ways.append(_("a group"))
    return listed(ways) or _("all members of the organisation")


def _bounded(session: Session, actor: Actor, space: Space) -> list[Bounded]:
    """Count the pages by their effective label, lowest label first."""
    each = (
        select(
            func.coalesce(Scope.label, 0).label("label"),
            exists().where(ScopeRestriction.scope_id == Page.scope_id).label("held"),
        )
        .select_from(Page)
        .outerjoin(Scope, Scope.id == Page.scope_id)
        .where(Page.space_id == space.id, live_for(actor))
        .subquery()
    )
    rows = session.execute(
        select(each.c.label, each.c.held, func.count()).group_by(each.c.label, each.c.held)
    )
    pages: dict[Label, int] = {}
    restricted: dict[Label, int] = {}
    for own, is_held, number in rows:
        label = Label(max(own, space.label))
        pages[label] = pages.get(label, 0) + number
        restricted[label] = restricted.get(label, 0) + (number if is_held else 0)
    return [Bounded(label, pages[label], restricted[label]) for label in sorted(pages)]
