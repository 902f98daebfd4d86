"""Event handlers and periodic tasks that keep the index up to date."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.deliver import Happening
from wiki.pages.rendering import cut_off
from wiki.search.engine import IndexUnavailable
from wiki.search.index import drop_other_index, engine_of, forget, index, mend, reconcile
from wiki.search.link_texts import targets_of


def index_pages(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Update the index to the current state of the pages.

    Without an index, a new one is built of all pages. If another process is already building one,
    these pages are in it too, because commits before the swap are included.
    """
    _take_in(database, settings, {one.page_id for one in happenings if one.page_id is not None})


def _take_in(
    database: Database, settings: Settings, page_ids: set[int], *, anew: bool = False
) -> None:
    try:
        index(database, settings, page_ids, anew=anew)
    except IndexUnavailable:
        if engine_of(settings, database).exists():
            raise
        mend(database, settings)


def index_link_targets(
    database: Database, settings: Settings, happenings: Sequence[Happening]
) -> None:
    """Index the pages to which pages lead that have been moved, deleted or restricted, so that they
    are no longer found by the texts of these links."""
    sources = {one.page_id for one in happenings if one.page_id is not None}
    spaces = {one.space_id for one in happenings if one.space_id is not None}
    with database.read() as session:
        targets = targets_of(session, sources, spaces)
    with suppress(IndexUnavailable):
        # Links that a page had when its targets were indexed, and no longer has.
        targets |= engine_of(settings, database).linked_from(sources)
    if targets:
        _take_in(database, settings, targets, anew=True)


def rebuild_index(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Remove the words of purged pages and revisions from the index. Files of an index keep them
    until a new one is built.

    :raises TimeoutError: when another process is already building one, which may have begun before
        the purge.
    """
    forget(database, settings, {one.page_id for one in happenings if one.page_id is not None})


def reconcile_index(database: Database, settings: Settings) -> None:
    """Index pages that a crash may have left out, and remove the index of another engine. Runs when
    the worker starts."""
    reconcile(database, settings)
    drop_other_index(database, settings)


def mend_index(database: Database, settings: Settings) -> None:
    """Build a new index if it was lost or a reader found damage in it. Runs periodically."""
    mend(database, settings)


def merge_index(database: Database, settings: Settings) -> None:
    """Merge the segments of the index when no page has changed for a while, because each of them
    makes searches slower. Runs periodically."""
    engine_of(settings, database).merge_at_rest()


def finish_renderings(database: Database, settings: Settings) -> None:
    """Retry renderings that were cut off, and index those that succeeded. Runs periodically."""
    finished = cut_off.try_again(database)
    if finished:
        _take_in(database, settings, set(finished), anew=True)
        cut_off.settle(database, finished)


def look_again(database: Database, settings: Settings) -> None:
    """Retry renderings that were given up if the limits or the renderer have changed since. Runs
    when the worker starts."""
    cut_off.look_again(database)
