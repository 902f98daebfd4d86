"""Queries for accounts: a user's own sign-ins, and all people for admins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, func, or_, select
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import NotFound, require_allowed
from wiki.people.imported.models import PersonAddress
from wiki.people.imported.placeholders import is_account, is_placeholder
from wiki.people.models import LoginSession, Person
from wiki.photos.models import Photo
from wiki.rules.access import Actor, may_administer
from wiki.web.paging import Slice, slice_of

BY_NAME = (func.lower(Person.name, type_=String), Person.id)
"""The order of people by name, for ``slice_of``."""


def can_sign_in() -> ColumnElement[bool]:
    """Return the condition that somebody can sign in as this ``Person``: not a disabled or a
    service account, nor a placeholder."""
    return and_(Person.disabled_at.is_(None), Person.service_at.is_(None), is_account())


def sign_ins(session: Session, actor: Actor) -> Sequence[LoginSession]:
    """Return the actor's open sign-ins, latest first."""
    return session.scalars(
        select(LoginSession)
        .where(LoginSession.person_id == actor.person_id, LoginSession.expires_at > now())
        .order_by(LoginSession.seen_at.desc(), LoginSession.id.desc())
    ).all()


@dataclass(frozen=True)
class PersonRow:
    """A person as the administration lists them."""

    person: Person
    seen_at: datetime | None
    addresses: tuple[str, ...] = ()


def list_people(
    session: Session,
    actor: Actor,
    *,
    query: str = "",
    imported: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Slice[PersonRow]:
    """Return all people with an account, by user name.

    :param query: part of a name, user name or address.
    :param imported: list placeholders instead of accounts.
    :param after: the cursor of the previous slice.
    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    last_seen = (
        select(func.max(LoginSession.seen_at))
        .where(LoginSession.person_id == Person.id)
        .scalar_subquery()
    )
    found = select(Person, last_seen).where(is_placeholder() if imported else is_account())
    words = "".join(character for character in query if character.isprintable()).strip().lower()
    if words:
        found = found.where(
            or_(
                Person.handle.contains(words, autoescape=True),
                Person.email.contains(words, autoescape=True),
                Person.id.in_(
                    select(PersonAddress.person_id).where(
                        PersonAddress.key.contains(words, autoescape=True)
                    )
                ),
                func.lower(Person.name).contains(words, autoescape=True),
            )
        )
    people = slice_of(session, found, (Person.handle,), after, limit)
    addresses = _addresses(session, [row[0].id for row in people.rows]) if imported else {}
    rows = [PersonRow(one, seen, tuple(addresses.get(one.id, ()))) for one, seen, _ in people.rows]
    return Slice(rows, people.after)


def get_person(session: Session, actor: Actor, handle: str) -> Person:
    """Return a person by handle, for an admin.

    :raises Forbidden: unless the actor is an admin.
    :raises NotFound: if there is none.
    """
    require_allowed(may_administer(actor))
    person = session.scalar(select(Person).where(Person.handle == handle))
    if person is None:
        raise NotFound
    return person


def count_placeholders(session: Session, actor: Actor) -> int:
    """Return the number of placeholders whose work is not claimed, for an admin."""
    require_allowed(may_administer(actor))
    return session.scalar(select(func.count(Person.id)).where(is_placeholder())) or 0


def addresses_of(session: Session, actor: Actor, person: Person) -> Sequence[PersonAddress]:
    """Return the addresses of Git histories that sign a person's work, for an admin or that
    person."""
    if actor.person_id != person.id:
        require_allowed(may_administer(actor))
    return session.scalars(
        select(PersonAddress)
        .where(PersonAddress.person_id == person.id)
        .order_by(PersonAddress.created_at, PersonAddress.key)
    ).all()


def people_by_id(session: Session, ids: Iterable[int | None]) -> dict[int | None, Person]:
    """Return the people with these ids who still exist, by id."""
    wanted = {id for id in ids if id is not None}
    if not wanted:
        return {}
    found = session.scalars(select(Person).where(Person.id.in_(wanted)))
    return {person.id: person for person in found}


def _addresses(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for person_id, address in session.execute(
        select(PersonAddress.person_id, PersonAddress.address)
        .where(PersonAddress.person_id.in_(ids))
        .order_by(PersonAddress.created_at, PersonAddress.key)
    ):
        found.setdefault(person_id, []).append(address)
    return found


def sign_ins_of(session: Session, actor: Actor, person: Person) -> tuple[int, datetime | None]:
    """Return how many sign-ins of a person are open, and when the latest was seen, for an admin."""
    require_allowed(may_administer(actor))
    row = session.execute(
        select(func.count(LoginSession.id), func.max(LoginSession.seen_at)).where(
            LoginSession.person_id == person.id, LoginSession.expires_at > now()
        )
    ).one()
    return row[0], row[1]


def has_photo(session: Session, person: Person) -> bool:
    """Return whether a photo of the person is stored; that of a disabled account is not shown."""
    if person.disabled_at is None:
        return person.photo is not None
    stored = select(Photo.person_id).where(Photo.person_id == person.id)
    return session.scalar(stored) is not None
