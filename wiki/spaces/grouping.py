"""Changing who is in a group, with what that lets them read."""

from __future__ import annotations

from sqlalchemy import ColumnElement, column, select, table
from sqlalchemy.orm import Session

from wiki.people import groups
from wiki.people.models import Group, GroupPerson, Person
from wiki.rules.access import Actor
from wiki.spaces.exposure import Change, Consent, pages, watched
from wiki.spaces.models import GroupRole, RestrictedGroup

_restrictions = table("restrictions", column("id"), column("page_id"))


def set_member(
    session: Session,
    actor: Actor,
    group: Group,
    person: Person,
    *,
    member: bool,
    consent: Consent | None = None,
) -> None:
    """Put somebody into a group, or take them out (``wiki.people.groups.set_member``).

    :raises Exposes: when they could read more by it, and there is no consent to that.
    """
    change = Change(
        "group_member", {"group_id": group.id, "person_id": person.id, "member": member}
    )
    with watched(session, _concerned(session, group), change, consent, among=[person.id]):
        groups.set_member(session, actor, group, person, member=member)


def set_part(
    session: Session,
    actor: Actor,
    group: Group,
    part: Group,
    *,
    inside: bool,
    consent: Consent | None = None,
) -> None:
    """Put a group into another, or take it out (``wiki.people.groups.set_part``).

    :raises Exposes: when its people could read more by it, and there is no consent to that.
    """
    people = session.scalars(
        select(GroupPerson.person_id).where(GroupPerson.group_id == part.id)
    ).all()
    change = Change("group_part", {"group_id": group.id, "part_id": part.id, "inside": inside})
    with watched(session, _concerned(session, group), change, consent, among=people):
        groups.set_part(session, actor, group, part, inside=inside)


def _concerned(session: Session, group: Group) -> ColumnElement[bool]:
    """The condition on pages that what the people of a group may read there can change: those of
    spaces where it, or one that it is in, has a role or stands on a list."""
    ids = groups.wholes_around(session, [group.id])
    spaces: set[int] = set()
    for found in (
        select(GroupRole.space_id).where(GroupRole.group_id.in_(ids)),
        select(pages.c.space_id)
        .select_from(pages)
        .join(_restrictions, _restrictions.c.page_id == pages.c.id)
        .join(RestrictedGroup, RestrictedGroup.restriction_id == _restrictions.c.id)
        .where(RestrictedGroup.group_id.in_(ids)),
    ):
        spaces.update(session.scalars(found))
    return pages.c.space_id.in_(sorted(spaces))
