"""Watches in the scratch wiki of the leak drill."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wiki.canary import World
from wiki.pages.models import Page
from wiki.watching.levels import Level, Reason
from wiki.watching.models import Watch
from wiki.watching.subjects import Subject


def watch_hidden_pages(world: World, session: Session) -> None:
    """Let people watch every hidden page, also those who lose their permissions before the drill
    begins. Their lists must not show the titles of the pages, which are canaries."""
    page_ids = {int(target.values.get("page_id", 0)) for target in world.targets}
    for name in ("insider", "lead", "revoked", "disabled"):
        for page_id in page_ids:
            if session.get(Page, page_id) is not None:
                session.add(
                    Watch(
                        person_id=world.people[name].person_id,
                        **Subject(page_id=page_id).columns(),
                        level=int(Level.EVERYTHING),
                        reason=Reason.CHOSEN.value,
                    )
                )
