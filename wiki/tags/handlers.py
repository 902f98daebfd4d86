"""Handlers that keep the derived tags up to date."""

from __future__ import annotations

from collections.abc import Sequence

from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.deliver import Happening
from wiki.tags.projection import differing, recompute


def list_by_tag(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Update the derived tags of changed pages.

    Most saves are of pages without tags; nothing is written for them.
    """
    ids = {one.page_id for one in happenings if one.page_id is not None}
    with database.read() as session:
        ids = set(differing(session, ids))
    if ids:
        with database.write() as session:
            recompute(session, ids)
