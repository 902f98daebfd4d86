"""Reading spaces, always as somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, select
from sqlalchemy.orm import Session

from wiki.db import BigId
from wiki.errors import Forbidden, NotFound
from wiki.rules.access import Actor, Decision, May, decide, role_in
from wiki.rules.roles import Role, Visibility
from wiki.spaces.models import Membership, Space


def readable_by(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Space`` that the actor may read it: the SQL twin of ``decide(READ)``."""
    condition: ColumnElement[bool] = Space.visibility == Visibility.PUBLIC.value
    if actor.is_member:
        condition = or_(
            condition,
            and_(
                Space.visibility == Visibility.INTERNAL.value,
                Space.member_role >= int(Role.READER),
            ),
        )
    return or_(condition, _granted(actor, Role.READER))


def editable_by(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Space`` that the actor may edit its pages (and see its deleted ones)."""
    condition: ColumnElement[bool] = false()
    if actor.is_member:
        condition = and_(
            Space.visibility != Visibility.PRIVATE.value, Space.member_role >= int(Role.EDITOR)
        )
    return or_(condition, _granted(actor, Role.EDITOR))


def _granted(actor: Actor, role: Role) -> ColumnElement[bool]:
    if actor.person_id is None:
        return false()
    return Space.id.in_(
        select(Membership.space_id).where(
            Membership.person_id == actor.person_id, Membership.role >= int(role)
        )
    )


@dataclass(frozen=True)
class SpaceSeen:
    """A space as somebody sees it: the row, and their own role in it."""

    space: Space
    role: Role
    actor: Actor

    def may(self, may: May, *, deleted: bool = False) -> Decision:
        """What the gate says to the one who looks."""
        return decide(may, self.actor, self.space.facts(self.role), deleted=deleted)

    def require(self, may: May) -> None:
        """Go on only if the one who looks may.

        :raises Forbidden: with the gate's reason.
        """
        decision = self.may(may)
        if not decision:
            raise Forbidden(decision.reason)


def see_space(session: Session, actor: Actor, slug: str) -> SpaceSeen:
    """The space of that slug, if the actor may read it.

    :raises NotFound: when there is none, or none that they may read.
    """
    return _see(session, actor, _by_slug(), slug)


def see_space_by_id(session: Session, actor: Actor, space_id: int) -> SpaceSeen:
    """The same, by id."""
    return _see(session, actor, _by_id(), space_id)


@cache
def _by_slug() -> Select[Space, int | None]:
    return _with_role(Space.slug == bindparam("which"))


@cache
def _by_id() -> Select[Space, int | None]:
    return _with_role(Space.id == bindparam("which"))


def _with_role(which: ColumnElement[bool]) -> Select[Space, int | None]:
    own = Membership.person_id == bindparam("person_id", type_=BigId)
    return (
        select(Space, Membership.role)
        .outerjoin(Membership, and_(Membership.space_id == Space.id, own))
        .where(which)
    )


def _see(
    session: Session, actor: Actor, statement: Select[Space, int | None], which: str | int
) -> SpaceSeen:
    row = session.execute(statement, {"which": which, "person_id": actor.person_id}).one_or_none()
    if row is None:
        raise NotFound
    return seen(row[0], row[1], actor)


def seen(space: Space, granted: int | None, actor: Actor) -> SpaceSeen:
    """Pass a space and the actor's membership role through the gate.

    :raises NotFound: when the actor may not read it.
    """
    facts = space.facts(Role(granted or 0))
    if not decide(May.READ, actor, facts):
        raise NotFound
    return SpaceSeen(space, role_in(actor, facts), actor)


def list_spaces(session: Session, actor: Actor) -> Sequence[Space]:
    """All spaces that the actor may read, by title."""
    return session.scalars(select(Space).where(readable_by(actor)).order_by(Space.title)).all()


def list_editable_spaces(session: Session, actor: Actor) -> Sequence[Space]:
    """All spaces whose pages the actor may edit, by title."""
    return session.scalars(select(Space).where(editable_by(actor)).order_by(Space.title)).all()


def list_members(session: Session, space: Space) -> Sequence[Membership]:
    """Who was given a role in the space, highest first."""
    return (
        session.scalars(
            select(Membership)
            .where(Membership.space_id == space.id)
            .order_by(Membership.role.desc(), Membership.person_id)
        )
        .unique()
        .all()
    )
