"""Authors of Git histories, one at a time."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wiki.people.imported.placeholders import author_key, authors_for
from wiki.people.models import Person


def author_for(session: Session, name: str, address: str) -> Person | None:
    """Return the person for one author; see ``authors_for``."""
    person_id = authors_for(session, [(name, address)])[author_key(name, address)]
    return None if person_id is None else session.get_one(Person, person_id)
