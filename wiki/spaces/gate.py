"""The gate in SQL: the twin of ``wiki/rules/access.py``, for whatever lists or counts.

All of it stands on one table made for who asks: the spaces that exist for them, their own role
there, and the highest label it is cleared for.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import local
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from wiki.people.models import GroupPerson
from wiki.rules.access import Actor, May
from wiki.rules.labels import Label
from wiki.rules.roles import Role, Visibility
from wiki.spaces.models import (
    GroupRole,
    Membership,
    RestrictedGroup,
    RestrictedPerson,
    Scope,
    ScopeRestriction,
    Space,
)


class greatest(FunctionElement[int]):
    """The largest of some values, none of which is NULL."""

    name = "greatest"
    type = Integer()
    inherit_cache = True


@compiles(greatest, "sqlite")
def _max(element: greatest, compiler: SQLCompiler, **options: Any) -> str:
    return f"max({compiler.process(element.clauses, **options)})"


@compiles(greatest, "postgresql")
def _greatest(element: greatest, compiler: SQLCompiler, **options: Any) -> str:
    return f"greatest({compiler.process(element.clauses, **options)})"


def granted(space_id: Any, person_id: Any) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """The roles that a person was given in a space, as themselves and in groups; 0 for none."""
    membership = aliased(Membership)
    alone = select(membership.role).where(
        membership.space_id == space_id, membership.person_id == person_id
    )
    role, member = aliased(GroupRole), aliased(GroupPerson)
    in_groups = (
        select(func.max(role.role))
        .join(member, member.group_id == role.group_id)
        .where(role.space_id == space_id, member.person_id == person_id)
    )
    return (
        func.coalesce(alone.scalar_subquery(), 0),
        func.coalesce(in_groups.scalar_subquery(), 0),
    )


def _standing(actor: Actor) -> CTE:
    """The spaces that exist for the actor: ``space_id``, their own ``role`` (0 where only the
    public's is theirs), and the highest label that they are cleared for."""
    space = aliased(Space)
    roles: list[ColumnElement[int]] = [literal(int(Role.NONE))]
    if actor.person_id is not None:
        roles += granted(space.id, actor.person_id)
    if actor.is_member:
        private = space.visibility == Visibility.PRIVATE.value
        roles.append(case((private, int(Role.NONE)), else_=space.member_role))
    role = greatest(*roles) if roles[1:] else roles[0]
    owned = select(
        space.id.label("space_id"),
        space.label.label("label"),
        and_(space.visibility == Visibility.PUBLIC.value, space.label == int(Label.PUBLIC)).label(
            "open"
        ),
        role.label("role"),
        space.reader_clearance.label("reader"),
        space.commenter_clearance.label("commenter"),
        space.editor_clearance.label("editor"),
    )
    if actor.within is not None:
        owned = owned.where(space.id.in_(sorted(actor.within)))
    own = owned.subquery("owned")
    cleared = case(
        (own.c.role == int(Role.NONE), int(Label.PUBLIC)),
        (own.c.role == int(Role.READER), greatest(own.c.label, own.c.reader)),
        (own.c.role == int(Role.COMMENTER), greatest(own.c.label, own.c.commenter)),
        (own.c.role == int(Role.EDITOR), greatest(own.c.label, own.c.editor)),
        else_=int(Label.RESTRICTED),
    )
    return (
        select(own.c.space_id, own.c.role, cleared.label("clearance"))
        .where(or_(own.c.open, own.c.role > int(Role.NONE)))
        .cte("standing")
    )


def _scopes(own: CTE, may: May, person_id: int | None) -> Select[int]:
    scope = aliased(Scope)
    passes = [scope.label <= own.c.clearance, ~fails(scope.id, May.READ, person_id)]
    found = select(scope.id).join(own, own.c.space_id == scope.space_id)
    if may is not May.READ:
        passes.append(~fails(scope.id, May.EDIT, person_id))
        found = found.where(own.c.role >= int(Role.EDITOR))
    return found.where(or_(own.c.role >= int(Role.LEAD), and_(*passes)))


class _Gate:
    """What is made for one asker, all of it on the same table of spaces.

    Statements put several of these together, and must find one and the same table in all of them.
    """

    def __init__(self, actor: Actor) -> None:
        own = _standing(actor)
        found = select(own.c.space_id)
        self.spaces = {
            role: found if role <= Role.READER else found.where(own.c.role >= int(role))
            for role in Role
        }
        self.scopes = {may: _scopes(own, may, actor.person_id) for may in May}


_KEPT = 64
_of_thread = local()


def _gate_of(actor: Actor) -> _Gate:
    """The one for this asker and this thread, in which a statement is put together from beginning
    to end: so that whatever else is asked meanwhile, it finds one table only."""
    kept: OrderedDict[Actor, _Gate] = _of_thread.__dict__.setdefault("kept", OrderedDict())
    found = kept.get(actor)
    if found is None:
        found = kept[actor] = _Gate(actor)
        if len(kept) > _KEPT:
            kept.popitem(last=False)
    else:
        kept.move_to_end(actor)
    return found


def spaces_with(actor: Actor, role: Role) -> Select[int]:
    """The ids of spaces in which the actor has at least that role; READER: those they may read."""
    return _gate_of(actor).spaces[role]


def scopes_for(actor: Actor, may: May) -> Select[int]:
    """The ids of scopes whose pages the actor may read, or edit."""
    return _gate_of(actor).scopes[may]


def spaces_up_to(label: Label) -> Select[int]:
    """The ids of spaces whose own label is at most this."""
    space = aliased(Space)
    return select(space.id).where(space.label <= int(label))


def is_up_to(label: Label, scope_id: Any) -> ColumnElement[bool]:
    """The condition that a scope is of at most this label, and that no list says who may read."""
    scope = aliased(Scope)
    return exists().where(scope.id == scope_id, scope.label <= int(label), ~is_kept(scope.id))


def is_kept(scope_id: Any) -> ColumnElement[bool]:
    """The condition that any list says who may read the pages of a scope."""
    held = aliased(ScopeRestriction)
    return exists().where(held.scope_id == scope_id, held.may == May.READ.value)


def fails(scope_id: Any, may: May, person_id: Any) -> ColumnElement[bool]:
    """The condition that a restriction holds for a scope and that a person is not on its list."""
    held, person = aliased(ScopeRestriction), aliased(RestrictedPerson)
    group, member = aliased(RestrictedGroup), aliased(GroupPerson)
    alone = exists().where(
        person.restriction_id == held.restriction_id, person.person_id == person_id
    )
    in_group = exists().where(
        group.restriction_id == held.restriction_id,
        member.group_id == group.group_id,
        member.person_id == person_id,
    )
    return exists().where(
        held.scope_id == scope_id,
        held.may == may.value,
        ~alone.correlate_except(person),
        ~in_group.correlate_except(group, member),
    )


def stands_in(
    actor: Actor, space_id: InstrumentedAttribute[int], role: Role = Role.READER
) -> ColumnElement[bool]:
    """The condition that a space, by its id, is one in which the actor has at least that role."""
    return space_id.in_(spaces_with(actor, role))
