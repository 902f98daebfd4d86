"""Queries for possible secrets that were saved on purpose, for leads of spaces and for admins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from wiki.db import now
from wiki.errors import require_allowed
from wiki.i18n import lazy_gettext
from wiki.pages import queries
from wiki.pages.merging import Text
from wiki.pages.models import AllowedSecret, Page, Revision
from wiki.pages.saving.secrets import BODY, REASONS, place_of, whole_of
from wiki.pages.texts.stored import get_texts
from wiki.rules.access import Actor, May, may_administer
from wiki.rules.roles import Role
from wiki.spaces.gate import spaces_with
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess
from wiki.text.scan.secrets import name_of_secret
from wiki.web.paging import Slice

FRESH_FOR = timedelta(days=14)
"""Time for which a new finding is on the home screen of leads."""
SPACES_NAMED = 5


class Standing(StrEnum):
    """The present state of a secret."""

    THERE = "there"
    PAST = "past"
    DELETED = "deleted"

    @property
    def words(self) -> str:
        """The state in the reader's language."""
        return str(_STANDINGS[self][0])

    @property
    def tone(self) -> str:
        """The tone of its badge."""
        return _STANDINGS[self][1]

    @property
    def is_there(self) -> bool:
        """True if the page shows it now."""
        return self is Standing.THERE


_STANDINGS = {
    Standing.THERE: (lazy_gettext("still there"), "warn"),
    Standing.PAST: (lazy_gettext("in older revisions only"), "note"),
    Standing.DELETED: (lazy_gettext("on a deleted page"), ""),
}


@dataclass(frozen=True)
class Known:
    """A secret that was saved on purpose, its state, and its line in the page's text or, if it is
    not there any more, in that of its revision; 0 if it is in no line."""

    row: AllowedSecret
    page: Page
    space: Space
    standing: Standing
    line: int

    @property
    def words(self) -> str:
        """The name of the secret in the reader's language."""
        return name_of_secret(self.row.words)

    @property
    def reason(self) -> str:
        """The reason that the author gave for saving it."""
        return str(REASONS.get(self.row.reason, self.row.reason))


def findings_of_space(
    session: Session, seen: SpaceAccess, *, before: int | None = None, limit: int = 50
) -> Slice[Known]:
    """Return the secrets of a space, newest first.

    :param before: only rows before the one with this id; the cursor of the next slice.
    :raises Forbidden: unless the actor leads the space.
    """
    seen.require(May.MANAGE)
    return _known(session, seen.actor, seen.space, before, limit)


def findings_of_all(
    session: Session, actor: Actor, *, before: int | None = None, limit: int = 50
) -> Slice[Known]:
    """Return the secrets of all spaces that the actor may read, newest first.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    return _known(session, actor, None, before, limit)


@dataclass(frozen=True)
class Fresh:
    """The number of secrets that were saved in a space lately."""

    space: Space
    count: int


def fresh_findings(session: Session, actor: Actor) -> Sequence[Fresh]:
    """Return the spaces that the actor leads in whose pages others saved possible secrets in the
    last two weeks, by title; at most :data:`SPACES_NAMED`."""
    rows = session.execute(_fresh(actor), {"since": now() - FRESH_FOR})
    return [Fresh(space, count) for space, count in rows]


@lru_cache(maxsize=64)
def _fresh(actor: Actor) -> Select[Any]:
    counts = (
        select(Page.space_id, func.count().label("count"))
        .join(AllowedSecret, AllowedSecret.page_id == Page.id)
        .where(
            AllowedSecret.created_at > bindparam("since"),
            func.coalesce(AllowedSecret.created_by_id, 0) != actor.person_id,
            Page.space_id.in_(spaces_with(actor, Role.LEAD)),
            queries.readable_by(actor),
        )
        .group_by(Page.space_id)
        .subquery()
    )
    return (
        select(Space, counts.c.count)
        .join(counts, counts.c.space_id == Space.id)
        .order_by(Space.title, Space.id)
        .limit(SPACES_NAMED)
    )


def _known(
    session: Session, actor: Actor, space: Space | None, before: int | None, limit: int
) -> Slice[Known]:
    query = (
        select(AllowedSecret)
        .join(AllowedSecret.page)
        .join(Page.space)
        .where(queries.readable_by(actor))
        .options(
            contains_eager(AllowedSecret.page).contains_eager(Page.space),
            joinedload(AllowedSecret.created_by),
        )
        .order_by(AllowedSecret.id.desc())
        .limit(limit + 1)
    )
    if space is not None:
        query = query.where(Page.space_id == space.id)
    if before is not None:
        query = query.where(AllowedSecret.id < before)
    rows = session.scalars(query).all()
    shown = rows[:limit]
    texts = _texts(session, shown)
    found = [_told(row, texts) for row in shown]
    return Slice(found, str(shown[-1].id) if len(rows) > limit else None)


def _texts(session: Session, rows: Sequence[AllowedSecret]) -> dict[tuple[int, int], Text]:
    """Return the texts of the revisions of these rows, and of the heads of their pages."""
    wanted = {(row.page_id, row.revision) for row in rows}
    wanted |= {(row.page_id, row.page.head) for row in rows}
    revisions = session.scalars(
        select(Revision).where(
            Revision.page_id.in_({page_id for page_id, _ in wanted}),
            Revision.number.in_({number for _, number in wanted}),
        )
    )
    found = [one for one in revisions if (one.page_id, one.number) in wanted]
    bodies = get_texts(session, {one.content_hash for one in found})
    return {
        (one.page_id, one.number): Text(
            one.title,
            bodies[one.content_hash],
            tuple(one.tags),
            one.description,
            dict(one.fields),
            one.front_matter,
        )
        for one in found
    }


def _told(row: AllowedSecret, texts: dict[tuple[int, int], Text]) -> Known:
    page = row.page
    came_with = place_of(texts[row.page_id, row.revision], row.place)
    secret = came_with[row.starts : row.ends]
    head = texts[row.page_id, page.head]
    there = bool(secret) and secret in whole_of(head)
    if there and row.place == BODY and secret in head.body:
        line = head.body.count("\n", 0, head.body.index(secret)) + 1
    else:
        line = row.line if row.place == BODY and not there else 0
    standing = Standing.THERE if there else Standing.PAST
    if page.deleted_at is not None:
        standing, line = Standing.DELETED, 0
    return Known(row, page, page.space, standing, line)
