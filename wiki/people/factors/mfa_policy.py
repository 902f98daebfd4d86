"""Required second factors: conditions on ``Person`` in SQL, and the settings of admins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, delete, exists, func, literal, not_, or_, select
from sqlalchemy.orm import Session

from wiki.db import Json, now
from wiki.errors import require_allowed
from wiki.outbox.actions import publish
from wiki.people.factors.events import GroupFactorChanged
from wiki.people.factors.models import Authenticator, FactorGroup, Passkey
from wiki.people.models import Group, GroupPart, GroupPerson, Person, SiteSetting
from wiki.people.site_settings import Setting
from wiki.rules.access import Actor, may_administer
from wiki.rules.roles import SiteRole


class Who(StrEnum):
    """The people who must have a second factor, in addition to those of groups that require it."""

    NOBODY = "nobody"
    ADMINS = "admins"
    EVERYBODY = "everybody"


WHO_MUST = Setting("second_factor", Who.NOBODY, Who)


def has_factor() -> ColumnElement[bool]:
    """Return the condition that a ``Person`` has a working second factor."""
    return or_(
        exists().where(Authenticator.person_id == Person.id, Authenticator.proven_at.is_not(None)),
        exists().where(Passkey.person_id == Person.id),
    )


def must_have() -> ColumnElement[bool]:
    """Return the condition that a ``Person`` must have a second factor. Service accounts need none,
    because they cannot sign in."""
    required = or_(
        _site_says(Who.EVERYBODY),
        and_(Person.site_role == SiteRole.ADMIN.value, _site_says(Who.ADMINS)),
        exists().where(
            GroupPerson.person_id == Person.id, GroupPerson.group_id == FactorGroup.group_id
        ),
    )
    return and_(Person.service_at.is_(None), required)


def lacks_factor() -> ColumnElement[bool]:
    """Return the condition that a ``Person`` must have a second factor and has none. Nothing but
    setting one up works for them."""
    return and_(must_have(), not_(has_factor()))


def must_have_factor(session: Session, person: Person) -> bool:
    """Return whether this person must have a second factor."""
    return session.scalar(select(exists().where(Person.id == person.id, must_have()))) or False


def _site_says(who: Who) -> ColumnElement[bool]:
    return exists().where(
        SiteSetting.key == WHO_MUST.key, SiteSetting.value == literal(who.value, Json)
    )


@dataclass(frozen=True)
class GroupRule:
    """A group for the list in the administration, and whether its people need a second factor: by a
    rule of the group itself, or by a rule of groups that contain it."""

    group: Group
    people: int
    required: bool
    required_by: Sequence[Group] = ()


def list_groups(session: Session, actor: Actor) -> Sequence[GroupRule]:
    """Return all groups by name.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    people = (
        select(func.count())
        .where(GroupPerson.group_id == Group.id)
        .correlate(Group)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Group, people, FactorGroup.group_id)
        .outerjoin(FactorGroup, FactorGroup.group_id == Group.id)
        .order_by(func.lower(Group.name), Group.id)
    )
    found = rows.all()
    parts: dict[int, list[int]] = {}
    for whole_id, part_id in session.execute(select(GroupPart.group_id, GroupPart.part_id)):
        parts.setdefault(whole_id, []).append(part_id)
    around: dict[int, list[Group]] = {}
    for group, _, rule in found:
        for part_id in _within(group.id, parts) if rule is not None else ():
            around.setdefault(part_id, []).append(group)
    return [
        GroupRule(group, count, rule is not None, around.get(group.id, ()))
        for group, count, rule in found
    ]


def _within(group_id: int, parts: Mapping[int, Sequence[int]]) -> set[int]:
    """Return the groups inside a group, at any depth. A group is never inside itself."""
    found: set[int] = set()
    left = list(parts.get(group_id, ()))
    while left:
        part = left.pop()
        if part not in found:
            found.add(part)
            left += parts.get(part, ())
    return found


def require_of_groups(session: Session, actor: Actor, group_ids: Collection[int]) -> int:
    """Require a second factor of the people of these groups and of no others; return how many
    groups changed.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    known = set(session.scalars(select(Group.id).order_by(Group.id).with_for_update()))
    before = set(session.scalars(select(FactorGroup.group_id)))
    wanted = known & set(group_ids)
    changed = sorted(before ^ wanted)
    for group_id in changed:
        _require(session, actor, group_id, required=group_id in wanted)
    return len(changed)


@dataclass(frozen=True)
class Standing:
    """The number of people who must have a second factor, and the first of those who have none."""

    must: int
    lacking: int
    first: Sequence[Person]


def standing(session: Session, actor: Actor, *, limit: int = 20) -> Standing:
    """Return how many people must have a second factor and which of them have none.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    counts = Person.disabled_at.is_(None), Person.imported_at.is_(None)
    lacking = select(Person).where(*counts, lacks_factor())
    return Standing(
        session.scalar(select(func.count(Person.id)).where(*counts, must_have())) or 0,
        session.scalar(select(func.count(Person.id)).where(*counts, lacks_factor())) or 0,
        session.scalars(lacking.order_by(Person.handle).limit(limit)).all(),
    )


def _require(session: Session, actor: Actor, group_id: int, *, required: bool) -> None:
    if required:
        session.add(
            FactorGroup(group_id=group_id, required_at=now(), required_by_id=actor.person_id)
        )
    else:
        session.execute(delete(FactorGroup).where(FactorGroup.group_id == group_id))
    session.flush()
    publish(session, actor, GroupFactorChanged(group_id, required))
