"""Access checks in SQL: the equivalent of ``wiki/rules/access.py`` for queries that list or count.

All conditions build on one table per actor: the spaces that they may see, their own role in each,
and the highest label that this role may read.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property
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


# Created once: creating an alias costs more than all conditions on it. No subquery below is inside
# another one that reads from the same alias.
_space, _scope = aliased(Space), aliased(Scope)
_membership, _role, _member = aliased(Membership), aliased(GroupRole), aliased(GroupPerson)
_held, _person = aliased(ScopeRestriction), aliased(RestrictedPerson)
_group, _in_group = aliased(RestrictedGroup), aliased(GroupPerson)


def granted(space_id: Any, person_id: Any) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Return the roles that a person was given in a space, directly and through groups; 0 for
    none."""
    alone = select(_membership.role).where(
        _membership.space_id == space_id, _membership.person_id == person_id
    )
    in_groups = (
        select(func.max(_role.role))
        .join(_member, _member.group_id == _role.group_id)
        .where(_role.space_id == space_id, _member.person_id == person_id)
    )
    return (
        func.coalesce(alone.scalar_subquery(), 0),
        func.coalesce(in_groups.scalar_subquery(), 0),
    )


def _standing(actor: Actor) -> CTE:
    """Return the spaces that the actor may see: ``space_id``, their own ``role`` (0 if they see it
    only because it is public), and the highest label that they may read (``clearance``)."""
    roles: list[ColumnElement[int]] = [literal(int(Role.NONE))]
    if actor.person_id is not None:
        roles += granted(_space.id, actor.person_id)
    if actor.is_member:
        private = _space.visibility == Visibility.PRIVATE.value
        roles.append(case((private, int(Role.NONE)), else_=_space.member_role))
    role = greatest(*roles) if roles[1:] else roles[0]
    owned = select(
        _space.id.label("space_id"),
        _space.label.label("label"),
        and_(_space.visibility == Visibility.PUBLIC.value, _space.label == int(Label.PUBLIC)).label(
            "open"
        ),
        role.label("role"),
        _space.reader_clearance.label("reader"),
        _space.commenter_clearance.label("commenter"),
        _space.editor_clearance.label("editor"),
    )
    if actor.within is not None:
        owned = owned.where(_space.id.in_(sorted(actor.within)))
    # Materialised: SQLite would compute the role anew for each of the comparisons below.
    own = owned.cte("owned").prefix_with("MATERIALIZED")
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


def _open_to(own: CTE, may: May, person_id: int | None) -> ColumnElement[bool]:
    """Return the condition that a scope permits access to the person whose spaces are ``own``."""
    passes = [_scope.label <= own.c.clearance, ~fails(_scope.id, May.READ, person_id)]
    if may is not May.READ:
        passes.append(~fails(_scope.id, May.EDIT, person_id))
    open_to = or_(own.c.role >= int(Role.LEAD), and_(*passes))
    return open_to if may is May.READ else and_(own.c.role >= int(Role.EDITOR), open_to)


class _Gate:
    """The conditions for one actor, all built on the same table of spaces.

    Statements combine several of them, and must use one and the same table in all.
    """

    def __init__(self, actor: Actor) -> None:
        self._person_id = actor.person_id
        self._own = _standing(actor)
        found = select(self._own.c.space_id)
        self.spaces = {
            role: found if role <= Role.READER else found.where(self._own.c.role >= int(role))
            for role in Role
        }

    @cached_property
    def read(self) -> Select[int]:
        """Select the scopes whose pages the actor may read."""
        return self._scopes(May.READ)

    @cached_property
    def edit(self) -> Select[int]:
        """Select the scopes whose pages the actor may edit."""
        return self._scopes(May.EDIT)

    def reads(self, scope_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        """Return the condition that the actor may read the pages of this scope."""
        one = self.read.where(_scope.id == scope_id)
        return one.correlate_except(_scope, self._own).exists()

    def _scopes(self, may: May) -> Select[int]:
        found = select(_scope.id).join(self._own, self._own.c.space_id == _scope.space_id)
        return found.where(_open_to(self._own, may, self._person_id))


_KEPT = 64
_of_thread = local()


def _gate_of(actor: Actor) -> _Gate:
    """Return the cached conditions of this actor for this thread. A statement is built in one
    thread, so it uses a single table even if other threads build statements meanwhile."""
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
    """Select the ids of spaces in which the actor has at least that role; READER: those they may
    read."""
    return _gate_of(actor).spaces[role]


def scopes_for(actor: Actor, may: May) -> Select[int]:
    """Select the ids of scopes whose pages the actor may read, or edit."""
    gate = _gate_of(actor)
    return gate.read if may is May.READ else gate.edit


def in_scopes_of(actor: Actor, scope_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return the condition that the actor may read the pages of a scope.

    It is equivalent to ``scope_id.in_(scopes_for(actor, May.READ))`` but evaluated for each row.
    Use it where rows are few and scopes may be many.
    """
    return _gate_of(actor).reads(scope_id)


def let_through(scope_id: Any, clearance: Any, person_id: Any) -> ColumnElement[bool]:
    """Return the condition that a scope permits reading for a person with this clearance in its
    space."""
    return (
        exists()
        .where(
            _scope.id == scope_id,
            _scope.label <= clearance,
            ~fails(_scope.id, May.READ, person_id),
        )
        .correlate_except(_scope)
    )


def spaces_up_to(label: Label) -> Select[int]:
    """Select the ids of spaces whose own label is at most this."""
    return select(_space.id).where(_space.label <= int(label))


def is_up_to(label: Label, scope_id: Any) -> ColumnElement[bool]:
    """Return the condition that a scope has at most this label and no reading restriction."""
    return exists().where(_scope.id == scope_id, _scope.label <= int(label), ~is_kept(_scope.id))


def is_kept(scope_id: Any) -> ColumnElement[bool]:
    """Return the condition that a reading restriction applies to a scope."""
    return exists().where(_held.scope_id == scope_id, _held.may == May.READ.value)


def fails(scope_id: Any, may: May, person_id: Any) -> ColumnElement[bool]:
    """Return the condition that a restriction applies to a scope and does not list the person."""
    alone = exists().where(
        _person.restriction_id == _held.restriction_id, _person.person_id == person_id
    )
    in_group = exists().where(
        _group.restriction_id == _held.restriction_id,
        _in_group.group_id == _group.group_id,
        _in_group.person_id == person_id,
    )
    return exists().where(
        _held.scope_id == scope_id,
        _held.may == may.value,
        ~alone.correlate_except(_person),
        ~in_group.correlate_except(_group, _in_group),
    )


def stands_in(
    actor: Actor, space_id: InstrumentedAttribute[int], role: Role = Role.READER
) -> ColumnElement[bool]:
    """Return the condition that the actor has at least that role in a space."""
    return space_id.in_(spaces_with(actor, role))
