"""What search does when it hears of an event, when the worker starts, and now and then."""

from __future__ import annotations

from collections.abc import Sequence

from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.deliver import Happening
from wiki.pages.rendering import cut_off
from wiki.search.engine import IndexUnavailable
from wiki.search.index import engine_of, index, mend, rebuild, reconcile


def index_pages(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Takes the pages into the index as they are now, or out of it.

    Without an index one is built of all pages, these among them; if somebody builds one already,
    they are in it too, because what is committed before the swap is taken in.
    """
    _take_in(database, settings, {one.page_id for one in happenings if one.page_id is not None})


def _take_in(
    database: Database, settings: Settings, page_ids: set[int], *, anew: bool = False
) -> None:
    try:
        index(database, settings, page_ids, anew=anew)
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


def finish_renderings(database: Database, settings: Settings) -> None:
    """Retry renderings that were cut off, and index those that succeeded. Runs periodically."""
    finished = cut_off.try_again(database)
    if finished:
        _take_in(database, settings, {page_id for _, page_id in finished}, anew=True)
        cut_off.settle(database, [key for key, _ in finished])


def look_again(database: Database, settings: Settings) -> None:
    """When the worker starts, make renderings that were given up due again if the limits or the
    renderer have changed, and retry them."""
    cut_off.look_again(database)
