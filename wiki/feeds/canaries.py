"""Addresses of feeds in the scratch wiki of the leak drill."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wiki.canary import World
from wiki.feeds.models import FeedAddress
from wiki.pages.models import Page
from wiki.people.one_time import hash_token, new_token


def follow_hidden_pages(world: World, session: Session) -> None:
    """Create addresses of the feeds of every hidden page, also for people who lose their
    permissions before the drill begins. Their lists must not show the titles of the pages, which
    are canaries."""
    page_ids = {int(target.values.get("page_id", 0)) for target in world.targets}
    for name in ("insider", "lead", "revoked", "disabled"):
        for page_id in page_ids:
            if session.get(Page, page_id) is not None:
                session.add(
                    FeedAddress(
                        token_hash=hash_token(new_token()),
                        person_id=world.people[name].person_id,
                        page_id=page_id,
                        name="Reader",
                    )
                )
