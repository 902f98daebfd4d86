"""Groups: named sets of people, which may contain other groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import CTE, Select, delete, exists, func, insert, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from wiki.db import unused_id
from wiki.errors import Invalid, NotFound, Unsuitable, require_allowed
from wiki.outbox.actions import publish
from wiki.outbox.models import EventRow
from wiki.people.actions import HANDLE, checked_name, hold_names, is_taken
from wiki.people.events import GroupChanged, GroupCreated, GroupDeleted, GroupMemberChanged
from wiki.people.models import Group, GroupMember, GroupPart, GroupPerson, Person
from wiki.rules.access import Actor, may_administer, may_see_groups
from wiki.web.paging import Slice, decode_cursor, encode_cursor

MAX_DESCRIPTION = 2000
ROWS = 50
SIZE = (
    select(func.count())
    .select_from(GroupPerson)
    .where(GroupPerson.group_id == Group.id)
    .correlate(Group)
    .scalar_subquery()
)
"""SQL expression for the number of people in a ``Group``."""
# Events, and changes that wait for a second person, still name a deleted group, so its id must not
# be used again.
_LAST_IDS = (
    select(func.max(Group.id)),
    select(func.max(EventRow.payload["group_id"].as_integer())).where(
        EventRow.name == GroupDeleted.__name__
    ),
)


def create_group(
    session: Session, actor: Actor, *, handle: str, name: str, description: str = ""
) -> Group:
    """Create an empty group.

    :raises Forbidden: unless the actor is an admin.
    :raises Invalid: if a name is not acceptable or the handle is taken.
    """
    require_allowed(may_administer(actor))
    handle = handle.strip().lower()
    if not HANDLE.fullmatch(handle):
        raise Invalid(
            "Use letters a to z, digits, dots, dashes and underscores for the short name, "
            "at most 60 characters.",
            field="handle",
        )
    wanted = {"name": checked_name(name) or handle, "description": _described(description)}
    hold_names(session)
    if is_taken(session, handle):
        raise Unsuitable(f"The name “{handle}” is taken.", field="handle")
    group = Group(
        id=unused_id(session, _LAST_IDS),
        handle=handle,
        name=wanted["name"],
        description=wanted["description"],
        created_by_id=actor.person_id,
    )
    session.add(group)
    session.flush()
    publish(session, actor, GroupCreated(group.id))
    return group


def change_group(
    session: Session, actor: Actor, group: Group, *, name: str, description: str
) -> None:
    """Change a group's name and description.

    :raises Forbidden: unless the actor is an admin.
    :raises Invalid: if the name is empty or a value is too long.
    """
    require_allowed(may_administer(actor))
    wanted = {"name": checked_name(name), "description": _described(description)}
    if not wanted["name"]:
        raise Invalid("Enter a name for the group.", field="name")
    _take_turn(session, group)
    changes = {key: value for key, value in wanted.items() if getattr(group, key) != value}
    for key, value in changes.items():
        setattr(group, key, value)
    if changes:
        session.flush()
        publish(session, actor, GroupChanged(group.id, changes))


def delete_group(session: Session, actor: Actor, group: Group) -> None:
    """Delete a group and the roles that it had. A restriction that listed it loses that entry and
    gains no other.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    _take_turn(session, group)
    wholes = wholes_around(session, [group.id]) - {group.id}
    id, name = group.id, group.name
    session.delete(group)
    session.flush()
    settle_groups(session, wholes)
    publish(session, actor, GroupDeleted(id, name))


def store_member(
    session: Session, actor: Actor, group: Group, person: Person, *, member: bool
) -> None:
    """Add a person to a group or remove them from it, without asking what the person could read.

    Call :func:`wiki.groups.actions.set_member`, which asks that.

    :raises Forbidden: unless the actor is an admin or removes themselves.
    :raises Invalid: when a placeholder or a disabled account is added.
    """
    if member or person.id != actor.person_id:
        require_allowed(may_administer(actor))
    if member and (person.disabled_at is not None or person.imported_at is not None):
        raise Invalid(f"{person.name} has no active account.", field="person")
    _take_turn(session, group)
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
    settle_groups(session, wholes_around(session, [group.id]))
    publish(session, actor, GroupMemberChanged(group.id, person.id, None, member))


def store_part(session: Session, actor: Actor, group: Group, part: Group, *, inside: bool) -> None:
    """Add a group to another group or remove it, and with it all its people, without asking what
    these could read.

    Call :func:`wiki.groups.actions.set_part`, which asks that.

    :raises Forbidden: unless the actor is an admin.
    :raises Invalid: if a group would contain itself.
    """
    require_allowed(may_administer(actor))
    _take_turn(session, group, part)
    row = session.get(GroupPart, (group.id, part.id))
    if (row is not None) == inside:
        return
    if row is not None:
        session.delete(row)
    else:
        if part.id == group.id:
            raise Unsuitable("A group can’t contain itself.", field="part")
        if part.id in wholes_around(session, [group.id]):
            raise Unsuitable(
                f"{group.name} is already in {part.name}, and a group can’t contain itself.",
                field="part",
            )
        session.add(GroupPart(group_id=group.id, part_id=part.id, added_by_id=actor.person_id))
    session.flush()
    settle_groups(session, wholes_around(session, [group.id]))
    publish(session, actor, GroupMemberChanged(group.id, None, part.id, inside))


