"""Search for a person or a group by what a user typed, among those that the actor may know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from sqlalchemy import ColumnElement, ScalarSelect, Select, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.people.actions import find_person
from wiki.people.groups.actions import SIZE, find_group
from wiki.people.imported.placeholders import is_account
from wiki.people.models import Group, GroupPerson, Person
from wiki.people.names import shown_name
from wiki.rules.access import Actor, may_see_groups
from wiki.spaces.members import shares_a_space_with

Text: TypeAlias = InstrumentedAttribute[str]
LONGEST = 254
SUGGESTED = 8


def find_who(
    session: Session, actor: Actor, typed: str, *, field: str = "person"
) -> Person | Group | None:
    """Return the person or group with this user name (with or without ``@``), address or full name,
    or None.

    :param field: the form field to name in an error.
    :raises Invalid: if nothing was typed, or several have this name.
    """
    typed = typed.strip()[: LONGEST + 1]
    name = typed.removeprefix("@")
    if not name:
        raise Invalid(_("Enter a user name, an email address or a name."), field=field)
    person = find_person(session, name)
    if person is not None:
        return person
    group = find_group(session, name) if may_see_groups(actor) else None
    if group is not None or typed.startswith("@"):
        return group
    found = _called(session, actor, shown_name(name).lower())
    if len(found) > 1:
        several = ", ".join(f"@{one.handle}" for one in found[:5])
        raise Invalid(
            _(
                "More than one is called “%(name)s”. Choose one of %(several)s.",
                name=shown_name(name),
                several=several,
            ),
            field=field,
        )
    return found[0] if found else None


def _called(session: Session, actor: Actor, name: str) -> list[Person | Group]:
    if not name:
        return []
    people = select(Person).where(func.lower(Person.name) == name, known_to(actor))
    found: list[Person | Group] = [*session.scalars(people.order_by(Person.handle).limit(6))]
    if may_see_groups(actor):
        groups = select(Group).where(func.lower(Group.name) == name)
        found += session.scalars(groups.order_by(Group.handle).limit(6))
    return found


def known_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a ``Person`` has an enabled account that the actor may know:
    members know each other, guests know those with whom they share a space."""
    here = is_account() & Person.disabled_at.is_(None)
    return here if actor.is_member else here & shares_a_space_with(actor)


def known_person(session: Session, actor: Actor, typed: str) -> Person | None:
    """Return the person with this user name (with or without ``@``) or address, if the actor may
    know them, even if their account is disabled."""
    person = find_person(session, typed.strip().removeprefix("@").strip())
    if person is None or actor.is_member:
        return person
    shared = select(Person).where(Person.id == person.id, shares_a_space_with(actor))
    return session.scalar(shared)


@dataclass(frozen=True)
class Suggestion:
    """A person or a group as a suggestion; ``people`` is the number of people in a group: of those
    among whom it was looked for, if they are limited."""

    handle: str
    name: str
    people: int | None = None


def suggest_who(
    session: Session, actor: Actor, typed: str, among: Select[int] | None = None
) -> Sequence[Suggestion]:
    """Return the people and groups whose user name, name or a word of it begins with this text.

    :param among: only these people, by id, and groups with some of them.
    """
    words = shown_name(typed[:LONGEST].strip().removeprefix("@")).lower()
    if not words or actor.is_anonymous:
        return []
    people = (
        select(Person.handle, Person.name)
        .where(_begins(Person.handle, Person.name, words), known_to(actor))
        .order_by(_rank(Person.handle, words), func.lower(Person.name), Person.id)
        .limit(SUGGESTED)
    )
    if among is not None:
        people = people.where(Person.id.in_(among))
    found = [Suggestion(handle, name) for handle, name in session.execute(people)]
    if may_see_groups(actor):
        size = SIZE if among is None else _reached(among)
        groups = (
            select(Group.handle, Group.name, size)
            .where(_begins(Group.handle, Group.name, words))
            .order_by(_rank(Group.handle, words), func.lower(Group.name), Group.id)
            .limit(SUGGESTED // 2)
        )
        if among is not None:
            of_group = select(GroupPerson.group_id).where(GroupPerson.person_id.in_(among))
            groups = groups.where(Group.id.in_(of_group))
        these = [Suggestion(*row) for row in session.execute(groups)]
        found = [*these, *islice(found, SUGGESTED - len(these))]
    return found


def _reached(among: Select[int]) -> ScalarSelect[int]:
    """Return the number of those people who are in a ``Group``: whom a mention of it reaches."""
    return (
        select(func.count())
        .select_from(GroupPerson)
        .where(GroupPerson.group_id == Group.id, GroupPerson.person_id.in_(among))
        .correlate(Group)
        .scalar_subquery()
    )


def _begins(handle: Text, name: Text, words: str) -> ColumnElement[bool]:
    lower = func.lower(name)
    return or_(
        handle.startswith(words, autoescape=True),
        lower.startswith(words, autoescape=True),
        lower.contains(f" {words}", autoescape=True),
    )


def _rank(handle: Text, words: str) -> ColumnElement[int]:
    return case((handle == words, 0), (handle.startswith(words, autoescape=True), 1), else_=2)
