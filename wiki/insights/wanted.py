"""Pages and files of a space that are missing: linked, and not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from wiki.attachments.queries import missing_files
from wiki.pages.below import holds_readable
from wiki.pages.links.models import TO_FILE, TO_PAGE, PageLink
from wiki.pages.links.naming import may_mean
from wiki.pages.links.naming_files import leads_to_file
from wiki.pages.models import Folder, Page
from wiki.pages.queries import live_for, readable_by
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.web.paging import Slice, decode_cursor, encode_cursor

MANY = 1000
"""Maximum number that is counted exactly."""
SHOWN = 50
FROM_SHOWN = 3
"""Maximum number of linking pages shown for each place."""
_FILES_AT_ONCE, _FILES_AT_MOST = 400, 4000


@dataclass(frozen=True)
class Wanted:
    """A place that links lead to and that has no page: the number of linking pages, the first few
    of them, and the page that was deleted there, if any."""

    path_key: str
    count: int
    pages: tuple[Page, ...]
    deleted: Page | None = None


def wanted(
    session: Session, actor: Actor, space: Space, after: str | None, *, deleted: bool | None
) -> Slice[Wanted]:
    """Return places of a space without a page, those with the most linking pages first.

    :param deleted: True for places where a page was deleted, False for others, None for both (for
        actors who may not know of deleted pages).
    """
    cursor = decode_cursor(after, (int, str))
    demand = func.count(PageLink.page_id.distinct())
    query = _nowhere(actor, space, PageLink.path_key, demand.label("demand"), deleted=deleted)
    query = query.group_by(PageLink.path_key)
    if cursor:
        count, key = cursor
        query = query.having(or_(demand < count, and_(demand == count, PageLink.path_key > key)))
    rows = session.execute(query.order_by(demand.desc(), PageLink.path_key).limit(SHOWN + 1)).all()
    more, rows = len(rows) > SHOWN, rows[:SHOWN]
    keys = [row[0] for row in rows]
    linking = _linking(session, actor, space, _wants_page(actor), keys)
    gone = _deleted_at(session, actor, space, keys) if deleted else {}
    found = [Wanted(key, count, linking.get(key, ()), gone.get(key)) for key, count in rows]
    return Slice(found, encode_cursor([rows[-1][1], rows[-1][0]]) if more else None)


def _nowhere(actor: Actor, space: Space, *columns: Any, deleted: bool | None) -> Select[Any]:
    folder = exists().where(
        Folder.space_id == space.id,
        Folder.path_key == PageLink.path_key,
        holds_readable(actor, Folder),
    )
    gone = aliased(Page)
    was = exists().where(
        gone.space_id == space.id,
        gone.path_key == PageLink.path_key,
        gone.deleted_at.is_not(None),
        readable_by(actor, gone),
    )
    query = (
        select(*columns)
        .join(Page, Page.id == PageLink.page_id)
        .where(
            PageLink.space_slug == space.slug,
            PageLink.path_key != "",
            _wants_page(actor),
            live_for(actor),
            ~folder,
        )
    )
    return query if deleted is None else query.where(was if deleted else ~was)


def _wants_page(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on ``PageLink`` that the actor finds nothing by a link to a page."""
    # An unreadable page must look like a missing one.
    target = aliased(Page)
    there = exists().where(target.id == PageLink.target_id, live_for(actor, target))
    return and_(
        TO_PAGE,
        or_(PageLink.target_id.is_(None), ~there),
        or_(~PageLink.by_name, PageLink.target_id.is_(None), ~may_mean(actor)),
        or_(~PageLink.by_name, ~leads_to_file(actor)),
    )