@dataclass(frozen=True)
class GroupSeen:
    """A group with the number of its people, direct or through groups inside it."""

    group: Group
    people: int


def list_groups(
    session: Session,
    actor: Actor,
    *,
    query: str = "",
    after: str | None = None,
    limit: int = ROWS,
) -> Slice[GroupSeen]:
    """Return all groups by name.

    :param query: part of a name or a handle.
    :param after: the cursor of the previous slice.
    :raises NotFound: if the actor may not see groups.
    """
    require_seeing(actor)
    name = func.lower(Group.name)
    found = select(Group, SIZE, name).order_by(name, Group.id).limit(limit + 1)
    words = "".join(one for one in query if one.isprintable()).strip().lower()
    if words:
        found = found.where(
            or_(
                Group.handle.contains(words, autoescape=True), name.contains(words, autoescape=True)
            )
        )
    cursor = decode_cursor(after, [str, int])
    if cursor:
        found = found.where(tuple_(name, Group.id) > tuple(cursor))
    rows = session.execute(found).all()
    seen = [GroupSeen(group, people) for group, people, _ in rows[:limit]]
    more = len(rows) > limit
    after = encode_cursor([rows[limit - 1][2], rows[limit - 1][0].id]) if more else None
    return Slice(seen, after)


def see_group(session: Session, actor: Actor, handle: str) -> Group:
    """Return the group with this handle.

    :raises NotFound: if there is none, or the actor may not see groups.
    """
    require_seeing(actor)
    group = find_group(session, handle)
    if group is None:
        raise NotFound
    return group


def find_group(session: Session, handle: str) -> Group | None:
    """Return the group with this handle, or None. The caller must check that the actor may see
    groups."""
    handle = handle.lower()
    if not HANDLE.fullmatch(handle):
        return None
    return session.scalar(select(Group).where(Group.handle == handle))


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
    name = func.lower(Person.name)
    found = (
        select(Person, name)
        .join(GroupPerson, GroupPerson.person_id == Person.id)
        .where(GroupPerson.group_id == group.id)
        .order_by(name, Person.id)
        .limit(limit + 1)
    )
    cursor = decode_cursor(after, [str, int])
    if cursor:
        found = found.where(tuple_(name, Person.id) > tuple(cursor))
    rows = session.execute(found).all()
    people = [person for person, _ in rows[:limit]]
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
    more = len(rows) > limit
    return Slice(within, encode_cursor([rows[limit - 1][1], people[-1].id]) if more else None)


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


def parts_of(session: Session, group: Group) -> list[GroupSeen]:
    """Return the groups directly inside a group, by name. The caller must check that the actor may
    see groups."""
    found = session.execute(
        select(Group, SIZE)
        .join(GroupPart, GroupPart.part_id == Group.id)
        .where(GroupPart.group_id == group.id)
        .order_by(func.lower(Group.name), Group.id)
    )
    return [GroupSeen(part, people) for part, people in found]


def wholes_of(session: Session, group: Group) -> list[GroupSeen]:
    """Return the groups that directly contain a group, by name. The caller must check that the
    actor may see groups."""
    found = session.execute(
        select(Group, SIZE)
        .join(GroupPart, GroupPart.group_id == Group.id)
        .where(GroupPart.part_id == group.id)
        .order_by(func.lower(Group.name), Group.id)
    )
    return [GroupSeen(whole, people) for whole, people in found]


def settle_groups(session: Session, group_ids: Collection[int]) -> None:
    """Update the derived people of these groups from their members and parts. Rows that are right
    already stay, so that adding one person to a group of thousands writes one row."""
    ids = sorted(group_ids)
    if not ids:
        return
    session.flush()
    wanted = _people_of(ids).subquery("wanted")
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
    wanted = {(row[0], row[1]) for row in session.execute(_people_of(ids))} if ids else set()
    there = {
        (row[0], row[1])
        for row in session.execute(select(GroupPerson.group_id, GroupPerson.person_id))
    }
    return sorted({group_id for group_id, _ in wanted ^ there})


def _people_of(ids: Sequence[int]) -> Select[int, int]:
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


def _take_turn(session: Session, *groups: Group) -> None:
    """Lock all groups until this transaction ends, so that changes to groups take turns.

    :raises NotFound: if one of these groups was deleted meanwhile.
    """
    held = set(session.scalars(select(Group.id).order_by(Group.id).with_for_update()))
    if not held.issuperset(group.id for group in groups):
        raise NotFound


def _described(raw: str) -> str:
    description = raw.strip()
    if len(description) > MAX_DESCRIPTION:
        raise Invalid(
            f"Use at most {MAX_DESCRIPTION} characters for the description.", field="description"
        )
    return description


def require_seeing(actor: Actor) -> None:
    """Check that the actor may see groups.

    :raises NotFound: otherwise, as if there were none.
    """
    if not may_see_groups(actor):
        raise NotFound
