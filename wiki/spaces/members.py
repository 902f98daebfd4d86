"""Roles of people in spaces and their origin: given to them, to a group, or to every member."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, CompoundSelect, exists, func, or_, select, union
from sqlalchemy.orm import Session

from wiki.people.groups.members import count_people
from wiki.people.models import Group, GroupPerson, Person
from wiki.people.queries import BY_NAME, can_sign_in
from wiki.rules.access import Actor, May, may_see_groups, own_role
from wiki.rules.roles import Role
from wiki.spaces.gate import granted
from wiki.spaces.models import GroupRole, Membership, Space
from wiki.spaces.queries import SpaceAccess, list_group_roles
from wiki.web.paging import Slice, slice_of

ROWS = 50
SOME = 6
"""The number of leads of a space that are named."""


def role_given(session: Session, space: Space, person_id: int) -> Role:
    """Return the highest role that a person was given in a space, directly or through groups."""
    alone, in_groups = session.execute(select(*granted(space.id, person_id))).one()
    return Role(max(alone, in_groups))


def is_led(
    session: Session,
    space: Space,
    *,
    without: Person | None = None,
    without_group: Group | None = None,
) -> bool:
    """Return whether anybody who can sign in leads the space.

    :param without: ignore the role given to this person directly.
    :param without_group: ignore the role of this group.
    """
    alone = exists().where(
        Membership.space_id == space.id,
        Membership.role == int(Role.LEAD),
        Membership.person_id == Person.id,
        Membership.person_id != (without.id if without else 0),
    )
    in_group = exists().where(
        GroupRole.space_id == space.id,
        GroupRole.role == int(Role.LEAD),
        GroupRole.group_id != (without_group.id if without_group else 0),
        GroupPerson.group_id == GroupRole.group_id,
        GroupPerson.person_id == Person.id,
    )
    found = select(Person.id).where(can_sign_in(), or_(alone, in_group)).limit(1)
    return session.scalar(found) is not None


def led_among(session: Session, space_ids: Iterable[int]) -> set[int]:
    """Return those of these spaces that have a lead who can sign in."""
    return set(session.scalars(_led(list(space_ids))))


def _led(ids: list[int]) -> CompoundSelect[int]:
    alone = (
        select(Membership.space_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.space_id.in_(ids), Membership.role == int(Role.LEAD), can_sign_in())
    )
    in_group = (
        select(GroupRole.space_id)
        .join(GroupPerson, GroupPerson.group_id == GroupRole.group_id)
        .join(Person, Person.id == GroupPerson.person_id)
        .where(GroupRole.space_id.in_(ids), GroupRole.role == int(Role.LEAD), can_sign_in())
    )
    return union(alone, in_group)


def spaces_without_lead(session: Session, person: Person) -> list[Space]:
    """Return the spaces, by title, that this person leads and nobody else who can sign in does.
    They have no lead while the person's account is disabled."""
    mine = union(
        select(Membership.space_id).where(
            Membership.person_id == person.id, Membership.role == int(Role.LEAD)
        ),
        select(GroupRole.space_id)
        .join(GroupPerson, GroupPerson.group_id == GroupRole.group_id)
        .where(GroupPerson.person_id == person.id, GroupRole.role == int(Role.LEAD)),
    ).subquery()
    others = can_sign_in() & (Person.id != person.id)
    alone = exists().where(
        Membership.space_id == Space.id,
        Membership.role == int(Role.LEAD),
        Membership.person_id == Person.id,
        others,
    )
    in_group = exists().where(
        GroupRole.space_id == Space.id,
        GroupRole.role == int(Role.LEAD),
        GroupPerson.group_id == GroupRole.group_id,
        GroupPerson.person_id == Person.id,
        others,
    )
    found = select(Space).where(Space.id.in_(select(mine.c.space_id)), ~alone, ~in_group)
    return list(session.scalars(found.order_by(func.lower(Space.title), Space.id)))


def leads_of(session: Session, space_ids: Iterable[int]) -> dict[int, list[Person]]:
    """Return the first few leads of each of these spaces, direct or through groups, by name;
    service accounts after people, and disabled accounts last."""
    ids, lead = list(space_ids), int(Role.LEAD)
    leading = union(
        select(Membership.space_id, Membership.person_id).where(
            Membership.space_id.in_(ids), Membership.role == lead
        ),
        select(GroupRole.space_id, GroupPerson.person_id)
        .join(GroupPerson, GroupPerson.group_id == GroupRole.group_id)
        .where(GroupRole.space_id.in_(ids), GroupRole.role == lead),
    ).subquery()
    last = (Person.disabled_at.is_not(None), Person.service_at.is_not(None))
    order = (*last, func.lower(Person.name), Person.id)
    place = func.row_number().over(partition_by=leading.c.space_id, order_by=order)
    numbered = (
        select(leading.c.space_id, leading.c.person_id, place.label("place"))
        .join(Person, Person.id == leading.c.person_id)
        .subquery()
    )
    leads: dict[int, list[Person]] = {}
    for space_id, person in session.execute(
        select(numbered.c.space_id, Person)
        .join(Person, Person.id == numbered.c.person_id)
        .where(numbered.c.place <= SOME)
        .order_by(numbered.c.place)
    ):
        leads.setdefault(space_id, []).append(person)
    return leads


