"""Stars in the scratch wiki of the leak drill."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wiki.bookmarks.models import Bookmark
from wiki.canary import World
from wiki.pages.models import Page


def star_hidden_pages(world: World, session: Session) -> None:
    """Star every hidden page, also for people who lose their permissions before the drill begins.
    Their lists must not show the titles of the pages, which are canaries."""
    page_ids = {target.values.get("page_id") for target in world.targets}
    for name in ("insider", "lead", "revoked", "disabled"):
        for page_id in page_ids:
            if page_id is not None and session.get(Page, page_id) is not None:
                person_id = world.people[name].person_id
                session.add(Bookmark(person_id=person_id, page_id=page_id))
