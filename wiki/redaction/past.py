"""Queries for past redactions, and who had read what they removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select, true
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from wiki.errors import NotFound
from wiki.pages.models import Page
from wiki.pages.queries import readable_by
from wiki.people.models import Person
from wiki.people.queries import people_by_id
from wiki.redaction.models import RedactedPage, Redaction
from wiki.rules.access import Actor, May
from wiki.spaces.queries import SpaceAccess
from wiki.web.paging import Slice


def _known_to(seen: SpaceAccess) -> ColumnElement[bool]:
    """Return the condition that the actor may know of a ``Redaction``: leads of the space know all,
    admins know those of pages that they may read or that were purged."""
    if seen.may(May.MANAGE):
        return true()
    page = aliased(Page)
    hidden = exists().where(page.id == Redaction.page_id, ~readable_by(seen.actor, page))
    return ~hidden


def list_redactions(
    session: Session, seen: SpaceAccess, *, before: int | None = None, limit: int = 50
) -> Slice[Redaction]:
    """Return what was redacted in a space, newest first, as far as the actor may know.

    :param before: only those with a smaller id.
    """
    query = (
        select(Redaction)
        .where(Redaction.space_id == seen.space.id, _known_to(seen))
        .options(joinedload(Redaction.created_by))
        .order_by(Redaction.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(Redaction.id < before)
    rows = session.scalars(query).all()
    return Slice(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None)


def get_redaction(session: Session, seen: SpaceAccess, redaction_id: int) -> Redaction:
    """Return a redaction of the space.

    :raises NotFound: if there is none with this id that the actor may know.
    """
    row = session.scalar(
        select(Redaction)
        .where(
            Redaction.id == redaction_id,
            Redaction.space_id == seen.space.id,
            _known_to(seen),
        )
        .options(joinedload(Redaction.created_by), joinedload(Redaction.lifted_by))
    )
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True)
class Witness:
    """A person who could read what was removed. ``since`` and ``until`` are the days on which they
    did, as far as that was recorded."""

    person: Person | None
    anonymous: bool = False
    could: bool = True
    since: str = ""
    until: str = ""

    @property
    def name(self) -> str:
        """The person's name; empty if unknown."""
        return self.person.name if self.person else ""


@dataclass(frozen=True)
class Told:
    """A redaction with all data for its screen: its pages that the actor may read, the number of
    those that are ``hidden``, who could read and who did."""

    row: Redaction
    pages: Sequence[tuple[Page, int]]
    hidden: int
    witnesses: Sequence[Witness]
    readers: int


def told(session: Session, actor: Actor, row: Redaction) -> Told:
    """Return all data about a redaction for its screen."""
    pages = [
        (page, words)
        for page, words in session.execute(
            select(Page, RedactedPage.words)
            .join(RedactedPage, RedactedPage.page_id == Page.id)
            .join(Page.space)
            .where(RedactedPage.redaction_id == row.id, readable_by(actor))
            .options(contains_eager(Page.space))
            .order_by(Page.id != (row.page_id or 0), Page.title, Page.id)
        )
    ]
    total = session.scalar(
        select(func.count()).select_from(RedactedPage).where(RedactedPage.redaction_id == row.id)
    )
    read = {id: (since, until) for id, since, until in row.did_read}
    could = set(row.could_read.get("people", ()))
    known = people_by_id(session, could | read.keys())
    witnesses = [
        Witness(known.get(id), id == 0, id in could, *read.get(id, ("", "")))
        for id in could | read.keys()
    ]
    witnesses.sort(key=lambda one: (not one.since, one.anonymous, one.name.lower()))
    return Told(row, pages, (total or 0) - len(pages), witnesses, len(read))
