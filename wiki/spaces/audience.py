"""The people who can read or edit something: access checks in reverse."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from wiki.people.models import Person
from wiki.people.queries import BY_NAME
from wiki.rules.access import NEEDED, May, clearance_of, is_open
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole, Visibility
from wiki.spaces.gate import fails, granted, greatest
from wiki.spaces.models import Scope, ScopeRestriction, Space
from wiki.web.paging import Slice, slice_of


@dataclass(frozen=True)
class Audience:
    """The readers of something: everyone, signed in or not, or these people, by id."""

    everyone: bool
    people: frozenset[int]

    def beyond(self, other: Audience) -> Audience:
        """Return the part of this audience that is not in the other."""
        return Audience(
            self.everyone and not other.everyone,
            frozenset() if other.everyone else self.people - other.people,
        )

    def __bool__(self) -> bool:
        return self.everyone or bool(self.people)


NOBODY = Audience(False, frozenset())


def audience_of(
    session: Session,
    space: Space,
    scope_id: int | None = None,
    may: May = May.READ,
    *,
    deleted: bool = False,
    among: Collection[int] | None = None,
) -> Audience:
    """Return who may do something with a page of this space and scope (with the space, if there is
    no scope).

    :param among: consider only these people.
    """
    may = May.EDIT if deleted else may
    query = _who(session, space, scope_id, may, among)
    people = session.execute(query).all()
    return Audience(
        may is May.READ and _is_open(session, space, scope_id), frozenset(row[0] for row in people)
    )


def readers(session: Session, space: Space, scope_id: int | None) -> Select[int]:
    """Select the ids of the accounts that can read a page of this space and scope."""
    return select(_who(session, space, scope_id, May.READ).subquery().c.id)


ROWS = 50
"""Number of people in a slice of an audience."""


def list_audience(
    session: Session,
    space: Space,
    scope_id: int | None,
    may: May = May.READ,
    *,
    guests: bool = False,
    after: str | None = None,
) -> Slice[tuple[Person, Role]]:
    """Return the people by name, each with their role in the space.

    :param guests: only guests of the organisation with a role.
    :param after: the cursor of the previous slice.
    """
    who = _who(session, space, scope_id, may).subquery()
    query = select(Person, who.c.role).join(who, who.c.id == Person.id)
    if guests:
        query = query.where(Person.site_role == SiteRole.GUEST.value, who.c.role > int(Role.NONE))
    found = slice_of(session, query, BY_NAME, after, ROWS)
    return Slice([(person, Role(role)) for person, role, *_ in found.rows], found.after)


def count_by_role(session: Session, space: Space) -> dict[Role, tuple[int, int]]:
    """Return how many people have each role in the space, and how many of these are guests."""
    who = _who(session, space, None, May.READ).subquery()
    guest = case((Person.site_role == SiteRole.GUEST.value, 1), else_=0)
    rows = session.execute(
        select(who.c.role, func.count(), func.sum(guest))
        .join(Person, Person.id == who.c.id)
        .where(who.c.role > int(Role.NONE))
        .group_by(who.c.role)
    )
    return {Role(role): (people, int(guests)) for role, people, guests in rows}


def _who(
    session: Session,
    space: Space,
    scope_id: int | None,
    may: May,
    among: Collection[int] | None = None,
) -> Select[int, int]:
    """Select the ids of accounts that may do it, and their own roles in the space."""
    roles = [literal(int(Role.NONE)), *granted(space.id, Person.id)]
    if space.visibility != Visibility.PRIVATE.value:
        member = Person.site_role.in_([SiteRole.MEMBER.value, SiteRole.ADMIN.value])
        roles.append(case((member, space.member_role), else_=int(Role.NONE)))
    own = (
        select(Person.id.label("id"), greatest(*roles).label("role"))
        .where(
            Person.disabled_at.is_(None),
            Person.imported_at.is_(None),
            *([Person.id.in_(among)] if among is not None else ()),
        )
        .subquery()
    )
    facts = space.facts(Role.NONE)
    # Everybody can read a public space, even without a role.
    needed = Role.NONE if may is May.READ and is_open(facts) else NEEDED[may]
    found = select(own.c.id, own.c.role).where(own.c.role >= int(needed))
    if scope_id is None:
        return found
    label = session.scalar(select(Scope.label).where(Scope.id == scope_id)) or 0
    cleared = [int(role) for role in list(Role)[:-1] if label <= clearance_of(role, facts)]
    passes = [own.c.role.in_(cleared), ~fails(scope_id, May.READ, own.c.id)]
    if may not in (May.READ, May.COMMENT):
        passes.append(~fails(scope_id, May.EDIT, own.c.id))
    return found.where(or_(own.c.role >= int(Role.LEAD), and_(*passes)))


def _is_open(session: Session, space: Space, scope_id: int | None) -> bool:
    if not is_open(space.facts(Role.NONE)):
        return False
    if scope_id is None:
        return True
    label = session.scalar(select(Scope.label).where(Scope.id == scope_id))
    held = select(ScopeRestriction.scope_id).where(
        ScopeRestriction.scope_id == scope_id, ScopeRestriction.may == May.READ.value
    )
    return label == int(Label.PUBLIC) and session.scalar(held.limit(1)) is None
