"""Lists of problems in a space, read from the graph of links as far as the actor may read it.

Every list is a walk along an index from the end of the previous page, and stops when the page is
full. Counts stop at :data:`MANY` + 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, joinedload

from wiki.attachments.queries import missing_files
from wiki.pages.links.backlinks import linked_by_hidden_names
from wiki.pages.links.naming import may_mean
from wiki.pages.links.naming_files import leads_to_file
from wiki.pages.models import Folder, Page, PageAnchor, PageLink
from wiki.pages.queries import holds_readable, live_for, readable_by
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.text.markdown.headings import PREFIX
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


@dataclass(frozen=True)
class BrokenSection:
    """A link of ``page`` to a section that ``target`` lacks; ``nearest`` is a similar one."""

    page: Page
    target: Page
    fragment: str
    nearest: str


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
        PageLink.kind == "page",
        or_(PageLink.target_id.is_(None), ~there),
        or_(~PageLink.by_name, PageLink.target_id.is_(None), ~may_mean(actor)),
        or_(~PageLink.by_name, ~leads_to_file(actor)),
    )


def _wants_file(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on ``PageLink`` that no file is found by the name in a link to a
    file."""
    return and_(PageLink.kind == "file", or_(~PageLink.by_name, ~leads_to_file(actor)))


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


def orphans(session: Session, actor: Actor, space: Space, after: str | None) -> Slice[Page]:
    """Return pages that no other page links to, by path. The home page and pages with pages below
    them are left out, because the tree leads to them."""
    return _pages(session, _orphans(session, actor, space), after)


def dead_ends(session: Session, actor: Actor, space: Space, after: str | None) -> Slice[Page]:
    """Return pages that link to no page, by path, except those with pages below them."""
    return _pages(session, _dead_ends(actor, space), after)


def _pages(session: Session, query: Select[Any], after: str | None) -> Slice[Page]:
    cursor = decode_cursor(after, (str,))
    if cursor:
        query = query.where(Page.path_key > cursor[0])
    rows = session.scalars(
        query.with_only_columns(Page)
        .options(joinedload(Page.updated_by))
        .order_by(Page.path_key)
        .limit(SHOWN + 1)
    ).all()
    more, rows = len(rows) > SHOWN, rows[:SHOWN]
    return Slice(rows, encode_cursor([rows[-1].path_key]) if more else None)


def _leaves(actor: Actor, space: Space) -> Select[Any]:
    lower, folder = aliased(Page), aliased(Folder)
    return select(Page.id).where(
        Page.space_id == space.id,
        Page.path_key != "",
        live_for(actor),
        ~exists().where(
            lower.space_id == space.id,
            lower.parent_key == Page.path_key,
            live_for(actor, lower),
        ),
        ~exists().where(
            folder.space_id == space.id,
            folder.parent_key == Page.path_key,
            holds_readable(actor, folder),
        ),
    )


def _orphans(session: Session, actor: Actor, space: Space) -> Select[Any]:
    source = aliased(Page)
    linked = exists().where(
        PageLink.target_id == Page.id,
        PageLink.page_id != Page.id,
        source.id == PageLink.page_id,
        live_for(actor, source),
    )
    # To this actor, a link by name to a hidden page means another page, which is then no orphan.
    named = linked_by_hidden_names(session, actor, space)
    return _leaves(actor, space).where(~linked, Page.id.not_in(named))


def _dead_ends(actor: Actor, space: Space) -> Select[Any]:
    links = exists().where(
        PageLink.page_id == Page.id,
        PageLink.kind == "page",
        or_(PageLink.target_id.is_(None), PageLink.target_id != Page.id),
    )
    return _leaves(actor, space).where(~links)


def broken_sections(
    session: Session, actor: Actor, space: Space, after: str | None
) -> Slice[BrokenSection]:
    """Return links of a space's pages to missing sections, by the path of the page."""
    cursor = decode_cursor(after, (str, int))
    query = _broken_sections(actor, space)
    if cursor:
        query = query.where(tuple_(Page.path_key, PageLink.ordinal) > tuple_(*cursor))
    target = aliased(Page)
    rows = session.execute(
        query.join(target, target.id == PageLink.target_id)
        .with_only_columns(Page, target, PageLink.fragment, PageLink.ordinal)
        .options(joinedload(target.space))
        .order_by(Page.path_key, PageLink.ordinal)
        .limit(SHOWN + 1)
    ).all()
    more, rows = len(rows) > SHOWN, rows[:SHOWN]
    names: dict[int, list[str]] = {}
    for id, anchor in session.execute(
        select(PageAnchor.page_id, PageAnchor.anchor).where(
            PageAnchor.page_id.in_({row[1].id for row in rows})
        )
    ):
        names.setdefault(id, []).append(anchor)
    found = [
        BrokenSection(page, to, fragment, _nearest(fragment, names.get(to.id, ())))
        for page, to, fragment, _ in rows
    ]
    last = rows[-1] if more else None
    return Slice(found, encode_cursor([last[0].path_key, last[3]]) if last else None)


def _broken_sections(actor: Actor, space: Space) -> Select[Any]:
    there = exists().where(
        PageAnchor.page_id == PageLink.target_id, PageAnchor.anchor == PageLink.fragment
    )
    at = aliased(Page)
    readable = exists().where(at.id == PageLink.target_id, live_for(actor, at))
    return (
        select(PageLink.page_id)
        .join(Page, Page.id == PageLink.page_id)
        .where(
            Page.space_id == space.id,
            live_for(actor),
            PageLink.fragment != "",
            PageLink.fragment.not_like("fn%-%"),
            PageLink.target_id.is_not(None),
            PageLink.kind != "file",
            ~there,
            readable,
        )
    )


def _nearest(fragment: str, names: Iterable[str]) -> str:
    """Return the name most similar to ``fragment``; empty if none is similar."""

    def likeness(name: str) -> float:
        one, other = (each.removeprefix(PREFIX)[:100] for each in (fragment, name))
        return SequenceMatcher(None, one, other, autojunk=False).ratio()

    best = max(list(names)[:200], key=likeness, default="")
    return best if best and likeness(best) > 0.6 else ""


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
    return _count(session, _nowhere(actor, space, PageLink.path_key, deleted=deleted).distinct())


def count_orphans(session: Session, actor: Actor, space: Space) -> int:
    """Count the pages that :func:`orphans` lists, at most :data:`MANY` + 1."""
    return _count(session, _orphans(session, actor, space))


def count_dead_ends(session: Session, actor: Actor, space: Space) -> int:
    """Count the pages that :func:`dead_ends` lists, at most :data:`MANY` + 1."""
    return _count(session, _dead_ends(actor, space))


def count_broken_sections(session: Session, actor: Actor, space: Space) -> int:
    """Count the links that :func:`broken_sections` lists, at most :data:`MANY` + 1."""
    return _count(session, _broken_sections(actor, space))


def _count(session: Session, query: Select[Any]) -> int:
    some = query.limit(MANY + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
