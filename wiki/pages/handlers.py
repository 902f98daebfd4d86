"""What pages do when they hear of an event."""

from __future__ import annotations

from collections.abc import Sequence

from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.deliver import Happening
from wiki.pages.queueing import QUICK_SECONDS
from wiki.pages.rendering import first_seconds, keep_heads


def render_heads(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Store the renderings and links of saved and moved pages where that is not done yet.

    What takes long is tried again beside the deliveries, for which others wait.
    """
    page_ids = {happening.page_id for happening in happenings if happening.page_id is not None}
    keep_heads(database, page_ids, min(QUICK_SECONDS, first_seconds()))
