"""Recent changes of pages, newest first, limited to what the actor may read.

They are read from the events, so that deletions and moves are included. Consecutive changes by one
person (an import, a moved subtree, a page edited three times) form one entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, false, func, or_, select, tuple_
from sqlalchemy.orm import Session, contains_eager, joinedload, load_only

from wiki.db import BigId
from wiki.history.change import Change, Touched
from wiki.outbox.event import recent_verbs
from wiki.outbox.models import EventRow
from wiki.pages.models import Page, Revision
from wiki.pages.queries import readable_by
from wiki.people.queries import people_by_id
from wiki.rules.access import Actor
from wiki.spaces import queries as spaces
from wiki.spaces.models import Space
from wiki.web.paging import Slice

_IN_ONE_GO = {"import", "move", "order", "repair", "delete", "restore", "tag"}
_LISTED = 15
"""Number of pages listed when an entry is unfolded, before a link to all of them."""
_FIRST, _FURTHER, _MOST = 150, 1_000, 5_000
"""Number of events read at first (usually enough), number read at a time after that, and maximum
number."""


@dataclass
class _Run:
    """Consecutive events that form one entry, newest first."""

    deed: str
    actor_id: int | None
    rows: list[Row[Any]]
    apart: bool = False

    @property
    def imported(self) -> bool:
        return self.deed == "import" or _imported(self.rows[0])

    def takes(self, row: Row[Any], deed: str) -> bool:
        if _imported(row) != _imported(self.rows[0]):
            return False
        if row.actor_id != self.actor_id or row.at.date() != self.rows[0].at.date():
            return False
        if deed == "tag" and row.at != self.rows[0].at:
            return False
        if self.apart:
            return deed == self.deed and row.page_id == self.rows[0].page_id
        if deed in _IN_ONE_GO:
            return deed == self.deed and row.space_id == self.rows[0].space_id
        return self.deed not in _IN_ONE_GO and row.page_id == self.rows[0].page_id


@dataclass(frozen=True)
class Which:
    """The changes to list: only those in a space; only those on a day (UTC), the latest first; only
    events with ids from the first to the second of ``run``, each page by itself; only those
    ``since`` a moment, and not those made by the person ``not_by``; no imported history from before
    ``history_from``.

    Without a day or a moment, the order is that in which the changes were recorded, because
    imported changes have much older dates."""

    space: Space | None = None
    on: date | None = None
    run: tuple[int, int] | None = None
    since: datetime | None = None
    not_by: int | None = None
    history_from: datetime | None = None

    @property
    def by_time(self) -> bool:
        """True if the changes are listed in the order in which they happened."""
        return any(one is not None for one in (self.on, self.since, self.history_from))


def recent_changes(
    session: Session,
    actor: Actor,
    which: Which = Which(),
    *,
    before: int | None = None,
    limit: int = 50,
) -> Slice[Change]:
    """Return the changes to pages that the actor may read, in spaces that they may read.

    Deletions are shown to those who could restore the page.

    :param before: only events before the one with this id; the cursor of the next page of the list.
    """
    runs: list[_Run] = []
    verbs = recent_verbs()
    read, batch, more = 0, max(_FIRST, 2 * limit), True
    while more and len(runs) <= limit and read < _MOST:
        rows = _events(session, actor, which, before, batch)
        for row in rows:
            deed = row.payload.get("action", verbs[row.name])
            if runs and runs[-1].takes(row, deed):
                runs[-1].rows.append(row)
            else:
                runs.append(_Run(deed, row.actor_id, [row], apart=which.run is not None))
            before = row.id
        read += len(rows)
        more, batch = len(rows) == batch, _FURTHER
    if len(runs) > limit:
        runs, more = runs[:limit], True
    return Slice(_told(session, runs), str(runs[-1].rows[-1].id) if more and runs else None)


def recent_pages(session: Session, actor: Actor) -> list[Page]:
    """Return the live pages among the most recent changes, the latest change first."""
    changes = recent_changes(session, actor, limit=40).rows
    shown = [one.page for change in changes for one in change.shown]
    return list({page.id: page for page in shown if not page.deleted_at}.values())


def _events(
    session: Session, actor: Actor, which: Which, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    begin, end = _within(which.on) if which.on else (None, None)
    first, last = which.run or (None, None)
    values = {
        "in_space": which.space and which.space.id,
        "first": first,
        "last": last,
        "begin": begin,
        "end": end,
        "since": which.since,
        "not_by": which.not_by,
        "history_from": which.history_from,
        "before": before,
    }
    given = {name: value for name, value in values.items() if value is not None}
    query = _events_of(actor, frozenset(given), which.by_time)
    return session.execute(query, {**given, "limit": limit}).all()


@lru_cache(maxsize=64)
def _events_of(actor: Actor, given: frozenset[str], by_time: bool) -> Select[Any]:
    """Return the statement for events with the conditions whose values are ``given``."""
    query = _of(
        actor,
        "in_space" in given,
        EventRow.id,
        EventRow.name,
        EventRow.at,
        EventRow.actor_id,
        EventRow.space_id,
        EventRow.page_id,
        EventRow.payload,
    )
    before = bindparam("before", type_=BigId)
    order: tuple[Any, ...] = (EventRow.id.desc(),)
    earlier = EventRow.id < before
    if by_time:
        order = (EventRow.at.desc(), EventRow.id.desc())
        place = select(EventRow.at).where(EventRow.id == before).scalar_subquery()
        earlier = tuple_(EventRow.at, EventRow.id) < tuple_(place, before)
    conditions = {
        "first": EventRow.id >= bindparam("first"),
        "last": EventRow.id <= bindparam("last"),
        "begin": EventRow.at >= bindparam("begin"),
        "end": EventRow.at < bindparam("end"),
        "since": EventRow.at > bindparam("since"),
        "not_by": func.coalesce(EventRow.actor_id, 0) != bindparam("not_by"),
        "history_from": or_(EventRow.at >= bindparam("history_from"), ~_IS_IMPORTED),
        "before": earlier,
    }
    query = query.where(*(condition for name, condition in conditions.items() if name in given))
    return query.order_by(*order).limit(bindparam("limit"))


_IS_IMPORTED = or_(
    func.coalesce(EventRow.payload["action"].as_string(), "") == "import",
    func.coalesce(EventRow.payload["imported"].as_boolean(), false()),
)


def count_imported(session: Session, actor: Actor, until: datetime) -> int:
    """Return the number of imported changes from before a moment that the actor may read."""
    query = _of(actor, False, func.count()).where(EventRow.at < until, _IS_IMPORTED)
    return session.scalar(query) or 0


def _within(day: date) -> tuple[datetime, datetime | None]:
    """Return the beginnings of a day and of the next one, if there is one."""
    begin = datetime.combine(day, time(), UTC)
    return begin, None if day == date.max else begin + timedelta(days=1)


def days_beside(
    session: Session, actor: Actor, day: date, *, space: Space | None = None
) -> tuple[date | None, date | None]:
    """Return the nearest days before and after a day that have events visible to the actor."""
    begin = datetime.combine(day, time(), UTC)
    moments = _of(actor, space is not None, EventRow.at).limit(1)
    if space is not None:
        moments = moments.params(in_space=space.id)
    earlier = session.scalar(moments.where(EventRow.at < begin).order_by(EventRow.at.desc()))
    later = None
    if day < date.max:
        end = begin + timedelta(days=1)
        later = session.scalar(moments.where(EventRow.at >= end).order_by(EventRow.at))
    return (earlier.date() if earlier else None, later.date() if later else None)


def _of(actor: Actor, in_space: bool, *columns: Any) -> Select[Any]:
    """Select columns of the events of pages that the actor may read: of all, or of those in a space
    that they may read, whose id is the parameter ``in_space``.

    Access is checked by subqueries correlated with each event, so that the events are read along
    the index that sorts them; otherwise SQLite would gather and sort the events of all spaces
    first.
    """
    page = select(Page.id).where(Page.id == EventRow.page_id, readable_by(actor))
    query = select(*columns).where(
        EventRow.name.in_(recent_verbs()), page.correlate(EventRow).exists()
    )
    if in_space:
        return query.where(EventRow.space_id == bindparam("in_space"))
    there = select(Space.id).where(Space.id == EventRow.space_id, spaces.readable_by(actor))
    return query.where(there.correlate(EventRow).exists())


def _told(session: Session, runs: Sequence[_Run]) -> list[Change]:
    """Return the runs with their pages, people and newest revisions, with three queries for all of
    them."""
    numbers = [_numbers(run.rows) for run in runs]
    ids = {id for of_run in numbers for id in list(of_run)[:_LISTED]}
    pages = {page.id: page for page in session.scalars(_pages(), {"ids": list(ids)})}
    wanted = [(run.rows[0].page_id, _number(run.rows[0])) for run in runs]
    for run, of_run in zip(runs, numbers, strict=True):
        if run.imported and len(of_run) > 1:
            wanted += [(id, number) for id, (_, number) in list(of_run.items())[:_LISTED]]
    revisions = {
        (revision.page_id, revision.number): revision
        for revision in session.scalars(
            _revisions(), {"ids": [page_id for page_id, _ in wanted], "pairs": wanted}
        )
    }
    who = people_by_id(session, [run.actor_id for run in runs])
    changes = []
    for run, of_run in zip(runs, numbers, strict=True):
        newest = run.rows[0]
        revision = revisions.get((newest.page_id, _number(newest)))
        events = [row.id for row in run.rows]
        said = revisions if run.imported and len(of_run) > 1 else {}
        changes.append(
            Change(
                at=newest.at,
                deed=run.deed,
                who=revision.author if revision else who.get(run.actor_id),
                touched=tuple(
                    Touched(
                        pages[id],
                        since,
                        number,
                        said[id, number].message if (id, number) in said else "",
                    )
                    for id, (since, number) in list(of_run.items())[:_LISTED]
                ),
                count=len(of_run),
                revision=revision,
                run=f"{min(events)}-{max(events)}",
                imported=run.imported,
            )
        )
    return changes


# Built once, because building a statement costs more than running it.
@cache
def _pages() -> Select[Page]:
    return (
        select(Page)
        .join(Page.space)
        .where(Page.id.in_(bindparam("ids", expanding=True)))
        .options(contains_eager(Page.space))
    )


@cache
def _revisions() -> Select[Revision]:
    """Select what lists show of revisions."""
    return (
        select(Revision)
        # The condition on pages avoids a scan: for pairs alone SQLite reads all revisions.
        .where(
            Revision.page_id.in_(bindparam("ids", expanding=True)),
            tuple_(Revision.page_id, Revision.number).in_(bindparam("pairs", expanding=True)),
        )
        .options(
            load_only(Revision.page_id, Revision.number, Revision.message, raiseload=True),
            joinedload(Revision.author),
        )
    )


def _numbers(rows: Sequence[Row[Any]]) -> dict[int, tuple[int, int]]:
    """Return, by page and in the order of the rows, the number of the revision before the changes,
    and that of the newest one."""
    found: dict[int, tuple[int, int]] = {}
    for row in rows:
        number = _number(row)
        since, newest = found.get(row.page_id, (number - 1, number))
        found[row.page_id] = (max(min(since, number - 1), 0), max(newest, number))
    return found


def _imported(row: Row[Any]) -> bool:
    """Return whether an event belongs to an imported history. Imported revisions are recognised by
    their action instead."""
    return bool(row.payload.get("imported"))


def _number(row: Row[Any]) -> int:
    """Return the number of the revision that an event is about; 0 if there is none."""
    return int(row.payload.get("revision", 0))
