"""Queries for spaces with access checks for the actor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import Session, joinedload, object_session

from wiki.db import BigId
from wiki.errors import Forbidden, NotFound
from wiki.i18n import gettext as _
from wiki.i18n import listed
from wiki.pages.models import Page
from wiki.people.models import Group, GroupPerson, Person
from wiki.rules.access import (
    OPEN,
    Actor,
    Decision,
    May,
    PageFacts,
    Restriction,
    clearance_of,
    decide,
    own_role,
    role_in,
)
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.spaces.gate import fails, granted, spaces_with
from wiki.spaces.models import (
    GroupRole,
    Membership,
    RestrictedGroup,
    RestrictedPerson,
    RestrictionRow,
    Scope,
    ScopeRestriction,
    Space,
)


def readable_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that the actor may read a ``Space``: ``decide(READ)`` in SQL."""
    return Space.id.in_(spaces_with(actor, Role.READER))


def editable_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that the actor has the role of an editor in a ``Space``."""
    return Space.id.in_(spaces_with(actor, Role.EDITOR))


@dataclass(frozen=True)
class SpaceAccess:
    """A space as an actor sees it, with their role in it; or one page of it, with its ``page``
    facts and the ``scope_id`` of its labels and restrictions."""

    space: Space
    role: Role
    actor: Actor
    granted: Role
    page: PageFacts = OPEN
    scope_id: int | None = None

    @property
    def clearance(self) -> Label:
        """The highest label that the actor may read in the space."""
        facts = self.space.facts(self.granted, self.actor.within)
        return clearance_of(own_role(self.actor, facts), facts)

    @property
    def label(self) -> Label:
        """The effective label: that of the page (including inherited ones) or that of the space,
        whichever is higher."""
        return Label(max(self.page.label, self.space.label))

    def may(self, may: May) -> Decision:
        """Return the decision of the access check for the actor."""
        facts = self.space.facts(self.granted, self.actor.within)
        return decide(may, self.actor, facts, self.page)

    def require(self, may: May) -> None:
        """Check that the actor may do this.

        :raises Forbidden: with the reason.
        """
        decision = self.may(may)
        if decision:
            return
        session = object_session(self.space)
        if session is not None and self.scope_id is not None and self.actor.is_member:
            page = ScopedPage(self.scope_id, deleted=self.page.deleted)
            decision = why(session, self.actor, self.space, may, page)
        raise Forbidden(decision.refusal, decision.reason)


def see_space(session: Session, actor: Actor, slug: str) -> SpaceAccess:
    """Return the space with this slug, if the actor may read it.

    :raises NotFound: otherwise.
    """
    return _see(session, actor, _by_slug(), slug)


def see_space_by_id(session: Session, actor: Actor, space_id: int) -> SpaceAccess:
    """Return the space with this id, if the actor may read it.

    :raises NotFound: otherwise.
    """
    return _see(session, actor, _by_id(), space_id)


def see_scope(
    session: Session,
    actor: Actor,
    space_id: int,
    scope_id: int | None,
    *,
    deleted: bool = False,
) -> SpaceAccess:
    """Return the view of a page with this space and scope, if the actor may read it.

    :raises NotFound: otherwise.
    """
    return _see(session, actor, _by_id(), space_id, scope_id, deleted=deleted)


@cache
def _by_slug() -> Select[Any]:
    return select(Space, *STANDING).outerjoin(Scope, IN_SCOPE).where(Space.slug == _WHICH)


@cache
def _by_id() -> Select[Any]:
    return select(Space, *STANDING).outerjoin(Scope, IN_SCOPE).where(Space.id == _WHICH)


_WHICH: Any = bindparam("which")
_PERSON: Any = bindparam("person_id", type_=BigId)
IN_SCOPE = Scope.id == bindparam("scope_id", type_=BigId)

Standing: TypeAlias = tuple[int, int, int | None, bool, bool]
"""The values of :data:`STANDING`."""

STANDING: tuple[Any, ...] = (
    *granted(Space.id, _PERSON),
    Scope.label,
    fails(Scope.id, May.READ, _PERSON).correlate(Scope),
    fails(Scope.id, May.EDIT, _PERSON).correlate(Scope),
)
"""The columns that access checks need for a space and a scope (outer joined), for the person
``person_id``: their roles, the label, and whether restrictions exclude them from reading and from
editing."""


def _see(
    session: Session,
    actor: Actor,
    statement: Select[Any],
    which: str | int,
    scope_id: int | None = None,
    *,
    deleted: bool = False,
) -> SpaceAccess:
    row = session.execute(
        statement, {"which": which, "person_id": actor.person_id, "scope_id": scope_id}
    ).one_or_none()
    if row is None:
        raise NotFound
    return seen(row[0], tuple(row[1:6]), actor, scope_id, deleted=deleted)


def seen(
    space: Space,
    standing: Standing,
    actor: Actor,
    scope_id: int | None = None,
    *,
    deleted: bool = False,
) -> SpaceAccess:
    """Check that the actor may read a space, or a page of it; return their view of it.

    :raises NotFound: if they may not read it.
    """
    alone, in_groups, label, unread, unedited = standing
    own = Role(max(alone, in_groups))
    page = OPEN
    if scope_id is not None or deleted:
        kept = ((May.READ, unread), (May.EDIT, unedited))
        page = PageFacts(
            Label(label or 0), tuple(Restriction(may, False) for may, it in kept if it), deleted
        )
    facts = space.facts(own, actor.within)
    if not decide(May.READ, actor, facts, page):
        raise NotFound
    return SpaceAccess(space, role_in(actor, facts), actor, own, page, scope_id)


@dataclass(frozen=True)
class Held:
    """A restriction that applies to a page: the page on which it was set (id and title), and the
    people and groups on its list."""

    id: int
    may: May
    page_id: int
    page: str
    people: tuple[Person, ...] = ()
    groups: tuple[Group, ...] = ()

    @property
    def words(self) -> str:
        """The people and groups on the list, for a sentence."""
        names = [_("group %(name)s", name=group.name) for group in self.groups]
        names += [person.name for person in self.people]
        if not names:
            return _("leads of the space")
        if len(names) > 4:
            most, more = ", ".join(names[:3]), len(names) - 3
            return _("%(names)s and %(number)s others", names=most, number=more)
        return listed(names)


def restrictions_of(session: Session, scope_ids: Iterable[int]) -> list[Held]:
    """Return the restrictions that apply to some scopes, each once, with their lists."""
    rows = session.scalars(
        select(RestrictionRow)
        .where(
            RestrictionRow.id.in_(
                select(ScopeRestriction.restriction_id).where(
                    ScopeRestriction.scope_id.in_(list(scope_ids))
                )
            )
        )
        .order_by(RestrictionRow.id)
    ).all()
    return with_lists(session, rows)


def with_lists(session: Session, rows: Sequence[RestrictionRow]) -> list[Held]:
    """Return restrictions with their lists, in three queries."""
    ids = [row.id for row in rows]
    of = select(Page.id, Page.title).where(Page.id.in_({row.page_id for row in rows}))
    titles: dict[int, str] = {row[0]: row[1] for row in session.execute(of)}
    people: dict[int, list[Person]] = {}
    groups: dict[int, list[Group]] = {}
    for id, person in session.execute(
        select(RestrictedPerson.restriction_id, Person)
        .join(Person, Person.id == RestrictedPerson.person_id)
        .where(RestrictedPerson.restriction_id.in_(ids))
        .order_by(Person.name, Person.id)
    ):
        people.setdefault(id, []).append(person)
    for id, group in session.execute(
        select(RestrictedGroup.restriction_id, Group)
        .join(Group, Group.id == RestrictedGroup.group_id)
        .where(RestrictedGroup.restriction_id.in_(ids))
        .order_by(Group.name, Group.id)
    ):
        groups.setdefault(id, []).append(group)
    return [
        Held(
            row.id,
            May(row.may),
            row.page_id,
            titles.get(row.page_id, ""),
            tuple(people.get(row.id, ())),
            tuple(groups.get(row.id, ())),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class ScopedPage:
    """The scope of a page, None for a page without one; and its id, if a reason is to name the page
    above it that is restricted."""

    scope_id: int | None
    id: int | None = None
    deleted: bool = False


def why(
    session: Session,
    actor: Actor,
    space: Space,
    may: May,
    page: ScopedPage,
) -> Decision:
    """Return the decision for an actor about a page of this space. Its reason names the
    people on the lists that exclude the actor, so show it only to users who may read the page.
    """
    scope_id = page.scope_id
    alone, in_groups = session.execute(select(*granted(space.id, actor.person_id))).one()
    facts = OPEN
    if scope_id is not None:
        groups = select(GroupPerson.group_id).where(GroupPerson.person_id == actor.person_id)
        mine = set(session.scalars(groups))
        held = restrictions_of(session, [scope_id])
        label = session.scalar(select(Scope.label).where(Scope.id == scope_id))
        facts = PageFacts(
            Label(label or 0), tuple(_fact(one, actor, mine, page.id) for one in held), page.deleted
        )
    return decide(may, actor, space.facts(Role(max(alone, in_groups)), actor.within), facts)


def _fact(held: Held, actor: Actor, groups: set[int], page_id: int | None) -> Restriction:
    passes = actor.person_id in {person.id for person in held.people} or bool(
        {group.id for group in held.groups} & groups
    )
    elsewhere = held.page if page_id not in (None, held.page_id) else ""
    return Restriction(held.may, passes, elsewhere, held.words)


def list_spaces(session: Session, actor: Actor) -> Sequence[Space]:
    """Return all spaces that the actor may read, by title."""
    return session.scalars(_readable(actor)).all()


@lru_cache(maxsize=64)
def _readable(actor: Actor) -> Select[Space]:
    return select(Space).where(readable_by(actor)).order_by(Space.title)


def list_editable_spaces(session: Session, actor: Actor) -> Sequence[Space]:
    """Return all spaces whose pages the actor may edit, by title."""
    return session.scalars(select(Space).where(editable_by(actor)).order_by(Space.title)).all()


def list_members(session: Session, space: Space) -> Sequence[Membership]:
    """Return the people who were given a role in the space, highest role first."""
    return (
        session.scalars(
            select(Membership)
            .where(Membership.space_id == space.id)
            .options(joinedload(Membership.person))
            .order_by(Membership.role.desc(), Membership.person_id)
        )
        .unique()
        .all()
    )


def list_group_roles(session: Session, space: Space) -> Sequence[GroupRole]:
    """Return the groups that were given a role in the space, highest role first."""
    return (
        session.scalars(
            select(GroupRole)
            .where(GroupRole.space_id == space.id)
            .options(joinedload(GroupRole.group))
            .order_by(GroupRole.role.desc(), GroupRole.group_id)
        )
        .unique()
        .all()
    )
