"""Groups: named sets of people, which may contain other groups."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import String, func, or_, select
from sqlalchemy.orm import Session

from wiki.db import unused_id
from wiki.errors import Invalid, NotFound, Unsuitable, require_allowed
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish
from wiki.outbox.models import EventRow
from wiki.people.actions import hold_names, is_taken
from wiki.people.events import GroupChanged, GroupCreated, GroupDeleted, GroupMemberChanged
from wiki.people.groups.members import ROWS, settle_groups, wholes_around
from wiki.people.models import Group, GroupMember, GroupPart, GroupPerson, Person
from wiki.people.names import HANDLE, checked_name
from wiki.rules.access import Actor, may_administer, may_see_groups
from wiki.web.paging import Slice, slice_of

MAX_DESCRIPTION = 2000
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
            _(
                "Use letters a to z, digits, dots, dashes and underscores for the short name, "
                "at most 60 characters."
            ),
            field="handle",
        )
    wanted = {"name": checked_name(name) or handle, "description": _described(description)}
    hold_names(session)
    if is_taken(session, handle):
        raise Unsuitable(_("The name “%(handle)s” is taken.", handle=handle), field="handle")
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
        raise Invalid(_("Enter a name for the group."), field="name")
    _take_turn(session, group)
    changes = {key: value for key, value in wanted.items() if getattr(group, key) != value}
    for key, value in changes.items():
        setattr(group, key, value)
    if changes:
        session.flush()
        publish(session, actor, GroupChanged(group.id, changes))


def drop_group(session: Session, actor: Actor, group: Group) -> None:
    """Delete a group and the roles that it had, without asking who leads the spaces then. A
    restriction that listed it loses that entry and gains no other.

    Call :func:`wiki.groups.actions.delete_group`, which asks that.

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
        raise Invalid(_("%(name)s has no active account.", name=person.name), field="person")
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
            raise Unsuitable(_("A group can’t contain itself."), field="part")
        if part.id in wholes_around(session, [group.id]):
            raise Unsuitable(
                _(
                    "%(name)s is already in %(part)s, and a group can’t contain itself.",
                    name=group.name,
                    part=part.name,
                ),
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
    name = func.lower(Group.name, type_=String)
    found = select(Group, SIZE)
    words = "".join(one for one in query if one.isprintable()).strip().lower()
    if words:
        found = found.where(
            or_(
                Group.handle.contains(words, autoescape=True), name.contains(words, autoescape=True)
            )
        )
    listed = slice_of(session, found, (name, Group.id), after, limit)
    return Slice([GroupSeen(group, people) for group, people, *_ in listed.rows], listed.after)


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
            _(
                "Use at most %(limit)s characters for the description.",
                limit=MAX_DESCRIPTION,
            ),
            field="description",
        )
    return description


def require_seeing(actor: Actor) -> None:
    """Check that the actor may see groups.

    :raises NotFound: otherwise, as if there were none.
    """
    if not may_see_groups(actor):
        raise NotFound
