"""Requesting access, granting and declining it."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import insert_into, now
from wiki.errors import Forbidden, Invalid
from wiki.i18n import gettext as _
from wiki.mail.messages import post
from wiki.outbox.actions import publish
from wiki.people.models import Person
from wiki.requests.events import AccessDeclined, AccessRequested
from wiki.requests.models import AccessRequest
from wiki.requests.queries import get_waiting
from wiki.rules.access import Actor
from wiki.rules.roles import Role
from wiki.spaces.actions import set_role
from wiki.spaces.models import Membership, Space
from wiki.spaces.queries import SpaceAccess

KEPT = timedelta(days=30)
"""The time after which a request is deleted, also a declined one."""
MOST = 20
"""Maximum number of requests of a person within :data:`KEPT`, unless they were granted."""
LONGEST_MESSAGE = 500
LONGEST_PATH = 1000
ROLES = (Role.READER, Role.COMMENTER, Role.EDITOR)
"""Roles that can be granted on a request."""

_ADDRESS = re.compile(r"/([a-z0-9][a-z0-9-]{0,59})/(.*)", re.DOTALL)


def place_named(address: str) -> tuple[str, str] | None:
    """Return the slug and the path that an address of a page, of one of its verbs or of a space
    names by its form alone; None for other addresses."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return None
    path = f"/{found[2]}".partition("/-/")[0].strip("/")
    return found[1], path[:LONGEST_PATH]


def ask(session: Session, actor: Actor, address: str, message: str) -> None:
    """Request access to an address. Whether there is anything is not looked up here, but by the
    worker, so that neither the answer nor its time depends on it.

    A request for the same space replaces the former one; a declined one stays declined.

    :raises Forbidden: for guests and anonymous users.
    :raises Invalid: if it is no address in a space, or the person has too many requests.
    """
    if not actor.is_member or actor.person_id is None or actor.is_narrow:
        raise Forbidden(_("Only members of the organisation can request access."))
    place = place_named(address)
    if place is None:
        raise Invalid(_("This isn’t the address of a page or space."), field="at")
    slug, path = place
    words = {"path": path, "message": _checked(message)}
    mine = AccessRequest.person_id == actor.person_id
    if session.scalar(
        update(AccessRequest)
        .where(mine, AccessRequest.slug == slug)
        .values(slug=slug)
        .returning(AccessRequest.id)
    ):
        again = mine & (AccessRequest.slug == slug) & AccessRequest.declined_at.is_(None)
        session.execute(update(AccessRequest).where(again).values(**words))
        return
    if (session.scalar(select(func.count()).where(mine)) or 0) >= MOST:
        raise Invalid(
            _(
                "You already have %(number)s requests. "
                "Try again when some have been answered or deleted.",
                number=MOST,
            )
        )
    row = {"person_id": actor.person_id, "slug": slug, "asked_at": now(), **words}
    insert = insert_into(session, AccessRequest).values(row).on_conflict_do_nothing()
    added = session.scalar(insert.returning(AccessRequest.id))
    if added is not None:
        publish(session, actor, AccessRequested(added))


def grant(
    session: Session, settings: Settings, seen: SpaceAccess, request_id: int, role: Role
) -> Person:
    """Give the person of a request a role in the space, unless they were given a higher one, and
    tell them by mail.

    :raises Forbidden: unless the actor leads the space.
    :raises NotFound: when the request is not there any more.
    :raises Invalid: for other roles than :data:`ROLES`.
    :raises NeedsConsent: if the person could read more, and the actor has not agreed to that.
    """
    row = get_waiting(session, seen, request_id)
    if role not in ROLES:
        raise Invalid(_("Choose a role."), field="role")
    person = row.person
    membership = session.get(Membership, (seen.space.id, person.id))
    if membership is None or membership.role < role:
        set_role(session, seen, person, role)
    settle(session, settings, seen.actor, row, seen.space)
    return person


def settle(
    session: Session, settings: Settings, actor: Actor, row: AccessRequest, space: Space
) -> None:
    """Delete a request of a person who got a role in the space, and tell them by mail."""
    if row.declined_at is None and row.person.disabled_at is None:
        template = "requests/mail/access_given.txt"
        post(session, settings, actor, row.person, template, space=space, path=row.path)
    session.delete(row)
    session.flush()


def decline(session: Session, seen: SpaceAccess, request_id: int) -> Person:
    """Decline a request. The person is not told.

    :raises Forbidden: unless the actor leads the space.
    :raises NotFound: when the request is not there any more.
    """
    row = get_waiting(session, seen, request_id)
    row.declined_at = now()
    session.flush()
    publish(session, seen.actor, AccessDeclined(seen.space.id, row.id))
    return row.person


def has_old(session: Session) -> bool:
    """Return whether there are requests to delete because of their age."""
    old = select(AccessRequest.id).where(AccessRequest.asked_at <= now() - KEPT).limit(1)
    return session.scalar(old) is not None


def forget_old(session: Session) -> None:
    """Delete requests that nobody answered for long, and old declined ones."""
    session.execute(delete(AccessRequest).where(AccessRequest.asked_at <= now() - KEPT))


def _checked(message: str) -> str:
    message = message.replace("\r\n", "\n").strip()
    if len(message) > LONGEST_MESSAGE:
        raise Invalid(
            _("The message can have up to %(number)s characters.", number=LONGEST_MESSAGE),
            field="message",
        )
    return message
