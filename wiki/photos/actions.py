"""Actions on photos of people."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete
from sqlalchemy.orm import Session

from wiki.db import insert_into, now
from wiki.errors import require_allowed
from wiki.outbox.actions import publish
from wiki.people.events import PersonChanged
from wiki.people.models import Person
from wiki.photos.models import Photo
from wiki.rules.access import Actor, may_administer, may_change_account


def set_photo(session: Session, actor: Actor, person: Person, data: bytes) -> bool:
    """Give the actor this photo; return whether they had another or none before.

    :param data: the square in WebP that the thumbnail process made.
    :raises Forbidden: for another person's account.
    """
    require_allowed(may_change_account(actor, person.id))
    sha256 = hashlib.sha256(data).hexdigest()
    if person.photo == sha256:
        return False
    new = {"sha256": sha256, "data": data, "changed_at": now()}
    session.execute(
        insert_into(session, Photo)
        .values(person_id=person.id, **new)
        .on_conflict_do_update(index_elements=["person_id"], set_=new)
    )
    person.photo = sha256
    publish(session, actor, PersonChanged(person.id, {"photo": True}))
    return True


def remove_photo(session: Session, actor: Actor, person: Person) -> bool:
    """Delete a person's photo; return whether there was one.

    :raises Forbidden: for another person's account, unless the actor is an admin.
    """
    decision = may_change_account(actor, person.id)
    require_allowed(decision if decision else may_administer(actor))
    removed = session.scalar(
        delete(Photo).where(Photo.person_id == person.id).returning(Photo.person_id)
    )
    if removed is None:
        return False
    person.photo = None
    publish(session, actor, PersonChanged(person.id, {"photo": False}))
    return True
