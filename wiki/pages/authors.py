"""Authors of a range of revisions."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wiki.pages.models import Page, Revision
from wiki.people.models import Person
from wiki.people.queries import people_by_id


@dataclass(frozen=True)
class Author:
    """An author (None if the account is gone) and their number of revisions."""

    person: Person | None
    revisions: int


def authors_between(session: Session, page: Page, old: int, new: int) -> list[Author]:
    """Return the authors of the revisions after ``old`` up to ``new``, those of most revisions
    first."""
    rows = session.execute(
        select(Revision.author_id, func.count())
        .where(Revision.page_id == page.id, Revision.number > old, Revision.number <= new)
        .group_by(Revision.author_id)
    ).all()
    known = people_by_id(session, [row[0] for row in rows])
    ranked = sorted(rows, key=lambda row: (-row[1], row[0] or 0))
    return [Author(known.get(row[0]), row[1]) for row in ranked]
