"""The integrity check of tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wiki.config import Settings
from wiki.db import Database
from wiki.room import Check, Finding, Progress
from wiki.tags import projection
from wiki.text.counts import counted


def check_tags(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that the derived tags of pages are those of their heads."""
    with database.read() as session:
        found = list(projection.check(session))
    progress(1, 1)
    if found:
        one = "page is listed under tags that it does not have, or not at all."
        many = "pages are listed under tags that they do not have, or not at all."
        sentence = counted(len(found), one, many)
        yield Finding(sentence, lambda: _list_again(database, found))


def _list_again(database: Database, found: Sequence[projection.Difference]) -> None:
    with database.write() as session:
        projection.repair(session, found)


CHECKS = (Check(200, "Tags", check_tags),)
