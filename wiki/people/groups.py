"""Groups: named sets of people, which may be parts of one another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.orm import Session, aliased

from wiki.errors import Forbidden, Invalid, NotFound
from wiki.outbox.actions import announce
from wiki.outbox.events import GroupChanged, GroupCreated, GroupDeleted, GroupMemberChanged
from wiki.people.actions import HANDLE, checked_name
from wiki.people.models import Group, GroupMember, GroupPart, GroupPerson, Person
from wiki.rules.access import Actor, may_administer, may_see_groups

MAX_DESCRIPTION = 2000


def create_group(
    session: Session, actor: Actor, *, handle: str, name: str, description: str = ""
) -> Group:
    """Make a group with nobody in it.

    :raises Forbidden: unless the actor administers. :raises Invalid: for a name that is taken.
    """
    _require_admin(actor)
    handle = handle.strip().lower()
    if not HANDLE.fullmatch(handle):
        raise Invalid(
            "The short name of a group has letters a to z, digits, dots, dashes and underscores, "
            "at most 60.",
            field="handle",
        )
    # One name must not mean a group and somebody: both can be mentioned.
    for taken in (
        select(Group.id).where(Group.handle == handle),
        select(Person.id).where(Person.handle == handle),
    ):
        if session.scalar(taken) is not None:
            raise Invalid(f"The name “{handle}” is taken.", field="handle")
    group = Group(
        handle=handle,
        name=checked_name(name) or handle,
        description=_described(description),
        created_by_id=actor.person_id,
    )
    session.add(group)
    session.flush()
    announce(session, actor, GroupCreated(group.id))
    return group


def change_group(
    session: Session, actor: Actor, group: Group, *, name: str, description: str
) -> None:
    """Change what a group is called. :raises Forbidden: :raises Invalid:"""
    _require_admin(actor)
    wanted = {"name": checked_name(name), "description": _described(description)}
    if not wanted["name"]:
        raise Invalid("A group needs a name.", field="name")
    changes = {key: value for key, value in wanted.items() if getattr(group, key) != value}
    for key, value in changes.items():
        setattr(group, key, value)
    if changes:
        session.flush()
        announce(session, actor, GroupChanged(group.id, changes))


def delete_group(session: Session, actor: Actor, group: Group) -> None:
    """Remove a group. Roles that it had are gone with it; on lists of restrictions it is on it
    leaves nobody in its place. :raises Forbidden: unless the actor administers."""
    _require_admin(actor)
    _take_turn(session)
    wholes = _wholes(session, [group.id]) - {group.id}
    id, name = group.id, group.name
    session.delete(group)
    session.flush()
    settle_groups(session, wholes)
    announce(session, actor, GroupDeleted(id, name))


def set_member(
    session: Session, actor: Actor, group: Group, person: Person, *, member: bool
) -> None:
    """Put somebody into a group, or take them out.

    :raises Forbidden: unless the actor administers, or takes themselves out.
    :raises Invalid: for an account that is disabled, or none.
    """
    if member or person.id != actor.person_id:
        _require_admin(actor)
    if member and (person.disabled_at is not None or person.imported_at is not None):
        raise Invalid(f"{person.name} has no account that can be used.", field="person")
    _take_turn(session)
    row = session.get(GroupMember, (group.id, person.id))
    if (row is not None) == member:
        return
    if row is not None:
        session.delete(row)
    else:
        session.add(
            GroupMember(group_id=group.id, person_id=person.id, added_by_id=actor.person_id)
        )
    session.flush()
    settle_groups(session, _wholes(session, [group.id]))
    announce(session, actor, GroupMemberChanged(group.id, person.id, None, member))


def set_part(session: Session, actor: Actor, group: Group, part: Group, *, inside: bool) -> None:
    """Let all people of a group be in another one too, or no longer.

    :raises Forbidden: unless the actor administers.
    :raises Invalid: when a group would come to be inside itself.
    """
    _require_admin(actor)
    _take_turn(session)
    row = session.get(GroupPart, (group.id, part.id))
    if (row is not None) == inside:
        return
    if row is not None:
        session.delete(row)
    else:
        if part.id in _wholes(session, [group.id]):
            raise Invalid(
                f"{group.name} is in {part.name} already: a group cannot be inside itself.",
                field="part",
            )
        session.add(GroupPart(group_id=group.id, part_id=part.id, added_by_id=actor.person_id))
    session.flush()
    settle_groups(session, _wholes(session, [group.id]))
    announce(session, actor, GroupMemberChanged(group.id, None, part.id, inside))


@dataclass(frozen=True)
class GroupSeen:
    """A group as it is shown: how many people are in it, whoever they are in it by."""

    group: Group
    people: int


def list_groups(session: Session, actor: Actor) -> list[GroupSeen]:
    """All groups, by name.

    :raises NotFound: for those who may not know of them.
    """
    _require_seeing(actor)
    size = (
        select(func.count())
        .select_from(GroupPerson)
        .where(GroupPerson.group_id == Group.id)
        .scalar_subquery()
    )
    rows = session.execute(select(Group, size).order_by(func.lower(Group.name), Group.id))
    return [GroupSeen(group, people) for group, people in rows]


def see_group(session: Session, actor: Actor, handle: str) -> Group:
    """The group of that short name.

    :raises NotFound: when there is none, or the actor may not know of groups.
    """
    _require_seeing(actor)
    group = session.scalar(select(Group).where(Group.handle == handle.lower()))
    if group is None:
        raise NotFound
    return group


def members_of(session: Session, group: Group) -> Sequence[Person]:
    """Who was put into a group itself, by name. The caller may know of groups."""
    return session.scalars(
        select(Person)
        .join(GroupMember, GroupMember.person_id == Person.id)
        .where(GroupMember.group_id == group.id)
        .order_by(func.lower(Person.name), Person.id)
    ).all()


def parts_of(session: Session, group: Group) -> Sequence[Group]:
    """The groups that were put into a group, by name. The caller may know of groups."""
    return session.scalars(
        select(Group)
        .join(GroupPart, GroupPart.part_id == Group.id)
        .where(GroupPart.group_id == group.id)
        .order_by(func.lower(Group.name), Group.id)
    ).all()


def wholes_of(session: Session, group: Group) -> Sequence[Group]:
    """The groups that a group was put into, by name. The caller may know of groups."""
    return session.scalars(
        select(Group)
        .join(GroupPart, GroupPart.group_id == Group.id)
        .where(GroupPart.part_id == group.id)
        .order_by(func.lower(Group.name), Group.id)
    ).all()


def settle_groups(session: Session, group_ids: Collection[int]) -> None:
    """Make the derived people of these groups what members and parts say."""
    ids = sorted(group_ids)
    if not ids:
        return
    session.flush()
    session.execute(
        delete(GroupPerson)
        .where(GroupPerson.group_id.in_(ids))
        .execution_options(synchronize_session=False)
    )
    session.execute(insert(GroupPerson).from_select(["group_id", "person_id"], _people_of(ids)))


def check_groups(session: Session) -> list[int]:
    """The ids of groups whose derived people are not what members and parts say."""
    ids = session.scalars(select(Group.id)).all()
    wanted = {(row[0], row[1]) for row in session.execute(_people_of(ids))} if ids else set()
    there = {
        (row[0], row[1])
        for row in session.execute(select(GroupPerson.group_id, GroupPerson.person_id))
    }
    return sorted({group_id for group_id, _ in wanted ^ there})


def _people_of(ids: Sequence[int]) -> Select[int, int]:
    start = select(Group.id.label("whole"), Group.id.label("part")).where(Group.id.in_(ids))
    found = start.cte("inside", recursive=True)
    part = aliased(GroupPart)
    inside = found.union(
        select(found.c.whole, part.part_id).join(part, part.group_id == found.c.part)
    )
    return (
        select(inside.c.whole, GroupMember.person_id)
        .join(GroupMember, GroupMember.group_id == inside.c.part)
        .distinct()
    )


def _wholes(session: Session, ids: Iterable[int]) -> set[int]:
    """These groups and all that they are in, at any depth."""
    start = select(Group.id.label("id")).where(Group.id.in_(list(ids)))
    found = start.cte("around", recursive=True)
    part = aliased(GroupPart)
    around = found.union(select(part.group_id).join(found, part.part_id == found.c.id))
    return set(session.scalars(select(around.c.id)))


def _take_turn(session: Session) -> None:
    """Wait for those who change groups, and let nobody else, until this transaction ends."""
    session.execute(select(Group.id).order_by(Group.id).with_for_update())


def _described(raw: str) -> str:
    description = raw.strip()
    if len(description) > MAX_DESCRIPTION:
        raise Invalid(
            f"A description has at most {MAX_DESCRIPTION} characters.", field="description"
        )
    return description


def _require_admin(actor: Actor) -> None:
    decision = may_administer(actor)
    if not decision:
        raise Forbidden(decision.reason)


def _require_seeing(actor: Actor) -> None:
    if not may_see_groups(actor):
        raise NotFound
