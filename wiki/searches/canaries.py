"""Saved searches in the scratch wiki of the leak drill."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wiki.canary import World
from wiki.searches.models import SavedSearch


def save_searches(world: World, session: Session) -> None:
    """Save searches whose names and words only their owners may see."""
    for who in ("insider", "lead"):
        word = world.word(f"the words of a saved search of the {who}", (who,))
        person_id = world.people[who].person_id
        row = SavedSearch(person_id=person_id, name=word, name_key=word, query=word)
        session.add(row)
