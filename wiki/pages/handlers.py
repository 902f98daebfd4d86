"""Handlers of events for pages."""

from __future__ import annotations

from collections.abc import Sequence

from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.deliver import Happening
from wiki.pages.rendering.own_renderer import first_seconds
from wiki.pages.rendering.queueing import QUICK_SECONDS
from wiki.pages.rendering.stored import ensure_heads


def render_heads(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Store missing renderings and links of saved and moved pages.

    Slow renderings are retried in another thread, so that deliveries do not wait for them.
    """
    page_ids = {happening.page_id for happening in happenings if happening.page_id is not None}
    ensure_heads(database, page_ids, min(QUICK_SECONDS, first_seconds()))