def shares_a_space_with(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a ``Person`` and the actor were given roles in the same space."""
    mine = union(
        select(Membership.space_id).where(Membership.person_id == actor.person_id),
        select(GroupRole.space_id)
        .join(GroupPerson, GroupPerson.group_id == GroupRole.group_id)
        .where(GroupPerson.person_id == actor.person_id),
    ).subquery()
    alone = select(Membership.person_id).join(mine, mine.c.space_id == Membership.space_id)
    return or_(
        Person.id.in_(alone),
        Person.id.in_(
            select(GroupPerson.person_id)
            .join(GroupRole, GroupRole.group_id == GroupPerson.group_id)
            .join(mine, mine.c.space_id == GroupRole.space_id)
        ),
    )


@dataclass(frozen=True)
class GroupGiven:
    """A role that a group was given in a space, and the number of people who have it through the
    group."""

    group: Group
    role: Role
    people: int


def list_groups_given(session: Session, seen: SpaceAccess) -> list[GroupGiven]:
    """Return the groups with a role in the space, highest role first; none if the actor may not see
    groups."""
    if not may_see_groups(seen.actor):
        return []
    rows = list_group_roles(session, seen.space)
    people = count_people(session, [row.group_id for row in rows])
    return [GroupGiven(row.group, Role(row.role), people[row.group_id]) for row in rows]


@dataclass(frozen=True)
class Standing:
    """A person's role in a space and its origin: given to them directly (``alone``), the role of
    these ``groups``, or otherwise that of every member of the organisation."""

    person: Person
    role: Role
    alone: bool
    groups: tuple[Group, ...]


def standings(session: Session, seen: SpaceAccess, people: Iterable[Person]) -> list[Standing]:
    """Return the roles of these people in the space, for its leads.

    :raises Forbidden: for other actors.
    """
    seen.require(May.MANAGE)
    return standings_in(session, seen.space, people)


def standings_in(session: Session, space: Space, people: Iterable[Person]) -> list[Standing]:
    """Return the roles of these people in the space. The caller must check permission."""
    wanted = list(people)
    ids = [person.id for person in wanted]
    alone = {
        person_id: Role(role)
        for person_id, role in session.execute(
            select(Membership.person_id, Membership.role).where(
                Membership.space_id == space.id, Membership.person_id.in_(ids)
            )
        )
    }
    in_groups: dict[int, list[tuple[Role, Group]]] = {}
    for person_id, role, group in session.execute(
        select(GroupPerson.person_id, GroupRole.role, Group)
        .join(GroupRole, GroupRole.group_id == GroupPerson.group_id)
        .join(Group, Group.id == GroupRole.group_id)
        .where(GroupRole.space_id == space.id, GroupPerson.person_id.in_(ids))
        .order_by(func.lower(Group.name), Group.id)
    ):
        in_groups.setdefault(person_id, []).append((Role(role), group))
    found = []
    for person in wanted:
        own = alone.get(person.id, Role.NONE)
        theirs = in_groups.get(person.id, [])
        given = max([own, *(role for role, _ in theirs)])
        role = own_role(person.actor(), space.facts(given))
        found.append(
            Standing(
                person,
                role,
                own is role,
                tuple(group for one, group in theirs if one is role),
            )
        )
    return found


def everybody_in(
    session: Session, seen: SpaceAccess, *, after: str | None = None, limit: int = ROWS
) -> Slice[Standing]:
    """Return all people with a role in the space, direct or through groups, by name, for its leads.

    :param after: the cursor of the previous slice.
    :raises Forbidden: for other actors.
    """
    seen.require(May.MANAGE)
    given = union(
        select(Membership.person_id).where(Membership.space_id == seen.space.id),
        select(GroupPerson.person_id)
        .join(GroupRole, GroupRole.group_id == GroupPerson.group_id)
        .where(GroupRole.space_id == seen.space.id),
    ).subquery()
    query = select(Person).join(given, given.c.person_id == Person.id)
    found = slice_of(session, query, BY_NAME, after, limit)
    return Slice(standings(session, seen, [row[0] for row in found.rows]), found.after)
