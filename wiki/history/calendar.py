"""Activity calendar of a space: the number of revisions on each day of a year, as a picture and in
words.

Revisions are counted when the calendar is requested, in one query along an index on space and time.
Days are days of UTC, as everywhere in the wiki.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Select, bindparam, cast, func, literal_column, select
from sqlalchemy.orm import Session

from wiki.pages.models import Page, Revision
from wiki.pages.queries import readable_by
from wiki.rules.access import Actor
from wiki.spaces.models import Space

STEPS = 4
"""Number of steps of intensity above that of a day without changes."""


@dataclass(frozen=True)
class Day:
    """A day, its number of revisions, and the intensity from 0 to :data:`STEPS`."""

    date: date
    count: int
    step: int

    @property
    def week_day(self) -> int:
        """0 for Monday to 6 for Sunday: the row in the picture."""
        return self.date.weekday()


@dataclass(frozen=True)
class Month:
    """A month, for the text beside the picture: its days with changes."""

    first: date
    days: tuple[Day, ...]

    @property
    def count(self) -> int:
        """Number of revisions in the month."""
        return sum(day.count for day in self.days)


@dataclass(frozen=True)
class Sheet:
    """A part of the picture: columns of one week each, from Monday to Sunday, and the beginnings of
    the months as pairs of column and first day."""

    weeks: tuple[tuple[Day, ...], ...]
    months: tuple[tuple[int, date], ...]

    @property
    def first(self) -> date:
        """First day of the sheet."""
        return self.weeks[0][0].date

    @property
    def last(self) -> date:
        """Last day of the sheet."""
        return self.weeks[-1][-1].date


@dataclass(frozen=True)
class Calendar:
    """The calendar of some months of a space. ``bounds`` has a triple for each step that occurs:
    the step, and the lowest and highest number of revisions of its days."""

    sheets: tuple[Sheet, ...]
    months: tuple[Month, ...]
    bounds: tuple[tuple[int, int, int], ...]

    def __hash__(self) -> int:
        return hash((self.first, self.last, self.bounds))  # hashing each day takes long

    @property
    def count(self) -> int:
        """Number of all revisions."""
        return sum(month.count for month in self.months)

    @property
    def days(self) -> int:
        """Number of days with changes."""
        return sum(len(month.days) for month in self.months)

    @property
    def first(self) -> date:
        """First day of the calendar."""
        return self.sheets[0].first

    @property
    def last(self) -> date:
        """Last day of the calendar."""
        return self.sheets[-1].last


def calendar_of_year(session: Session, actor: Actor, space: Space, year: int) -> Calendar:
    """Return the calendar of a year in two halves. The caller has checked that the space may be
    read."""
    halves = ((date(year, 1, 1), date(year, 6, 30)), (date(year, 7, 1), date(year, 12, 31)))
    return _calendar(session, actor, space, halves)


def calendar_until(session: Session, actor: Actor, space: Space, today: date) -> Calendar:
    """Return the calendar of the twelve months that end with the month of ``today``, in two
    halves."""
    year, month = today.year, today.month
    begins = [_month(year, month - back) for back in (11, 5)]
    end = _month(year, month + 1) - timedelta(days=1)
    halves = ((begins[0], begins[1] - timedelta(days=1)), (begins[1], end))
    return _calendar(session, actor, space, halves)


def _month(year: int, month: int) -> date:
    """Return the first day of a month; month 0 is December of the previous year, 13 January of the
    next."""
    years, month = divmod(month - 1, 12)
    return date(year + years, month + 1, 1)


def years_of(session: Session, actor: Actor, space: Space) -> tuple[int, int] | None:
    """Return the first and last year with revisions that the actor may read; None if there are
    none."""
    moments = _revisions(actor, Revision.created_at).params(in_space=space.id).limit(1)
    first = session.scalar(moments.order_by(Revision.created_at))
    last = session.scalar(moments.order_by(Revision.created_at.desc()))
    return (first.year, last.year) if first and last else None


def _calendar(
    session: Session, actor: Actor, space: Space, halves: Sequence[tuple[date, date]]
) -> Calendar:
    counts = counts_by_day(session, actor, space, halves[0][0], halves[-1][1])
    return _drawn(tuple(halves), tuple(sorted(counts.items())))


@lru_cache(maxsize=32)
def _drawn(halves: Sequence[tuple[date, date]], numbers: tuple[tuple[date, int], ...]) -> Calendar:
    counts = dict(numbers)
    cuts = _cuts(list(counts.values()))
    sheets = tuple(_sheet(first, last, counts, cuts) for first, last in halves)
    days = [day for sheet in sheets for week in sheet.weeks for day in week]
    months: dict[date, list[Day]] = {}
    for day in days:
        month = months.setdefault(day.date.replace(day=1), [])
        if day.count:
            month.append(day)
    bounds = []
    for step in range(1, STEPS + 1):
        of_step = [day.count for day in days if day.step == step]
        if of_step:
            bounds.append((step, min(of_step), max(of_step)))
    return Calendar(
        sheets,
        tuple(Month(first, tuple(found)) for first, found in months.items()),
        tuple(bounds),
    )


def counts_by_day(
    session: Session, actor: Actor, space: Space, first: date, last: date
) -> dict[date, int]:
    """Return the number of revisions in a space on each day that has any, counting only pages that
    the actor may read. ``first`` and ``last`` are included."""
    values = {"in_space": space.id, "begin": datetime.combine(first, time(), UTC)}
    if last < date.max:
        values["end"] = datetime.combine(last + timedelta(days=1), time(), UTC)
    query = _counts(actor, session.get_bind().dialect.name, "end" in values)
    return {
        found if isinstance(found, date) else date.fromisoformat(found): int(count)
        for found, count in session.execute(query, values)
    }


@lru_cache(maxsize=64)
def _counts(actor: Actor, dialect: str, with_end: bool) -> Select[Any]:
    day: Any = func.substr(Revision.created_at, literal_column("1"), literal_column("10"))
    if dialect == "postgresql":
        day = cast(func.timezone(literal_column("'UTC'"), Revision.created_at), Date)
    query = _revisions(actor, day, func.count()).where(Revision.created_at >= bindparam("begin"))
    if with_end:
        query = query.where(Revision.created_at < bindparam("end"))
    return query.group_by(day)


def _revisions(actor: Actor, *columns: Any) -> Select[Any]:
    """Select columns of revisions that the actor may read in the space whose id is the parameter
    ``in_space``."""
    return (
        select(*columns)
        .select_from(Revision)
        .join(Page, Page.id == Revision.page_id)
        .where(Revision.space_id == bindparam("in_space"), readable_by(actor))
    )


def _cuts(counts: Sequence[int]) -> tuple[int, ...]:
    """Return the upper bounds of the counts of all steps but the last: the quartiles of the days
    with changes.

    The steps follow ranks and not sizes, so that a day of ten thousand imported revisions does not
    make all other days look the same.
    """
    ranked = sorted(counts)
    return tuple(ranked[(len(ranked) * step - 1) // STEPS] for step in range(1, STEPS) if ranked)


def _step(count: int, cuts: Sequence[int]) -> int:
    return 1 + sum(count > cut for cut in cuts) if count else 0


def _sheet(first: date, last: date, counts: Mapping[date, int], cuts: Sequence[int]) -> Sheet:
    weeks: list[list[Day]] = []
    months = []
    for at in _days(first, last):
        if not weeks or at.weekday() == 0:
            weeks.append([])
        count = counts.get(at, 0)
        weeks[-1].append(Day(at, count, _step(count, cuts)))
        if at.day == 1:
            months.append((len(weeks) - 1, at))
    return Sheet(tuple(map(tuple, weeks)), tuple(months))


def _days(first: date, last: date) -> Iterator[date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)
