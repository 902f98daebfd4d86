"""Requests for access in the scratch wiki of the leak drill."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wiki.canary import World
from wiki.requests.models import AccessRequest


def ask_for_hidden_pages(world: World, session: Session) -> None:
    """Store a request for each space with hidden pages, with one of their paths and a message that
    only leads may read. The form for another request must not show it."""
    insider = world.people["insider"].person_id
    asked: set[str] = set()
    for target in world.targets:
        slug, path = str(target.values.get("slug", "")), str(target.values.get("path", ""))
        if slug and path and slug not in asked:
            asked.add(slug)
            word = world.word(f"the message of a request for access ({target.what})", LEADS)
            row = AccessRequest(person_id=insider, slug=slug, path=path, message=word)
            session.add(row)


LEADS = ("lead", "admin")