def _wants_file(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on ``PageLink`` that no file is found by the name in a link to a
    file."""
    return and_(TO_FILE, or_(~PageLink.by_name, ~leads_to_file(actor)))


def _deleted_at(
    session: Session, actor: Actor, space: Space, keys: Sequence[str]
) -> dict[str, Page]:
    rows = session.scalars(
        select(Page)
        .where(
            Page.space_id == space.id,
            Page.path_key.in_(keys),
            Page.deleted_at.is_not(None),
            readable_by(actor),
        )
        .options(joinedload(Page.deleted_by))
        .order_by(Page.deleted_at)
    )
    return {page.path_key: page for page in rows}


def _linking(
    session: Session, actor: Actor, space: Space, these: ColumnElement[bool], keys: Sequence[str]
) -> dict[str, tuple[Page, ...]]:
    """Return the first few pages that link to each place by such links."""
    if not keys:
        return {}
    links = (
        select(PageLink.path_key, PageLink.page_id)
        .join(Page, Page.id == PageLink.page_id)
        .where(
            PageLink.space_slug == space.slug,
            PageLink.path_key.in_(keys),
            these,
            live_for(actor),
        )
        .distinct()
        .subquery()
    )
    ranked = select(
        links.c.path_key,
        links.c.page_id,
        func.row_number().over(partition_by=links.c.path_key, order_by=links.c.page_id).label("n"),
    ).subquery()
    found: dict[str, tuple[Page, ...]] = {}
    for key, page in session.execute(
        select(ranked.c.path_key, Page)
        .join(Page, Page.id == ranked.c.page_id)
        .where(ranked.c.n <= FROM_SHOWN)
        .options(joinedload(Page.space))
        .order_by(ranked.c.path_key, ranked.c.n)
    ):
        found[key] = (*found.get(key, ()), page)
    return found


def broken_files(session: Session, actor: Actor, space: Space, after: str | None) -> Slice[Wanted]:
    """Return places of a space that are linked as files or pictures and have no file, by path.

    At most some thousand places are checked, so a page of the list may be empty although another
    follows.
    """
    cursor = decode_cursor(after, (str,))
    start, looked = cursor[0] if cursor else "", 0
    broken: list[str] = []
    ended = False
    while not ended and len(broken) <= SHOWN and looked < _FILES_AT_MOST:
        keys = _file_places(session, actor, space, start)
        looked, ended = looked + len(keys), len(keys) < _FILES_AT_ONCE
        broken += missing_files(session, actor, space, keys)
        start = keys[-1] if keys else start
    more = len(broken) > SHOWN or not ended
    end = broken[SHOWN - 1] if len(broken) > SHOWN else start
    broken = broken[:SHOWN]
    linking = _linking(session, actor, space, _wants_file(actor), broken)
    counts = _counts(session, actor, space, broken)
    found = [Wanted(key, counts.get(key, 0), linking.get(key, ())) for key in broken]
    return Slice(found, encode_cursor([end]) if more else None)


def _file_places(session: Session, actor: Actor, space: Space, start: str) -> list[str]:
    return list(
        session.scalars(
            select(PageLink.path_key)
            .join(Page, Page.id == PageLink.page_id)
            .where(
                _wants_file(actor),
                PageLink.space_slug == space.slug,
                PageLink.path_key > start,
                live_for(actor),
            )
            .distinct()
            .order_by(PageLink.path_key)
            .limit(_FILES_AT_ONCE)
        )
    )


def _counts(session: Session, actor: Actor, space: Space, keys: Sequence[str]) -> dict[str, int]:
    rows = session.execute(
        select(PageLink.path_key, func.count(PageLink.page_id.distinct()))
        .join(Page, Page.id == PageLink.page_id)
        .where(
            _wants_file(actor),
            PageLink.space_slug == space.slug,
            PageLink.path_key.in_(keys),
            live_for(actor),
        )
        .group_by(PageLink.path_key)
    )
    return {row[0]: row[1] for row in rows}


def count_wanted(session: Session, actor: Actor, space: Space, *, deleted: bool | None) -> int:
    """Count the places that :func:`wanted` lists, at most :data:`MANY` + 1."""
    return count_up_to_many(
        session, _nowhere(actor, space, PageLink.path_key, deleted=deleted).distinct()
    )


def count_up_to_many(session: Session, query: Select[Any]) -> int:
    some = query.limit(MANY + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
