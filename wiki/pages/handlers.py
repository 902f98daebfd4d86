"""What pages do when they hear of an event."""

from __future__ import annotations

from collections.abc import Sequence

from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.deliver import Happening
from wiki.pages.rendering import keep_head


def render_heads(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Store the renderings and links of saved and moved pages where that is not done yet."""
    for page_id in {happening.page_id for happening in happenings}:
        if page_id is not None:
            keep_head(database, page_id)
