"""Actions on the personal addresses of feeds: creating, revoking, and reading by them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, joinedload

from wiki.db import Database, now
from wiki.errors import Forbidden, Invalid, NotFound, SignInRequired
from wiki.feeds.events import FeedAddressCreated, FeedAddressRevoked
from wiki.feeds.models import FeedAddress
from wiki.feeds.subjects import Subject
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish
from wiki.people.factors.mfa_policy import lacks_factor
from wiki.people.names import shown_name
from wiki.people.one_time import hash_token, new_token
from wiki.people.queries import can_sign_in
from wiki.rules.access import NARROW, Actor

log = logging.getLogger(__name__)

MOST = 100
LONGEST_NAME = 100
USED_EVERY = timedelta(minutes=1)
"""Minimum time between two notes of the use of an address."""


def create_address(
    session: Session, actor: Actor, subject: Subject, name: str
) -> tuple[FeedAddress, str]:
    """Create an address of a feed for the actor; return its row and its token, which is not
    stored.

    :param subject: the feed, which the actor may read.
    :raises Invalid: without a name, or beyond the maximum per person.
    """
    if actor.person_id is None:
        raise SignInRequired
    if actor.is_narrow:
        raise Forbidden(NARROW.refusal)
    name = shown_name(name)
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(
            _("Enter a name of up to %(number)s characters.", number=LONGEST_NAME), field="name"
        )
    own = select(func.count()).where(FeedAddress.person_id == actor.person_id)
    if (session.scalar(own) or 0) >= MOST:
        raise Invalid(
            _("You can have at most %(limit)s addresses. Revoke one first.", limit=MOST),
            field="name",
        )
    token = new_token()
    row = FeedAddress(
        token_hash=hash_token(token), person_id=actor.person_id, name=name, **subject.columns()
    )
    session.add(row)
    session.flush()
    publish(session, actor, FeedAddressCreated(actor.person_id, row.id))
    return row, token


def revoke_address(session: Session, actor: Actor, address_id: int) -> str:
    """Revoke an address of the actor's own; return its name.

    :raises NotFound: if there is no such address.
    """
    row = session.get(FeedAddress, address_id)
    if row is None or row.person_id != actor.person_id or actor.is_narrow:
        raise NotFound
    session.delete(row)
    publish(session, actor, FeedAddressRevoked(row.person_id, row.id))
    return row.name


def addresses_of(session: Session, actor: Actor) -> Sequence[FeedAddress]:
    """Return the actor's addresses, the newest first."""
    own = select(FeedAddress).where(FeedAddress.person_id == actor.person_id)
    return session.scalars(own.order_by(FeedAddress.id.desc())).all()


def find_address(session: Session, token: str) -> FeedAddress:
    """Return the address with this token, with its owner.

    :raises NotFound: if there is none, or if its owner cannot sign in or lacks a second factor that
        they must have.
    """
    row = session.scalar(
        select(FeedAddress)
        .join(FeedAddress.person)
        .where(FeedAddress.token_hash == hash_token(token), can_sign_in(), ~lacks_factor())
        .options(joinedload(FeedAddress.person))
    )
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True)
class Version:
    """The hash of a feed as it was read, and when it was first read like that."""

    digest: str
    changed_at: datetime


def note_reading(database: Database, address: FeedAddress, body: bytes) -> Version:
    """Note that a feed was read, and return its version. The times of versions of an address differ
    by whole seconds, so that a program that compares only times never keeps an older one."""
    digest, moment = hashlib.sha256(body).hexdigest(), now().replace(microsecond=0)
    version = Version(digest, address.changed_at or moment)
    if digest != address.digest and address.changed_at is not None:
        version = Version(digest, max(moment, address.changed_at + timedelta(seconds=1)))
    recently = address.used_at is not None and address.used_at > moment - USED_EVERY
    if digest == address.digest and recently:
        return version
    values = {"digest": digest, "changed_at": version.changed_at, "used_at": now()}
    try:
        with database.write() as session:
            session.execute(
                update(FeedAddress).where(FeedAddress.id == address.id).values(**values)
            )
    except SQLAlchemyError:
        log.exception("could not note that a feed was read")
    return version
