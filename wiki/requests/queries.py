"""Queries for requests for access."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, contains_eager

from wiki.errors import NotFound
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.people.models import Person
from wiki.requests.models import AccessRequest
from wiki.rules.access import Actor, May
from wiki.rules.roles import Role
from wiki.spaces.gate import spaces_with
from wiki.spaces.members import leads_of, standings_in
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess, see_space
from wiki.text.paths import path_key

MOST_LISTED = 200


@dataclass(frozen=True)
class Waiting:
    """A request for the leads of the space: with the role that the person has there already, and
    the page at the address, if there is one."""

    request: AccessRequest
    role: Role
    page: Page | None


@dataclass(frozen=True)
class Known:
    """A space that a person can read, with the people whom they can ask for a role in it."""

    space: Space
    leads: Sequence[Person]


def known_at(session: Session, actor: Actor, slug: str) -> Known | None:
    """Return the space and a few of its active leads; None if the actor can't read a space with
    this slug."""
    try:
        space = see_space(session, actor, slug).space
    except NotFound:
        return None
    leads = leads_of(session, [space.id]).get(space.id, ())
    return Known(space, [one for one in leads if not (one.disabled_at or one.service_at)])


def list_waiting(session: Session, seen: SpaceAccess) -> list[Waiting]:
    """Return the requests that wait for a decision of the space's leads, the oldest first.

    :raises Forbidden: unless the actor leads the space.
    """
    seen.require(May.MANAGE)
    rows = session.scalars(
        select(AccessRequest)
        .join(AccessRequest.person)
        .where(_waits(seen.space.slug, seen.space.created_at))
        .options(contains_eager(AccessRequest.person))
        .order_by(AccessRequest.asked_at, AccessRequest.id)
        .limit(MOST_LISTED)
    ).all()
    if not rows:
        return []
    roles = {one.person.id: one.role for one in standings_in(session, seen.space, _people(rows))}
    pages = {
        page.path_key: page
        for page in session.scalars(
            select(Page).where(
                Page.space_id == seen.space.id,
                Page.path_key.in_({path_key(row.path) for row in rows if row.path}),
                live_for(seen.actor),
            )
        )
    }
    return [
        Waiting(row, roles[row.person_id], pages.get(path_key(row.path)) if row.path else None)
        for row in rows
    ]


def count_waiting(session: Session, slug: str, created_at: datetime) -> int:
    """Return the number of requests that wait for a decision of the leads of a space that was
    created at a moment. The caller checks permission."""
    return session.scalar(_number_waiting(), {"slug": slug, "created_at": created_at}) or 0


@cache
def _number_waiting() -> Select[int]:
    return (
        select(func.count())
        .select_from(AccessRequest)
        .join(AccessRequest.person)
        .where(_waits(bindparam("slug"), bindparam("created_at")))
    )


def count_by_space(session: Session, actor: Actor) -> list[tuple[Space, int]]:
    """Return the spaces that the actor leads in which requests wait, by title, each with the number
    of requests."""
    if actor.person_id is None:
        return []
    return [(space, number) for space, number in session.execute(_by_space(actor))]


@lru_cache(maxsize=64)
def _by_space(actor: Actor) -> Select[Any]:
    waits = (
        select(Space.id, func.count().label("number"))
        .join(AccessRequest, AccessRequest.slug == Space.slug)
        .join(AccessRequest.person)
        .where(_waits(Space.slug, Space.created_at), Space.id.in_(spaces_with(actor, Role.LEAD)))
        .group_by(Space.id)
        .subquery()
    )
    return (
        select(Space, waits.c.number)
        .join(waits, waits.c.id == Space.id)
        .order_by(func.lower(Space.title), Space.id)
    )


def get_waiting(session: Session, seen: SpaceAccess, request_id: int) -> AccessRequest:
    """Return a request that waits for a decision of the space's leads, locked.

    :raises Forbidden: unless the actor leads the space.
    :raises NotFound: when it is not there any more.
    """
    seen.require(May.MANAGE)
    row = session.scalar(
        select(AccessRequest)
        .join(AccessRequest.person)
        .where(AccessRequest.id == request_id, _waits(seen.space.slug, seen.space.created_at))
        .options(contains_eager(AccessRequest.person))
        .with_for_update(of=AccessRequest)
    )
    if row is None:
        raise NotFound
    return row


def _waits(slug: Any, created_at: Any) -> ColumnElement[bool]:
    """The condition on requests, joined with their people, that the space's leads may see them.
    Those that were made before there was such a space were meant for nobody who leads it now."""
    return and_(
        AccessRequest.slug == slug,
        AccessRequest.asked_at >= created_at,
        AccessRequest.declined_at.is_(None),
        Person.disabled_at.is_(None),
    )


def _people(rows: Sequence[AccessRequest]) -> list[Person]:
    return [row.person for row in rows]
