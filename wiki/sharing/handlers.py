"""What the room of links does now and then: it forgets those that have ended long ago."""

from __future__ import annotations

from wiki.config import Settings
from wiki.db import Database
from wiki.sharing.actions import ended_links, forget_links


def forget_old_links(database: Database, settings: Settings) -> None:
    """Now and then: forget links that ended long ago."""
    with database.read() as session:
        ended = ended_links(session)
    if ended:
        with database.write() as session:
            forget_links(session, ended)
