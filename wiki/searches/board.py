"""The board of searches that found nothing or did not help, and the claims to write the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, contains_eager, joinedload

from wiki.db import insert_into, now
from wiki.errors import NotFound, SignInRequired, Unsuitable, require_allowed
from wiki.i18n import gettext as _
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.rules.access import Actor, May, may_administer
from wiki.search.asked.models import AskedSearch
from wiki.searches.models import SearchClaim
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess, list_editable_spaces

MIN_PEOPLE = 5
"""Minimum number of people who made a search before its words are shown to anybody else."""
MOST = 100
"""Maximum number of searches on a board, and of claims."""


@dataclass(frozen=True)
class Entry:
    """A search that several people made in the last 30 days: how many of them found nothing, and
    what they answered to whether it helped."""

    question: str
    words: str
    people: int
    without_result: int
    helped: int
    did_not_help: int
    claim: SearchClaim | None = None
    page: Page | None = None
    """The page with the words as its title, if the actor may read one."""


@dataclass(frozen=True)
class Claimed:
    """A claim, and the page that was written since, if there is one."""

    claim: SearchClaim
    page: Page | None


@dataclass(frozen=True)
class Board:
    """A board for leads of a space, or for admins: searches, and all claims, the newest first."""

    entries: Sequence[Entry]
    claims: Sequence[Claimed]


def board_of(session: Session, actor: Actor, seen: SpaceAccess | None) -> Board:
    """Return the board of the searches in one space or, with None, of those in all spaces.

    A search in a space concerns its leads alone; admins see those that were made in all spaces at
    once.

    :raises Forbidden: unless the actor leads the space, or is an admin.
    """
    space_id = _require(actor, seen)
    found = _entries(session, space_id)
    claims = session.scalars(
        select(SearchClaim)
        .where(_in(SearchClaim.space_id, space_id))
        .options(joinedload(SearchClaim.person), joinedload(SearchClaim.target))
        .order_by(SearchClaim.claimed_at.desc(), SearchClaim.id.desc())
        .limit(MOST)
    ).all()
    words = {one.words for one in found} | {one.words for one in claims}
    pages = _titled(session, actor, space_id, words)
    by_question = {one.question: one for one in claims}
    entries = [
        Entry(
            row.question,
            row.words,
            row.people,
            row.without_result,
            row.helped,
            row.did_not_help,
            by_question.get(row.question),
            pages.get(row.words.lower()),
        )
        for row in found
    ]
    return Board(entries, [Claimed(one, pages.get(one.words.lower())) for one in claims])


def claim(
    session: Session, actor: Actor, seen: SpaceAccess | None, question: str, slug: str = ""
) -> None:
    """Say that the actor writes the page for a search on the board.

    :param slug: the space in which they write it, for the board of all spaces.
    :raises NotFound: when the board has no such search, or they may not edit that space.
    :raises Unsuitable: when somebody else has claimed it.
    """
    space_id = _require(actor, seen)
    if actor.person_id is None:
        raise SignInRequired
    row = next((one for one in _entries(session, space_id) if one.question == question), None)
    target_id = seen.space.id if seen else _editable(session, actor, slug)
    if row is None or target_id is None:
        raise NotFound
    values = {
        "question": question,
        "words": row.words,
        "space_id": space_id,
        "target_id": target_id,
        "person_id": actor.person_id,
        "claimed_at": now(),
    }
    insert = insert_into(session, SearchClaim).values(**values).on_conflict_do_nothing()
    if session.scalar(insert.returning(SearchClaim.id)) is None:
        raise Unsuitable(_("Someone else is already writing this page."))


def release(session: Session, actor: Actor, seen: SpaceAccess | None, question: str) -> None:
    """Remove a claim from the board, so that somebody else can take it.

    :raises NotFound: when the board has no such claim.
    """
    space_id = _require(actor, seen)
    row = session.scalar(
        select(SearchClaim).where(
            SearchClaim.question == question, _in(SearchClaim.space_id, space_id)
        )
    )
    if row is None:
        raise NotFound
    session.delete(row)
    session.flush()


def _require(actor: Actor, seen: SpaceAccess | None) -> int | None:
    if seen is None:
        require_allowed(may_administer(actor))
        return None
    seen.require(May.MANAGE)
    return seen.space.id


def _in(column: InstrumentedAttribute[int | None], space_id: int | None) -> ColumnElement[bool]:
    return column.is_(None) if space_id is None else column == space_id


def _entries(session: Session, space_id: int | None) -> Sequence[Entry]:
    """Return the searches that enough people made and that some found nothing with or were not
    helped by, those of most people first."""

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0).cast(Integer)

    people = func.count(AskedSearch.person_id.distinct())
    without = count(AskedSearch.found == 0)
    helped, did_not = count(AskedSearch.helped.is_(True)), count(AskedSearch.helped.is_(False))
    rows = session.execute(
        select(AskedSearch.question, func.min(AskedSearch.words), people, without, helped, did_not)
        .where(_in(AskedSearch.space_id, space_id))
        .group_by(AskedSearch.question)
        .having(people >= MIN_PEOPLE, without + did_not > 0)
        .order_by((without + did_not).desc(), people.desc(), AskedSearch.question)
        .limit(MOST)
    )
    return [Entry(*row) for row in rows]


def _titled(
    session: Session, actor: Actor, space_id: int | None, words: set[str]
) -> dict[str, Page]:
    """Return the pages with these titles that the actor may read, by the title in lower case."""
    if not words:
        return {}
    query = (
        select(Page)
        .join(Page.space)
        .where(func.lower(Page.title).in_({one.lower() for one in words}), live_for(actor))
        .options(contains_eager(Page.space))
        .order_by(Page.id.desc())
    )
    if space_id is not None:
        query = query.where(Page.space_id == space_id)
    return {page.title.lower(): page for page in session.scalars(query)}


def _editable(session: Session, actor: Actor, slug: str) -> int | None:
    some: Sequence[Space] = list_editable_spaces(session, actor)
    return next((one.id for one in some if one.slug == slug), None)
