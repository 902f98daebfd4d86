"""What search does when it hears of an event, when the worker starts, and now and then."""

from __future__ import annotations

from collections.abc import Sequence

from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.deliver import Happening
from wiki.search.engine import IndexUnavailable
from wiki.search.index import engine_of, index, mend, rebuild, reconcile


def index_pages(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Takes the pages into the index as they are now, or out of it.

    Without an index one is built of all pages, these among them; if somebody builds one already,
    they are in it too, because what is committed before the swap is taken in.
    """
    ids = {one.page_id for one in happenings if one.page_id is not None}
    try:
        index(database, settings, ids)
    except IndexUnavailable:
        if engine_of(settings).shelf.name() is not None:
            raise
        mend(database, settings)


def rebuild_index(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """After a purge: build a new index, because the old one's files keep the words of pages and
    texts that were taken out of it.

    :raises TimeoutError: when somebody builds one already; it may have begun before the purge.
    """
    rebuild(database, settings)


def reconcile_index(database: Database, settings: Settings) -> None:
    """At the worker's start: take in what a crash may have kept out."""
    reconcile(database, settings)


def mend_index(database: Database, settings: Settings) -> None:
    """Now and then: build a new index when it was lost or somebody met damage in it."""
    mend(database, settings)
