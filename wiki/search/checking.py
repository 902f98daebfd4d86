"""The integrity check of the search index."""

from __future__ import annotations

from collections.abc import Iterator

from wiki.config import Settings
from wiki.db import Database
from wiki.room import Check, Finding, Progress
from wiki.search.engine import IndexUnavailable
from wiki.search.index import difference, index, rebuild
from wiki.text.counts import counted


def check_index(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that the search index has every page in its newest revision, and no other page."""
    try:
        found = difference(database, settings)
    except IndexUnavailable as error:
        yield Finding(f"{error} It can be built anew.", lambda: _rebuild(database, settings))
        return
    progress(1, 1)
    if found:
        ids = [*found.stale, *found.gone]
        yield Finding(
            f"{counted(len(found.stale), 'page is', 'pages are')} missing or stale, "
            f"{len(found.gone)} should be gone.",
            lambda: index(database, settings, ids),
        )


def _rebuild(database: Database, settings: Settings) -> None:
    rebuild(database, settings)


CHECKS = (Check(230, "Search index", check_index),)
