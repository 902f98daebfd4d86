"""A consistency check of the positions of pages."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.db import Database
from wiki.pages.models import Page
from wiki.pages.ordering.siblings import unplace
from wiki.room import Finding, Progress
from wiki.text.counts import counted
from wiki.text.positions import UNPLACED, is_key


def check_positions(database: Database, progress: Progress) -> Iterator[Finding]:
    """Check that each position is a key, and that no home page of a space has one."""
    with database.read() as session:
        wrong = _wrong(session)
    progress(1, 1)
    if wrong:

        def repair() -> None:
            with database.write() as writing:
                pages = [writing.get(Page, id) for id in wrong]
                unplace(writing, [page for page in pages if page is not None])

        one = "page has an invalid position among the pages with its parent."
        many = "pages have an invalid position among the pages with their parent."
        yield Finding(counted(len(wrong), one, many), repair)


def _wrong(session: Session) -> list[int]:
    rows = session.execute(
        select(Page.id, Page.position, Page.parent_key).where(Page.position != UNPLACED)
    )
    return [id for id, position, parent in rows if parent is None or not is_key(position)]
