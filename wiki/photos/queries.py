"""The query for a photo, which only those find who may know the person."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.errors import NotFound
from wiki.photos.models import Photo
from wiki.profiles.views import see_person
from wiki.rules.access import Actor


def see_photo(session: Session, actor: Actor, handle: str, sha256: str) -> bytes:
    """Return a person's photo.

    :param sha256: its hash, so that an address never shows another photo.
    :raises NotFound: if the person has no such photo, is disabled, or is unknown to the actor.
    """
    person = see_person(session, actor, handle)
    data = session.scalar(
        select(Photo.data).where(Photo.person_id == person.id, Photo.sha256 == sha256)
    )
    if data is None or person.photo != sha256:
        raise NotFound
    return data
