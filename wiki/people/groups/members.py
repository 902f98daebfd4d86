"""People in groups at any depth, and the table that is derived from members and subgroups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import CTE, Select, delete, exists, func, insert, select
from sqlalchemy.orm import Session, aliased

from wiki.people.models import Group, GroupMember, GroupPart, GroupPerson, Person
from wiki.people.queries import BY_NAME
from wiki.web.paging import Slice, slice_of

ROWS = 50


@dataclass(frozen=True)
class PersonWithin:
    """A person in a group: whether they are a direct member (``alone``), and through which groups
    inside it they belong to it."""

    person: Person
    alone: bool
    through: tuple[Group, ...]


def people_within(
    session: Session, group: Group, *, after: str | None = None, limit: int = ROWS
) -> Slice[PersonWithin]:
    """Return all people of a group by name, direct members or not. The caller must check that the
    actor may see groups.

    :param after: the cursor of the previous slice.
    """
    query = (
        select(Person)
        .join(GroupPerson, GroupPerson.person_id == Person.id)
        .where(GroupPerson.group_id == group.id)
    )
    found = slice_of(session, query, BY_NAME, after, limit)
    people = [row[0] for row in found.rows]
    inside = _inside([group.id])
    alone: set[int] = set()
    through: dict[int, list[Group]] = {}
    for person_id, part in session.execute(
        select(GroupMember.person_id, Group)
        .join(Group, Group.id == GroupMember.group_id)
        .where(
            GroupMember.person_id.in_([person.id for person in people]),
            Group.id.in_(select(inside.c.part)),
        )
        .order_by(func.lower(Group.name), Group.id)
    ):
        if part.id == group.id:
            alone.add(person_id)
        else:
            through.setdefault(person_id, []).append(part)
    within = [
        PersonWithin(person, person.id in alone, tuple(through.get(person.id, ())))
        for person in people
    ]
    return Slice(within, found.after)


def count_people(session: Session, group_ids: Collection[int]) -> dict[int, int]:
    """Return the number of people in each of these groups. The caller must check that the actor may
    see groups."""
    found = session.execute(
        select(GroupPerson.group_id, func.count())
        .where(GroupPerson.group_id.in_(sorted(group_ids)))
        .group_by(GroupPerson.group_id)
    )
    counted = {row[0]: row[1] for row in found}
    return {group_id: counted.get(group_id, 0) for group_id in group_ids}


def is_member(session: Session, group: Group, person_id: int | None) -> bool:
    """Return whether a person is a direct member of a group."""
    return person_id is not None and session.get(GroupMember, (group.id, person_id)) is not None


def groups_of(session: Session, person: Person) -> list[tuple[Group, bool]]:
    """Return the groups that a person is in, by name, each with whether they are a direct member.
    The caller must check that the actor may see groups."""
    alone = exists().where(
        GroupMember.group_id == Group.id, GroupMember.person_id == GroupPerson.person_id
    )
    found = session.execute(
        select(Group, alone)
        .join(GroupPerson, GroupPerson.group_id == Group.id)
        .where(GroupPerson.person_id == person.id)
        .order_by(func.lower(Group.name), Group.id)
    )
    return [(group, bool(itself)) for group, itself in found]


def settle_groups(session: Session, group_ids: Collection[int]) -> None:
    """Update the derived people of these groups from their members and parts. Rows that are right
    already stay, so that adding one person to a group of thousands writes one row."""
    ids = sorted(group_ids)
    if not ids:
        return
    session.flush()
    wanted = people_in(ids).subquery("wanted")
    held = aliased(GroupPerson)
    session.execute(
        delete(GroupPerson)
        .where(
            GroupPerson.group_id.in_(ids),
            ~exists().where(
                wanted.c.whole == GroupPerson.group_id,
                wanted.c.person_id == GroupPerson.person_id,
            ),
        )
        .execution_options(synchronize_session=False)
    )
    lacking = select(wanted.c.whole, wanted.c.person_id).where(
        ~exists().where(held.group_id == wanted.c.whole, held.person_id == wanted.c.person_id)
    )
    session.execute(insert(GroupPerson).from_select(["group_id", "person_id"], lacking))


def check_groups(session: Session) -> list[int]:
    """Return the ids of groups whose derived people do not match their members and parts."""
    ids = session.scalars(select(Group.id)).all()
    wanted = {(row[0], row[1]) for row in session.execute(people_in(ids))} if ids else set()
    there = {
        (row[0], row[1])
        for row in session.execute(select(GroupPerson.group_id, GroupPerson.person_id))
    }
    return sorted({group_id for group_id, _ in wanted ^ there})


def people_in(ids: Sequence[int]) -> Select[int, int]:
    inside = _inside(ids)
    return (
        select(inside.c.whole, GroupMember.person_id)
        .join(GroupMember, GroupMember.group_id == inside.c.part)
        .distinct()
    )


def _inside(ids: Sequence[int]) -> CTE:
    """Return these groups (``whole``), each with itself and all groups inside it, at any depth
    (``part``)."""
    start = select(Group.id.label("whole"), Group.id.label("part")).where(Group.id.in_(ids))
    found = start.cte("inside", recursive=True)
    part = aliased(GroupPart)
    return found.union(
        select(found.c.whole, part.part_id).join(part, part.group_id == found.c.part)
    )


def wholes_around(session: Session, ids: Iterable[int]) -> set[int]:
    """Return these groups and all groups that contain them, at any depth."""
    start = select(Group.id.label("id")).where(Group.id.in_(list(ids)))
    found = start.cte("around", recursive=True)
    part = aliased(GroupPart)
    around = found.union(select(part.group_id).join(found, part.part_id == found.c.id))
    return set(session.scalars(select(around.c.id)))
