"""Authors of a range of revisions."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wiki.pages.models import Page, Revision
from wiki.people.models import Person


@dataclass(frozen=True)
class Author:
    """An author (None if the account is gone) and their number of revisions."""

    person: Person | None
    revisions: int


def authors_between(session: Session, page: Page, old: int, new: int) -> list[Author]:
    """Return the authors of the revisions after ``old`` up to ``new``, those of most revisions
    first."""
    counts = (
        select(Revision.author_id, func.count().label("revisions"))
        .where(Revision.page_id == page.id, Revision.number > old, Revision.number <= new)
        .group_by(Revision.author_id)
        .subquery()
    )
    rows = session.execute(
        select(Person, counts.c.revisions)
        .select_from(counts)
        .outerjoin(Person, Person.id == counts.c.author_id)
        .order_by(counts.c.revisions.desc(), func.coalesce(Person.id, 0))
    )
    return [Author(*row) for row in rows]
