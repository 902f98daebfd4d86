"""Mirrors of spaces: added, removed, listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from wiki.errors import Invalid, NotFound, require_allowed
from wiki.outbox.actions import publish
from wiki.outbox.models import EventRow
from wiki.people.models import Person
from wiki.rules.access import Actor, May, may_administer
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess
from wiki.transfer.events import MirrorAdded, MirrorRemoved
from wiki.transfer.git.space_events import FOLLOWED
from wiki.transfer.models import Mirror


def add_mirror(
    session: Session, actor: Actor, space: Space, folder: Path, person: Person | None
) -> Mirror:
    """Add a mirror that commits the future events of a space to the repository in the folder, as
    far as the person (None: the shell) may read.

    :raises Forbidden: unless the actor is an administrator.
    :raises Invalid: when the space has a mirror, or the folder belongs to another.
    """
    check_mirror(session, actor, space, folder)
    row = Mirror(
        space_id=space.id,
        folder=str(folder.absolute()),
        person_id=person.id if person else None,
    )
    session.add(row)
    session.flush()
    publish(session, actor, MirrorAdded(space.id))
    return row


def check_mirror(session: Session, actor: Actor, space: Space, folder: Path) -> None:
    """Check that a space can get a mirror in the folder; raise as :func:`add_mirror` does."""
    require_allowed(may_administer(actor))
    place = str(folder.absolute())
    if session.get(Mirror, space.id) is not None:
        raise Invalid(f"{space.slug} already has a mirror. Remove it first.")
    if session.scalar(select(Mirror.space_id).where(Mirror.folder == place)) is not None:
        raise Invalid(f"{place} is the mirror of another space.")


def remove_mirror(session: Session, actor: Actor, space: Space) -> Mirror:
    """Remove the mirror of a space and return it. The repository stays as it is.

    :raises Forbidden: unless the actor is an administrator. :raises NotFound: when there is none.
    """
    require_allowed(may_administer(actor))
    row = session.get(Mirror, space.id)
    if row is None:
        raise NotFound
    session.delete(row)
    session.flush()
    publish(session, actor, MirrorRemoved(space.id))
    return row


def mirror_of(session: Session, seen: SpaceAccess) -> Mirror | None:
    """Return a space's mirror. :raises Forbidden: unless the actor may manage the space."""
    seen.require(May.MANAGE)
    return session.get(Mirror, seen.space.id)


@dataclass(frozen=True)
class MirrorState:
    """A mirror, and the number of events that it has not committed yet."""

    mirror: Mirror
    behind: int


def list_mirrors(session: Session, actor: Actor) -> Sequence[MirrorState]:
    """Return all mirrors by space. :raises Forbidden: unless the actor is an administrator."""
    require_allowed(may_administer(actor))
    behind = (
        select(func.count(EventRow.id))
        .where(
            EventRow.space_id == Mirror.space_id,
            EventRow.id > Mirror.event_id,
            EventRow.name.in_(FOLLOWED),
        )
        .correlate(Mirror)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Mirror, behind)
        .join(Mirror.space)
        .options(joinedload(Mirror.space), joinedload(Mirror.person))
        .order_by(Space.slug)
    )
    return [MirrorState(mirror, count) for mirror, count in rows]
