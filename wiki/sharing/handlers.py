"""Periodic job of share links."""

from __future__ import annotations

from wiki.config import Settings
from wiki.db import Database
from wiki.sharing.actions import ended_links, forget_links


def forget_old_links(database: Database, settings: Settings) -> None:
    """Delete links that expired long ago."""
    with database.read() as session:
        ended = ended_links(session)
    if ended:
        with database.write() as session:
            forget_links(session, ended)
