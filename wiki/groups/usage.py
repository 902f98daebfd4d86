"""Uses of a group: the spaces in which it has a role, the pages that are restricted to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from wiki.errors import require_allowed
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.people.models import Group
from wiki.rules.access import Actor, may_administer
from wiki.rules.roles import Role
from wiki.spaces.members import is_led
from wiki.spaces.models import GroupRole, RestrictedGroup, RestrictionRow, Space
from wiki.spaces.queries import readable_by

ROWS = 200


@dataclass(frozen=True)
class RoleThere:
    """A space and the role that a group has in it; ``orphaned`` if nobody who can sign in would
    lead it without the group."""

    space: Space
    role: Role
    orphaned: bool = False


def roles_of(session: Session, actor: Actor, group: Group) -> list[RoleThere]:
    """Return the spaces in which a group has a role, as far as the actor may read them, by
    title."""
    found = session.execute(
        select(Space, GroupRole.role)
        .join(GroupRole, GroupRole.space_id == Space.id)
        .where(GroupRole.group_id == group.id, readable_by(actor))
        .order_by(func.lower(Space.title), Space.id)
        .limit(ROWS)
    )
    return [RoleThere(space, Role(role)) for space, role in found]


@dataclass(frozen=True)
class Meaning:
    """The losses with a group: its roles in spaces, and its entries on restriction lists: these
    ``pages``, ``more`` that are not listed, and ``hidden`` ones that the actor may not read."""

    roles: Sequence[RoleThere]
    pages: Sequence[Page]
    more: int
    hidden: int


def meaning_of(session: Session, actor: Actor, group: Group) -> Meaning:
    """Return what deleting a group would remove. Admins know all spaces by name, but not their
    pages.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    given = session.execute(
        select(Space, GroupRole.role)
        .join(GroupRole, GroupRole.space_id == Space.id)
        .where(GroupRole.group_id == group.id)
        .order_by(func.lower(Space.title), Space.id)
    ).all()
    roles = [
        RoleThere(space, Role(role), role == Role.LEAD and _needs(session, space, group))
        for space, role in given
    ]
    kept = (
        select(RestrictionRow.page_id)
        .join(RestrictedGroup, RestrictedGroup.restriction_id == RestrictionRow.id)
        .where(RestrictedGroup.group_id == group.id)
    )
    total = session.scalar(
        select(func.count()).select_from(Page).where(Page.id.in_(kept), Page.deleted_at.is_(None))
    )
    readable = select(Page).where(Page.id.in_(kept), live_for(actor))
    count = session.scalar(select(func.count()).select_from(readable.subquery())) or 0
    pages = session.scalars(
        readable.options(joinedload(Page.space))
        .order_by(func.lower(Page.title), Page.id)
        .limit(ROWS)
    ).all()
    return Meaning(roles, pages, count - len(pages), (total or 0) - count)


def _needs(session: Session, space: Space, group: Group) -> bool:
    return is_led(session, space) and not is_led(session, space, without_group=group)
