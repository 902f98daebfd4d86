"""The people whom a text mentions by their own names, by groups, or as everybody of the space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Select,
    case,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from wiki.db import insert_into
from wiki.inbox.kinds import Because
from wiki.inbox.models import MessageMention, PageMention
from wiki.outbox.deliver import Happening
from wiki.pages.models import Page
from wiki.people.models import Group, GroupPerson, Person
from wiki.people.queries import can_sign_in
from wiki.rules.roles import Role
from wiki.spaces.audience import readers
from wiki.spaces.members import role_given
from wiki.watching.levels import DEFAULT, Level
from wiki.watching.queries import chain_of, deciding

MOST_NAMES = 25
"""Maximum number of names of a text that are told."""
MOST_PEOPLE = 100
"""Maximum number of people whom a text tells."""
MOST_WITHOUT_LEAD = 15
"""Number of readers of a space beyond which only its leads can mention all of them."""
EVERYBODY = "space"
"""The name that mentions all readers of the page."""

_OWN, _OF_GROUP, _OF_SPACE = range(3)
_REASONS = {
    _OWN: Because.NAME.value,
    _OF_GROUP: Because.GROUP.value,
    _OF_SPACE: Because.SPACE.value,
}


def record_mentions(
    session: Session,
    happening: Happening,
    page: Page,
    names: Sequence[str],
    message_id: int | None = None,
) -> Select[Any]:
    """Store whom a page or a message mentions, and select those who are new: the person, the reason
    and no watch. A person is told once of a message, and once of a page for as long as it mentions
    them.

    Only those who can read the page are told, and not its author. A group or the space does not
    tell people who muted what is mentioned; their own names do.
    """
    table: Any = MessageMention if message_id is not None else PageMention
    own: Any = table.message_id if message_id is not None else table.page_id
    key = message_id if message_id is not None else page.id
    found = _people(session, happening, page, names)
    if message_id is None:
        session.execute(
            delete(table).where(own == key, table.person_id.not_in(select(found.c.person_id)))
        )
    row = select(
        literal(key, BigInteger),
        found.c.person_id,
        literal(happening.event_id, BigInteger),
        case(_REASONS, value=found.c.rank),
    ).where(found.c.person_id.is_not(None))
    insert = insert_into(session, table).from_select(
        [own.key, "person_id", "event_id", "reason"], row
    )
    session.execute(insert.on_conflict_do_nothing())
    return select(table.person_id, table.reason, null()).where(
        own == key, table.event_id == happening.event_id
    )


def _people(session: Session, happening: Happening, page: Page, names: Sequence[str]) -> Any:
    """Select those who are mentioned and told: ``person_id`` and ``rank``."""
    handles = list(names[:MOST_NAMES])
    reading = readers(session, page.space, page.scope_id)
    ways = [
        select(Person.id.label("person_id"), literal(_OWN).label("rank")).where(
            Person.handle.in_(handles)
        ),
        select(GroupPerson.person_id, literal(_OF_GROUP))
        .join(Group, Group.id == GroupPerson.group_id)
        .where(Group.handle.in_(handles)),
    ]
    if EVERYBODY in handles and _may_tell_everybody(session, happening, page, reading):
        ways.append(select(Person.id, literal(_OF_SPACE)).where(Person.id.in_(reading)))
    named = union_all(*ways).subquery()
    nearest = (
        select(named.c.person_id, func.min(named.c.rank).label("rank"))
        .group_by(named.c.person_id)
        .subquery()
    )
    thread_id = happening.payload.get("thread_id")
    muted = deciding(chain_of(session, page, thread_id))
    return (
        select(nearest.c.person_id, nearest.c.rank)
        .join(Person, Person.id == nearest.c.person_id)
        .outerjoin(muted, muted.c.person_id == Person.id)
        .where(
            Person.id != (happening.actor_id or 0),
            can_sign_in(),
            Person.id.in_(reading),
            or_(
                nearest.c.rank == _OWN,
                func.coalesce(muted.c.level, int(DEFAULT)) > int(Level.MUTE),
            ),
        )
        .order_by(nearest.c.rank, Person.id)
        .limit(MOST_PEOPLE)
        .subquery()
    )


def _may_tell_everybody(
    session: Session, happening: Happening, page: Page, reading: Select[int]
) -> bool:
    few = select(func.count()).select_from(reading.limit(MOST_WITHOUT_LEAD + 1).subquery())
    if (session.scalar(few) or 0) <= MOST_WITHOUT_LEAD:
        return True
    author = happening.actor_id
    return author is not None and role_given(session, page.space, author) >= Role.LEAD
