"""The integrity check of photos."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import or_, select, update

from wiki.config import Settings
from wiki.db import Database
from wiki.people.models import Person
from wiki.photos.models import Photo
from wiki.room import Check, Finding, Progress


def check_photos(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that each photo has its hash, and each person the hash of their photo, or none if their
    account is disabled."""
    with database.read() as session:
        rows = session.execute(
            select(Person.id, Person.handle, Person.photo, Photo.sha256, Person.disabled_at)
            .outerjoin(Photo, Photo.person_id == Person.id)
            .where(or_(Person.photo.is_not(None), Photo.sha256.is_not(None)))
        ).all()
        for done, (person_id, handle, known, stored, disabled_at) in enumerate(rows):
            if stored is not None:
                data = session.scalar(select(Photo.data).where(Photo.person_id == person_id))
                if hashlib.sha256(data or b"").hexdigest() != stored:
                    yield Finding(f"The photo of {handle} has changed since it was stored.")
            if known != (stored if disabled_at is None else None):
                sentence = f"{handle} is listed with another photo than the stored one."
                yield Finding(sentence, lambda: _settle(database))
            progress(done + 1, len(rows))


def _settle(database: Database) -> None:
    shown = select(Photo.sha256).where(Photo.person_id == Person.id, Person.disabled_at.is_(None))
    with database.write() as session:
        session.execute(update(Person).values(photo=shown.scalar_subquery()))


CHECKS = (Check(230, "Photos", check_photos),)
